"""Webhooks on SQLite: one writer at a time, and no server between."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.figures import Results
from benchmarks.parts import webhooks
from benchmarks.profiles import Profile

PART = "SQLite"


def measure(profile: Profile) -> Results:
    found = webhooks.measure_alone(replace(profile, events=profile.events // 2))
    return Results(
        [replace(figure, part=PART) for figure in found.figures],
        [replace(ratio, part=PART, name=f"SQLite: {ratio.name}", goal=None) for ratio in found.ratios],
    )
