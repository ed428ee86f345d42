"""Events: stored once by their id, then processed once, each in a transaction of its own.

An event whose processing failed stays, with what went wrong, and is processed when Stripe sends it again.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from oscar_vipps.gateway import events
from oscar_vipps.gateway.snapshot import PAYMENT_KEY, from_event
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.payments.settlement import settle_or_refuse

logger = logging.getLogger("oscar_vipps")

Status = WebhookEvent.Status
#: Nothing is left to do for these.
DONE = (Status.PROCESSED, Status.IGNORED)


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
            if event.status not in DONE:
                event.reason = _apply(event)
                event.status = Status.IGNORED if event.reason else Status.PROCESSED
                event.attempts += 1
                event.processed_at = timezone.now()
                event.save()
                _log(event)
    except Exception as error:  # whatever it was must be kept, and Stripe asked to come again
        outcome = (
            "is done; what follows it failed" if _keep_failure(event, error) else "failed; it comes again"
        )
        logger.exception(
            "Event %s (%s) %s.", event.event_id, event.type, outcome, extra={"event_id": event.event_id}
        )
        event.refresh_from_db()
    return event


def _apply(event: WebhookEvent) -> str:
    """Settle the event's payment; the answer is why nothing came of it, or empty."""
    if event.type not in events.HANDLED:
        return "This type of event moves no payment."
    reference = event.payload["metadata"].get(PAYMENT_KEY)
    if not reference:
        return "Not about a payment of this app."
    payment = Payment.objects.filter(reference=reference).first()
    if payment is None:
        return "Not about a payment of this shop."
    event.payment = payment
    _payment, refusal = settle_or_refuse(payment.pk, from_event(event.type, event.payload))
    return refusal


def _keep_failure(event: WebhookEvent, error: Exception) -> bool:
    """What failed and where, without the error's own words, in which somebody's address may stand.

    Tells whether the event is done all the same.

    The transaction is gone, so this is written by itself. Another delivery may have been processed meanwhile,
    or this one, and what follows a commit have failed: that stays so.
    """
    place = traceback.extract_tb(error.__traceback__)[-1]
    undone = WebhookEvent.objects.filter(pk=event.pk).exclude(status__in=DONE)
    return not undone.update(
        status=Status.FAILED,
        reason=f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}",
        attempts=F("attempts") + 1,
        processed_at=timezone.now(),
    )


def _log(event: WebhookEvent) -> None:
    logger.info(
        "Event %s (%s): %s",
        event.event_id,
        event.type,
        f"{event.status}: {event.reason}" if event.reason else event.status,
        extra={"event_id": event.event_id},
    )
