"""The figures as pictures, small enough to keep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot

from .figures import Figure, Results

mpl.use("svg")
# The same figures make the same file.
mpl.rcParams.update({"svg.hashsalt": "oscar_vipps", "font.size": 9, "axes.spines.top": False})


def draw(directory: Path, results: Results) -> None:
    by_part: dict[str, list[Figure]] = {}
    for figure in results.figures:
        by_part.setdefault(figure.part, []).append(figure)
    rates = [each for each in by_part.get("webhooks", []) if each.unit == "events/s"]
    if rates:
        _lines(directory / "webhooks.svg", rates, "clients", "events a second", ", ", log=False)
    placed = [each for each in by_part.get("placing", []) if each.unit == "ms"]
    if placed:
        _lines(directory / "placing.svg", placed, "lines of the order", "milliseconds", ", ", log=True)
    grown = [each for each in by_part.get("growth", []) if each.unit == "ms"]
    if grown:
        _lines(directory / "growth.svg", grown, "stored payments and events", "milliseconds", ", ", log=True)


def _lines(file: Path, figures: Sequence[Figure], over: str, unit: str, separator: str, *, log: bool) -> None:
    """One line for each thing, from its smallest to its largest ``at``, with the rounds' range."""
    series: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.at is not None:
            series.setdefault(_without(figure, separator), []).append(figure)
    canvas, axes = pyplot.subplots(figsize=(7, 3.6))
    for name, points in series.items():
        where = [point.at or 0 for point in points]
        middles = [point.median for point in points]
        below = [point.median - min(point.values) for point in points]
        above = [max(point.values) - point.median for point in points]
        axes.errorbar(where, middles, [below, above], marker="o", markersize=3, capsize=2, label=name)
    if log:
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(over)
    axes.set_ylabel(unit)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    canvas.savefig(file, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(canvas)


def _without(figure: Figure, separator: str) -> str:
    """The name without the piece that tells where it was measured: "8 clients", "1 line", "1000 stored"."""
    pieces = figure.name.split(separator)
    return separator.join(piece for piece in pieces if not piece.startswith(f"{figure.at:.0f} "))
