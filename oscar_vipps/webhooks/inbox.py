"""Events: stored once by their id, then processed once, each in a transaction of its own.

An event whose processing failed stays, with what went wrong, and is processed when Stripe sends it again.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.utils import timezone

from oscar_vipps.gateway import events
from oscar_vipps.gateway.snapshot import PAYMENT_KEY, from_object
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.payments.settlement import settle

logger = logging.getLogger("oscar_vipps")

Status = WebhookEvent.Status


def store(event: dict[str, Any]) -> WebhookEvent:
    """The event's row, made now or when it first came. Commits, whatever becomes of the processing."""
    found, _created = WebhookEvent.objects.get_or_create(
        event_id=event["id"],
        defaults={
            "type": event["type"][:100],
            "livemode": event["livemode"],
            "payload": events.facts(event),
        },
    )
    return found


def process(event: WebhookEvent) -> WebhookEvent:
    """Settle what the event tells, unless that was done; the row that is returned says what became of it.

    Raises nothing that processing raised: the row is ``failed`` then and holds the reason.
    """
    try:
        # All of it or nothing: an event is processed when, and only when, its effects are in the database.
        with transaction.atomic():
            # Deliveries of the same event wait for each other here.
            event = WebhookEvent.objects.select_for_update().get(pk=event.pk)
            if event.status not in (Status.PROCESSED, Status.IGNORED):
                event.reason = _apply(event)
                _finish(event, Status.IGNORED if event.reason else Status.PROCESSED)
    except Exception as error:  # whatever it was must be kept, and Stripe asked to come again
        # The transaction is gone, so this is written by itself.
        event.reason = f"{type(error).__name__}: {error}"
        _finish(event, Status.FAILED)
        logger.exception(
            "Event %s (%s) could not be processed; Stripe will send it again.",
            event.event_id,
            event.type,
            extra={"event_id": event.event_id},
        )
    return event


def _apply(event: WebhookEvent) -> str:
    """Settle the event's payment; the answer is why that isn't to be done, or empty."""
    if event.type not in events.HANDLED:
        return "This type of event moves no payment."
    reference = event.payload["metadata"].get(PAYMENT_KEY)
    if not reference:
        return "Not about a payment of this app."
    payment = Payment.objects.filter(reference=reference).first()
    if payment is None:
        return "Not about a payment of this shop."
    event.payment = payment
    settle(payment.pk, from_object(event.payload))
    return ""


def _finish(event: WebhookEvent, status: WebhookEvent.Status) -> None:
    event.status = status
    event.attempts += 1
    event.processed_at = timezone.now()
    event.save(update_fields=["status", "reason", "attempts", "payment", "processed_at"])
    logger.info(
        "Event %s (%s): %s %s",
        event.event_id,
        event.type,
        status.value,
        event.reason,
        extra={"event_id": event.event_id},
    )
