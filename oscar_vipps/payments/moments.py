"""Stripe's moments as this shop's database stores them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone


def as_stored(moment: datetime) -> datetime:
    """With a time zone where the shop uses them (``USE_TZ``), and without where it doesn't."""
    return moment if settings.USE_TZ else timezone.make_naive(moment, timezone.get_default_timezone())
