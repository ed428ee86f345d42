"""For shops with a ``CELERY_APP``: a worker is told that there is an event in the inbox.

The inbox says what is left to do, the broker carries no more than the event's id: what the broker or a worker
loses, ``vipps_reconcile`` finds in the inbox.
"""

from __future__ import annotations

import logging

from django.utils.module_loading import import_string

from oscar_vipps.models import WebhookEvent

logger = logging.getLogger("oscar_vipps")

#: The task's name; ``oscar_vipps.tasks`` has it.
PROCESS_EVENT = "oscar_vipps.process_event"


def wake_worker(celery_app: str, event: WebhookEvent) -> bool:
    """Whether the broker took the message. Call it when the event is committed: a worker may be faster.

    ``celery_app`` is a dotted path: which app is Celery's current one depends on the thread.
    """
    try:
        # By its name, so that web processes need not load the tasks. Not tried again: Stripe is waiting.
        import_string(celery_app).send_task(
            PROCESS_EVENT, args=[event.event_id], retry=False, ignore_result=True
        )
    except Exception as error:  # noqa: BLE001 - whatever a broker's library raises, the money is to be booked
        # Only what kind of error it is: its own words may hold the broker's password.
        logger.error(
            "No worker could be told of event %s (%s), so it is processed here. Does the broker run?",
            event.event_id,
            type(error.__cause__ or error).__name__,
            extra={"event_id": event.event_id},
        )
        return False
    return True
