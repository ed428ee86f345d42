"""Days, weeks and months of the shop's calendar, as the moments at which they begin and end."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone


class Unit(enum.Enum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Period:
    """From the morning of ``first`` to the night of ``last``, both of them days."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        return midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first moment that isn't in it any more."""
        return midnight(self.last + timedelta(days=1))


def midnight(day: date) -> datetime:
    """When the day begins, in the shop's time zone: aware with ``USE_TZ``, naive without."""
    moment = datetime.combine(day, time.min)
    return timezone.make_aware(moment) if settings.USE_TZ else moment


def today() -> date:
    """In the shop's time zone."""
    now = timezone.now()
    return timezone.localdate(now) if timezone.is_aware(now) else now.date()


def split(first: date, last: date, unit: Unit) -> list[Period]:
    """The days from ``first`` to ``last`` in whole days, calendar weeks or months. Only the outer ones may be
    cut short.
    """
    return list(_split(first, last, unit))


def _split(first: date, last: date, unit: Unit) -> Iterator[Period]:
    while first <= last:
        end = min(_last_day(first, unit), last)
        yield Period(first, end)
        first = end + timedelta(days=1)


def _last_day(day: date, unit: Unit) -> date:
    """Of the week or month that the day is in. Weeks end on Sunday."""
    if unit == Unit.WEEK:
        return day + timedelta(days=6 - day.weekday())
    if unit == Unit.MONTH:
        following = day.replace(day=28) + timedelta(days=4)
        return following - timedelta(days=following.day)
    return day
