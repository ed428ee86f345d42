"""Days, weeks and months of the shop's calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from datetime import timezone as datetime_timezone
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from oscar_vipps.dashboard.periods import Period, Unit, midnight, split, today

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 1))


def days(first: str, last: str, unit: Unit) -> list[tuple[str, str]]:
    found = split(date.fromisoformat(first), date.fromisoformat(last), unit)
    return [(period.first.isoformat(), period.last.isoformat()) for period in found]


def test_days() -> None:
    assert days("2028-02-28", "2028-03-01", Unit.DAY) == [
        (each, each) for each in ("2028-02-28", "2028-02-29", "2028-03-01")
    ]


def test_weeks_begin_on_monday_and_the_outer_ones_may_be_cut() -> None:
    assert days("2026-11-25", "2026-12-08", Unit.WEEK) == [
        ("2026-11-25", "2026-11-29"),
        ("2026-11-30", "2026-12-06"),
        ("2026-12-07", "2026-12-08"),
    ]


def test_months() -> None:
    assert days("2026-11-25", "2027-02-28", Unit.MONTH) == [
        ("2026-11-25", "2026-11-30"),
        ("2026-12-01", "2026-12-31"),
        ("2027-01-01", "2027-01-31"),
        ("2027-02-01", "2027-02-28"),
    ]


def test_nothing_ends_before_it_begins() -> None:
    assert days("2026-11-25", "2026-11-24", Unit.DAY) == []


@given(DAYS, st.integers(0, 400), st.sampled_from(Unit))
def test_no_day_is_left_out_and_none_counts_twice(first: date, more: int, unit: Unit) -> None:
    last = min(first + timedelta(days=more), date(2099, 12, 31))
    found = split(first, last, unit)
    assert (found[0].first, found[-1].last) == (first, last)
    for before, after in pairwise(found):
        assert after.first == before.last + timedelta(days=1)
        assert after.begins == before.ends


def test_a_day_has_its_own_length_where_clocks_change(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Oslo"
    spring = Period(date(2027, 3, 28), date(2027, 3, 28))
    assert spring.ends.astimezone(datetime_timezone.utc) - spring.begins.astimezone(
        datetime_timezone.utc
    ) == timedelta(hours=23)
    autumn = Period(date(2026, 10, 25), date(2026, 10, 25))
    assert autumn.ends.astimezone(datetime_timezone.utc) - autumn.begins.astimezone(
        datetime_timezone.utc
    ) == timedelta(hours=25)


@pytest.mark.parametrize("use_tz", [True, False])
def test_today_is_the_shops_and_moments_are_of_its_kind(settings: Any, use_tz: bool) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Europe/Oslo"
    late = datetime(2026, 11, 26, 0, 30, tzinfo=ZoneInfo("Europe/Oslo"))
    with time_machine.travel(late, tick=False):
        assert today() == date(2026, 11, 26)
    assert timezone.is_aware(midnight(date(2026, 11, 26))) is use_tz
