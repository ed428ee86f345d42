"""What is measured: figures, and the ratios that matter. No more statistics than a reader can check."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One thing, measured several times. ``values`` are of the same ``unit``, one for each round."""

    part: str
    name: str
    unit: str
    values: tuple[float, ...]
    #: What a reader has to know to understand it.
    note: str = ""
    #: What a plot draws it over: clients, lines, rows.
    at: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """How far apart the rounds are: the largest difference, as a part of the median."""
        if not self.median:
            return 0.0
        return (max(self.values) - min(self.values)) / self.median


@dataclass(frozen=True)
class Ratio:
    """Two medians beside each other. ``goal`` is the least or the most that it should be."""

    part: str
    name: str
    value: float
    goal: float | None = None
    should_be: Literal["at least", "at most"] = "at least"

    @property
    def is_met(self) -> bool | None:
        """None where there is no goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.should_be == "at least" else self.value <= self.goal


@dataclass
class Results:
    """Of one part, or of all."""

    figures: list[Figure] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    #: Texts to keep, such as a database's plans: name to text.
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, figure: Figure) -> Figure:
        self.figures.append(figure)
        return figure

    def extend(self, other: Results) -> None:
        self.figures += other.figures
        self.ratios += other.ratios
        self.texts |= other.texts

    def as_json(self) -> dict[str, Any]:
        """With the medians and spreads, so that nobody needs this code to read them."""
        figures = [{**asdict(each), "median": each.median, "spread": each.spread} for each in self.figures]
        ratios = [{**asdict(each), "is_met": each.is_met} for each in self.ratios]
        return {"figures": figures, "ratios": ratios, "texts": self.texts}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Results:
        derived = {"median", "spread", "is_met"}

        def given(each: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in each.items() if name not in derived}

        return cls(
            [Figure(**{**given(each), "values": tuple(each["values"])}) for each in data["figures"]],
            [Ratio(**given(each)) for each in data["ratios"]],
            dict(data["texts"]),
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values don't exceed."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
