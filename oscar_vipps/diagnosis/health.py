"""For monitoring: whether payments get through, in one word.

Anybody may ask, so the answer holds no more than that, and Stripe isn't asked. ``vipps_doctor`` says what it
is.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .traffic import overdue_payments, unprocessed_events


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 and ``ok``; or 503 and ``not ok``: events or payments wait for too long, or can't be asked for."""
    is_healthy = _is_healthy()
    return HttpResponse(
        "ok" if is_healthy else "not ok",
        status=200 if is_healthy else 503,
        content_type="text/plain; charset=utf-8",
    )


def _is_healthy() -> bool:
    now = timezone.now()
    try:
        return not (unprocessed_events(now).exists() or overdue_payments(now).exists())
    except (DatabaseError, ImproperlyConfigured):
        return False
