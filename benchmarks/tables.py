"""The figures as tables: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from .figures import Figure, Ratio, Results

FIGURE_COLUMNS = ("What", "Median", "Unit", "Spread", "Rounds")
RATIO_COLUMNS = ("Ratio", "Value", "Goal", "Met")
MET = {True: "yes", False: "no", None: ""}


def number(value: float) -> str:
    """Three digits that mean something."""
    if value and abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}".replace(",", " ") if abs(value) < 1000 else f"{value:,.0f}".replace(",", " ")


def figure_row(figure: Figure) -> tuple[str, ...]:
    name = f"{figure.name} ({figure.note})" if figure.note else figure.name
    return name, number(figure.median), figure.unit, f"{figure.spread:.0%}", str(len(figure.values))


def ratio_row(ratio: Ratio) -> tuple[str, ...]:
    goal = "" if ratio.goal is None else f"{ratio.should_be} {number(ratio.goal)}"
    return ratio.name, number(ratio.value), goal, MET[ratio.is_met]


def plain(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """With each column as wide as its longest cell."""
    table = [tuple(columns), *map(tuple, rows)]
    widths = [max(len(row[index]) for row in table) for index in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    return "\n".join([line(columns), line(["---"] * len(columns)), *map(line, rows)])


def for_terminal(results: Results) -> str:
    return "\n\n".join(
        [
            plain(FIGURE_COLUMNS, map(figure_row, results.figures)),
            plain(RATIO_COLUMNS, map(ratio_row, results.ratios)),
        ]
    )


def as_markdown(results: Results, machine: dict[str, str]) -> str:
    """The whole report."""
    pieces = ["# Benchmarks", markdown(("Machine", ""), machine.items())]
    pieces += ["## Ratios", markdown(RATIO_COLUMNS, map(ratio_row, results.ratios))]
    for part, figures in groupby(results.figures, key=lambda figure: figure.part):
        pieces += [f"## {part.capitalize()}", markdown(FIGURE_COLUMNS, map(figure_row, figures))]
    for name, text in results.texts.items():
        pieces += [f"## {name}", f"```\n{text}\n```"]
    return "\n\n".join(pieces) + "\n"
