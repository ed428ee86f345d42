"""The statistics and tables of the benchmarks: what they print is believed, so they must be right."""

from __future__ import annotations

import json

import pytest

from benchmarks.figures import Figure, Ratio, Results, percentile
from benchmarks.profiles import PROFILES
from benchmarks.tables import as_markdown, for_terminal, markdown, number, plain


def test_the_median_and_the_spread() -> None:
    figure = Figure("part", "name", "ms", (4.0, 1.0, 2.0))
    assert (figure.median, figure.spread) == (2.0, 1.5)
    assert Figure("part", "name", "ms", (3.0, 1.0)).median == 2.0
    assert Figure("part", "name", "ms", (0.0, 0.0)).spread == 0.0


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (1, 1), (50, 50), (50.5, 51), (98.5, 99), (99, 99), (100, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_a_percentile_of_few() -> None:
    assert percentile([7], 99) == 7
    assert percentile([1, 2], 50) == 1
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (Ratio("p", "n", 3.0, 3.0), True),
        (Ratio("p", "n", 2.9, 3.0), False),
        (Ratio("p", "n", 1.2, 1.2, "at most"), True),
        (Ratio("p", "n", 1.3, 1.2, "at most"), False),
        (Ratio("p", "n", 1.3), None),
    ],
)
def test_whether_a_goal_is_met(ratio: Ratio, expected: bool | None) -> None:
    assert ratio.is_met is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0.0"),
        (0.05, "0.05"),
        (9.994, "9.99"),
        (12.34, "12.3"),
        (999.94, "999.9"),
        (12345.6, "12 346"),
        (-2, "-2.00"),
    ],
)
def test_numbers(value: float, expected: str) -> None:
    assert number(value) == expected


def test_a_table_has_columns_as_wide_as_their_cells() -> None:
    assert plain(("A", "Long"), [("wide cell", "1"), ("b", "2")]).splitlines() == [
        "A          Long",
        "---------  ----",
        "wide cell  1",
        "b          2",
    ]


def test_a_table_in_markdown() -> None:
    assert markdown(("A", "B"), [("1", "x|y")]).splitlines() == ["| A | B |", "| --- | --- |", "| 1 | x/y |"]


@pytest.fixture
def results() -> Results:
    figure = Figure("webhooks", "new event, 2 clients", "events/s", (10.0, 20.0, 12.0), "with mail", 2)
    ratio = Ratio("webhooks", "new event / floor", 0.4, 0.5)
    return Results([figure], [ratio], {"Plans": "Index Scan"})


def test_results_are_the_same_when_they_are_read_again(results: Results) -> None:
    assert Results.from_json(json.loads(json.dumps(results.as_json()))) == results


def test_the_report_has_all_of_it(results: Results) -> None:
    printed = for_terminal(results)
    assert "new event, 2 clients (with mail)  12.0    events/s  83%     3" in printed
    assert "new event / floor  0.40   at least 0.50  no" in printed
    written = as_markdown(results, {"Python": "3.11"})
    for line in ("| Python | 3.11 |", "| new event / floor | 0.40 | at least 0.50 | no |", "Index Scan"):
        assert line in written


def test_every_profile_measures_something() -> None:
    for profile in PROFILES.values():
        assert profile.rounds >= 3
        assert list(profile.stored) == sorted(profile.stored)
        assert len(profile.stored) > 1
