"""Bars and lines for the figures, in whole units of a drawing: the template writes them down as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from oscar.templatetags.currency_filters import currency

from oscar_vipps.money import CURRENCY, to_decimal

if TYPE_CHECKING:
    from .figures import Row

WIDTH, HEIGHT = 800, 260
LEFT, RIGHT, TOP, BOTTOM = 90, 10, 16, 34
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
#: Days that are named below the columns.
MOST_LABELS = 8


@dataclass(frozen=True)
class Bar:
    #: What it counts: a class in the style sheet, and the name of a pattern.
    kind: str
    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True)
class Mark:
    """A text at an axis, or a point of a line."""

    at: str
    text: str
    #: For points: how far down.
    y: str = ""


@dataclass
class Chart:
    """Everything as text, so that no language writes a number with its own separators."""

    name: str
    title: str
    description: str
    legend: list[tuple[str, str]]
    bars: list[Bar] = field(default_factory=list)
    ticks: list[Mark] = field(default_factory=list)
    days: list[Mark] = field(default_factory=list)
    points: list[Mark] = field(default_factory=list)
    #: Stretches of the line, which has gaps where nothing can be told.
    lines: list[str] = field(default_factory=list)
    zero: str = ""
    width: str = str(WIDTH)
    height: str = str(HEIGHT)
    left: str = str(LEFT)
    right: str = str(WIDTH - RIGHT)
    bottom: str = str(HEIGHT - 10)


def charts(rows: Sequence[Row]) -> list[Chart]:
    """The three drawings of these figures, one above the other with the same columns."""
    return [_money(rows), _payments(rows), _conversion(rows)]


def _money(rows: Sequence[Row]) -> Chart:
    legend = [("paid", _("Paid")), ("reserved", _("Reserved")), ("refunded", _("Refunded"))]
    chart = Chart(
        "money", _("Money"), _("For each period: paid and reserved upwards, refunded down."), legend
    )
    high = max(row.counts.paid + row.counts.reserved for row in rows)
    scale = Scale(high, max(row.counts.refunded for row in rows), smallest=100)
    _bars(chart, rows, scale, up=legend[:2], down=legend[2:], say=_kroner)
    # Translators: numbers at the axis of a chart are in kroner
    chart.ticks = [
        Mark(scale.y(value), number_format(value // 100, force_grouping=True)) for value in scale.ticks
    ]
    return chart


def _payments(rows: Sequence[Row]) -> Chart:
    legend = [
        ("successful", _("Paid or reserved")),
        ("declined", _("Declined")),
        ("unfinished", _("Not finished")),
    ]
    chart = Chart("payments", _("Payments"), _("For each period: what became of those that began."), legend)
    scale = Scale(max(row.counts.begun for row in rows), 0)
    _bars(chart, rows, scale, up=legend, down=[], say=str)
    chart.ticks = [Mark(scale.y(value), number_format(value, force_grouping=True)) for value in scale.ticks]
    return chart


def _conversion(rows: Sequence[Row]) -> Chart:
    legend = [("conversion", _("Paid or reserved, of a hundred that began"))]
    chart = Chart("conversion", _("Conversion"), _("How many payments came through."), legend)
    scale = Scale(100, 0)
    _days(chart, rows)
    chart.zero = scale.y(0)
    chart.ticks = [Mark(scale.y(value), f"{value} %") for value in scale.ticks]
    stretch: list[str] = []
    for index, row in enumerate(rows):
        share = row.counts.conversion
        if share is None:
            chart.lines.append(" ".join(stretch))
            stretch = []
            continue
        x, y = str(_middle(index, len(rows))), scale.y(share)
        chart.points.append(Mark(x, f"{_name(row)}: {share} %", y))
        stretch.append(f"{x},{y}")
    chart.lines = [line for line in [*chart.lines, " ".join(stretch)] if line]
    return chart


class Scale:
    """From a value to how far down it is drawn."""

    def __init__(self, high: int, low: int, smallest: int = 1) -> None:
        """``low`` is how far values go below zero. Lines are drawn at multiples of ``smallest``."""
        step = _round_up(max(high, low, 1), smallest)
        self.high = max(1, -(-high // step)) * step
        self.low = -(-low // step) * step
        self.ticks = range(-self.low, self.high + 1, step)

    def size(self, value: int) -> int:
        return value * PLOT_HEIGHT // (self.high + self.low)

    def y(self, value: int) -> str:
        return str(TOP + PLOT_HEIGHT - self.size(value + self.low))


def _round_up(highest: int, smallest: int) -> int:
    """A quarter of it or somewhat more, as 1, 2 or 5 with zeros."""
    quarter = max(smallest, -(-highest // 4))
    power = 10 ** (len(str(quarter)) - 1)
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= quarter)


def _bars(
    chart: Chart,
    rows: Sequence[Row],
    scale: Scale,
    *,
    up: Iterable[tuple[str, str]],
    down: Iterable[tuple[str, str]],
    say: Any,
) -> None:
    """One upon the other, from zero."""
    _days(chart, rows)
    chart.zero = scale.y(0)
    width = max(2, PLOT_WIDTH * 7 // (10 * len(rows)))
    for index, row in enumerate(rows):
        for sign, kinds in ((1, up), (-1, down)):
            reached = 0
            for kind, label in kinds:
                value = getattr(row.counts, kind)
                begin, end = sorted((int(scale.y(reached)), int(scale.y(reached + sign * value))))
                reached += sign * value
                if value:
                    x, height = str(_middle(index, len(rows)) - width // 2), str(max(1, end - begin))
                    title = f"{_name(row)}: {label}: {say(value)}"
                    chart.bars.append(Bar(kind, x, str(begin), str(width), height, title))


def _days(chart: Chart, rows: Sequence[Row]) -> None:
    every = -(-len(rows) // MOST_LABELS)
    chart.days = [
        Mark(str(_middle(index, len(rows))), _name(row))
        for index, row in enumerate(rows)
        if index % every == 0
    ]


def _middle(index: int, columns: int) -> int:
    """Of a column, from the left."""
    return LEFT + PLOT_WIDTH * (2 * index + 1) // (2 * columns)


def _name(row: Row) -> str:
    return date_format(row.period.first, "SHORT_DATE_FORMAT")


def _kroner(ore: int) -> str:
    return str(currency(to_decimal(ore), CURRENCY))
