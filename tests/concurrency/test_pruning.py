"""Several runs of ``vipps_prune_events`` at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oscar_vipps.management.commands.vipps_prune_events import prune
from oscar_vipps.models import WebhookEvent
from tests.support.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_remove_each_event_once(transactional_db: Any) -> None:
    WebhookEvent.objects.bulk_create(
        WebhookEvent(event_id=f"evt_{number}", type="x", livemode=False, payload={}, status="processed")
        for number in range(60)
    )
    now = timezone.now() + timedelta(seconds=1)
    removed = at_once(*[lambda: sum(prune(now, 5))] * 4)
    assert sum(removed) == 60
    assert WebhookEvent.objects.count() == 0
