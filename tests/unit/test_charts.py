"""What is drawn of the figures: bars as high as their values, and nothing where there is nothing to tell."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from oscar_vipps.dashboard.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, Scale, charts
from oscar_vipps.dashboard.figures import Counts, Row
from oscar_vipps.dashboard.periods import Period

FIRST = date(2026, 11, 1)
ANY_COUNTS = st.builds(
    lambda successful, declined, unfinished, paid, reserved, refunded: Counts(
        successful + declined + unfinished, successful, declined, paid, reserved, refunded
    ),
    *[st.integers(0, 10**6)] * 3,
    *[st.integers(0, 10**11)] * 3,
)


def rows_of(*counts: Counts) -> list[Row]:
    days = [FIRST + timedelta(days=number) for number in range(len(counts))]
    return [Row(Period(day, day), each) for day, each in zip(days, counts, strict=True)]


def drawn(*counts: Counts) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts(rows_of(*counts))}


def bars(chart: Chart) -> list[tuple[str, int, int]]:
    """Each with how far down it begins and ends."""
    return [(bar.kind, int(bar.y), int(bar.y) + int(bar.height)) for bar in chart.bars]


def test_paid_and_reserved_stand_on_one_another_and_refunds_hang() -> None:
    money = drawn(Counts(paid=30000, reserved=10000, refunded=20000))["money"]
    zero = int(money.zero)
    (paid, reserved, refunded) = bars(money)
    assert paid == ("paid", zero - 105, zero)
    assert reserved == ("reserved", zero - 140, zero - 105)
    assert refunded == ("refunded", zero, zero + 70)
    assert money.bars[0].title.startswith("11/01/2026: Paid: ")
    assert "300.00" in money.bars[0].title


def test_what_became_of_payments_adds_up_to_those_that_began() -> None:
    payments = drawn(Counts(begun=10, successful=5, declined=3))["payments"]
    zero = int(payments.zero)
    assert bars(payments) == [
        ("successful", zero - 105, zero),
        ("declined", zero - 168, zero - 105),
        ("unfinished", zero - 210, zero - 168),
    ]


def test_the_line_of_conversion_has_a_gap_where_nobody_began() -> None:
    none, half, whole = Counts(), Counts(begun=2, successful=1), Counts(begun=1, successful=1)
    conversion = drawn(half, none, whole, half)["conversion"]
    assert [point.text.split(": ")[1] for point in conversion.points] == ["50 %", "100 %", "50 %"]
    assert [len(line.split()) for line in conversion.lines] == [1, 2]
    assert (conversion.points[1].y, conversion.zero) == (str(TOP), str(HEIGHT - BOTTOM))


@pytest.mark.parametrize(
    ("counts", "conversion"),
    [
        (Counts(), None),
        (Counts(begun=3), 0),
        (Counts(begun=3, successful=1), 33),
        (Counts(begun=200, successful=1), 1),
        (Counts(begun=8, successful=5), 63),
        (Counts(begun=3, successful=3), 100),
    ],
)
def test_conversion_is_rounded_half_up(counts: Counts, conversion: int | None) -> None:
    assert counts.conversion == conversion


@given(st.lists(ANY_COUNTS, min_size=1, max_size=100))
def test_nothing_is_drawn_outside(counts: list[Counts]) -> None:
    for chart in drawn(*counts).values():
        assert all(int(bar.x) >= LEFT for bar in chart.bars)
        assert all(int(bar.x) + int(bar.width) <= WIDTH - RIGHT for bar in chart.bars)
        heights = [int(tick.at) for tick in chart.ticks] + [int(point.y) for point in chart.points]
        # The smallest value has a line of its own, also at the edge.
        heights += [y for _, begin, end in bars(chart) for y in (begin, end - 1)]
        assert all(TOP <= y <= HEIGHT - BOTTOM for y in heights)
        assert len(chart.days) <= 8


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.sampled_from([1, 100]))
def test_an_axis_has_few_round_numbers(high: int, low: int, smallest: int) -> None:
    scale = Scale(high, low, smallest)
    assert scale.high >= high
    assert scale.low >= low
    assert 2 <= len(scale.ticks) <= 10
    assert 0 in scale.ticks
    assert str(scale.ticks.step).strip("0") in {"1", "2", "5"}


def test_numbers_at_the_axis_are_in_kroner_and_in_the_readers_language() -> None:
    with translation.override("nb"):
        money = drawn(Counts(paid=400_000_000))["money"]
    assert [tick.text.replace("\xa0", " ") for tick in money.ticks] == [
        "0",
        "1 000 000",
        "2 000 000",
        "3 000 000",
        "4 000 000",
    ]
