"""What Celery's workers and its beat do in shops that have the extra ``django-oscar-vipps[celery]``.

Celery finds this module by itself where the shop's app says ``autodiscover_tasks()``. Without Celery nobody
imports it.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Task, shared_task
from django.core.management import call_command
from django.db import Error as DatabaseError

from oscar_vipps.exceptions import describe, trail
from oscar_vipps.models import WebhookEvent
from oscar_vipps.webhooks import inbox
from oscar_vipps.webhooks.wakeup import PROCESS_EVENT

logger = logging.getLogger("oscar_vipps")

#: How often an event that failed is tried again, and after how many seconds: twice as many each time. What
#: fails for longer is left to ``vipps_reconcile``.
RETRIES = 4
FIRST_RETRY_AFTER = 5


# Acknowledged when it is done: a broker that notices that a worker died hands it to another. Not when only a
# child of the worker died: what kills each child that takes it up would do so for ever.
@shared_task(name=PROCESS_EVENT, bind=True, acks_late=True, ignore_result=True, max_retries=RETRIES)
def process_event(self: Task[Any, Any], event_id: str) -> str:
    """Settle what the event tells, and say what became of it. Nothing is done twice."""
    outcome, is_done = _process(event_id)
    if not is_done and self.request.retries < RETRIES:
        raise self.retry(countdown=FIRST_RETRY_AFTER * 2**self.request.retries)
    return outcome


def _process(event_id: str) -> tuple[str, bool]:
    """What became of the event, and whether that is the end of it."""
    try:
        event = WebhookEvent.objects.filter(event_id=event_id).first()
        if event is None:
            return "Not stored here.", True
        event = inbox.process(event)
    except DatabaseError as error:
        logger.error(
            "Event %s could not be looked at: %s", event_id, trail(error), extra={"event_id": event_id}
        )
        return describe(error), False
    return inbox.outcome(event), event.status != WebhookEvent.Status.FAILED


# Each is the command of that name; what fails in it shows as the task's failure.


@shared_task(name="oscar_vipps.reconcile", ignore_result=True)
def reconcile(at_once: int = 1) -> None:
    """``vipps_reconcile``, every five minutes."""
    call_command("vipps_reconcile", at_once=at_once)


@shared_task(name="oscar_vipps.deadlines", ignore_result=True)
def deadlines() -> None:
    """``vipps_deadlines``, daily."""
    call_command("vipps_deadlines")


@shared_task(name="oscar_vipps.prune_events", ignore_result=True)
def prune_events() -> None:
    """``vipps_prune_events``, daily or weekly."""
    call_command("vipps_prune_events")
