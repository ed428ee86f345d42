"""Events: stored once by their id, then processed once, each in a transaction of its own.

An event whose processing failed stays, with what went wrong, and is processed when Stripe sends it again, or
by ``vipps_reconcile``.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from oscar_vipps.exceptions import describe, trail
from oscar_vipps.gateway import events
from oscar_vipps.gateway.snapshot import Snapshot, from_event
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.payments.settlement import NOT_CAPTURED, settle_locked

logger = logging.getLogger("oscar_vipps")

Status = WebhookEvent.Status
#: Nothing is left to do for these.
DONE = (Status.PROCESSED, Status.IGNORED)
#: Types of events whose objects have nothing of ours on them: a refund that somebody made in Stripe's
#: Dashboard, a dispute. Their PaymentIntent says whose they are.
BY_PAYMENT_INTENT = tuple(type for type in events.HANDLED if type.startswith(("refund.", "charge.dispute.")))
_WAITS = Q(status=Status.IGNORED, payment=None, type__in=BY_PAYMENT_INTENT, payment_intent_id__gt="")
#: Something is left to do, now or when the payment is known.
UNFINISHED = ~Q(status__in=DONE) | _WAITS
#: An event that is older and still only received has lost the process that was to process it.
BEGUN_WITHIN = timedelta(minutes=1)


def store(event: dict[str, Any]) -> WebhookEvent:
    """The event's row, made now or when it first came. Commits, whatever becomes of the processing.

    One that is about no payment of this app is ignored at once.
    """
    payload = events.facts(event)
    new = WebhookEvent(
        event_id=event["id"],
        type=event["type"][:100],
        livemode=event["livemode"],
        payload=payload,
        payment_intent_id=events.payment_intent_of(payload),
    )
    found = WebhookEvent.objects.filter(event_id=new.event_id).first()
    if found is not None:
        return found
    try:
        _snapshot_of(new)
    except _Ignored as reason:
        _done(new, str(reason))
    try:
        # A savepoint where somebody has a transaction open, and otherwise one statement that commits.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            new.save(force_insert=True)
    except IntegrityError:
        # Another delivery was faster.
        return WebhookEvent.objects.get(event_id=new.event_id)
    if new.status in DONE:
        _log(new)
    return new


def process(event: WebhookEvent) -> WebhookEvent:
    """Settle what the event tells, unless that was done; the row that is returned says what became of it.

    Raises nothing that processing raised: the row is ``failed`` then and holds the reason.
    """
    if is_done(event):
        # Nothing ever undoes that, so no lock is needed to see it.
        return event
    news = False
    try:
        # All of it or nothing: an event is processed when, and only when, its effects are in the database.
        with transaction.atomic():
            # Deliveries of the same event wait for each other here.
            event = WebhookEvent.objects.select_for_update().get(pk=event.pk)
            news = not is_done(event)
            if news:
                _done(event, _apply(event))
                event.save(update_fields=["reason", "status", "attempts", "processed_at", "payment"])
                _log(event)
    except Exception as error:  # noqa: BLE001 - whatever it was must be kept, and Stripe asked to come again
        outcome = (
            "is done; what follows it failed" if _keep_failure(event, error) else "failed; it comes again"
        )
        logger.error(
            "Event %s (%s) %s: %s",
            event.event_id,
            event.type,
            outcome,
            trail(error),
            extra={"event_id": event.event_id},
        )
        event.refresh_from_db()
    if news and event.payment and event.payment_intent_id:
        for waiting in waiting_for_payment().filter(payment_intent_id=event.payment_intent_id):
            process(waiting)
    return event


def is_done(event: WebhookEvent) -> bool:
    """Whether nothing is left to do for the event."""
    waits_for_payment = (
        event.status == Status.IGNORED and not event.payment_id and event.type in BY_PAYMENT_INTENT
    )
    return event.status in DONE and not waits_for_payment


def outcome(event: WebhookEvent) -> str:
    """What became of it, in a line."""
    return f"{event.status}. {event.reason}".strip()


def undone() -> QuerySet[WebhookEvent]:
    """Events that are worth another try, oldest first: what failed, what was never begun because its process
    was killed, and refunds and disputes whose payment is known to be captured by now.
    """
    before = timezone.now() - BEGUN_WITHIN
    known = Payment.objects.filter(payment_intent_id=OuterRef("payment_intent_id"), amount_captured__gt=0)
    # Each begins with a status, so that the index on it finds them among millions that are done.
    found = Q(status=Status.FAILED) | Q(status=Status.RECEIVED, received_at__lt=before)
    return WebhookEvent.objects.filter(found | _WAITS & Q(Exists(known))).order_by("received_at", "pk")


def waiting_for_payment() -> QuerySet[WebhookEvent]:
    """Refunds and disputes that came before the news that there is money that they are about."""
    return WebhookEvent.objects.filter(_WAITS)


def _done(event: WebhookEvent, refusal: str) -> None:
    event.reason = refusal
    event.status = Status.IGNORED if refusal else Status.PROCESSED
    event.attempts += 1
    event.processed_at = timezone.now()


class _Ignored(Exception):
    """Nothing comes of the event. The message says why."""


def _snapshot_of(event: WebhookEvent) -> Snapshot:
    """What the event tells; raises ``_Ignored`` where it isn't about a payment of this app."""
    if event.type not in events.HANDLED:
        raise _Ignored("This type of event moves no payment.")
    try:
        snapshot = from_event(event.type, event.payload)
    except ValueError as error:
        raise _Ignored(f"Malformed: {error}.") from error
    if not snapshot.payment and event.type not in BY_PAYMENT_INTENT:
        raise _Ignored("Not about a payment of this app.")
    return snapshot


def _apply(event: WebhookEvent) -> str:
    """Settle the event's payment; the answer is why nothing came of it, or empty."""
    try:
        snapshot = _snapshot_of(event)
    except _Ignored as reason:
        return str(reason)
    # Locked at once: under some isolation levels, a plain read would fix what is seen after a lock was waited
    # for.
    payments = Payment.objects.select_for_update()
    if snapshot.payment:
        payment = payments.filter(reference=snapshot.payment).first()
    else:
        payment = payments.filter(payment_intent_id=event.payment_intent_id).first()
    if payment is None:
        return "Not about a payment of this shop."
    refusal = settle_locked(payment, snapshot)
    if refusal != NOT_CAPTURED:
        event.payment = payment
    return refusal


def _keep_failure(event: WebhookEvent, error: Exception) -> bool:
    """Note that it failed; tells whether the event is done all the same.

    The transaction is gone, so this is written by itself. Another delivery may have been processed meanwhile,
    or this one, and what follows a commit have failed: that stays so.
    """
    undone = WebhookEvent.objects.filter(pk=event.pk).exclude(status__in=DONE)
    return not undone.update(
        status=Status.FAILED,
        reason=describe(error),
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
