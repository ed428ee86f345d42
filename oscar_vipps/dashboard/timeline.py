"""What happened to a payment, in the order in which it happened: for the payment's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from oscar_vipps.models import Payment


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    moment: datetime
    text: str
    #: The person who did it; empty where it was Stripe, the shopper or this app.
    who: str = ""


def timeline(payment: Payment) -> list[Entry]:
    """Oldest first: the order, what people and this app noted on it, what Stripe told, flags."""
    return sorted(_entries(payment), key=lambda entry: entry.moment)


def _entries(payment: Payment) -> Iterator[Entry]:
    order: Any = payment.order
    yield Entry(order.date_placed, _("The order was placed."))
    for note in order.notes.select_related("user"):
        yield Entry(note.date_created, note.message, str(note.user or ""))
    for change in order.status_changes.all():
        yield Entry(
            change.date_created,
            _("Order status: %(old)s → %(new)s") % {"old": change.old_status, "new": change.new_status},
        )
    for event in payment.events.all():
        text = _("Stripe told: %(type)s") % {"type": event.type}
        yield Entry(event.received_at, f"{text} ({event.get_status_display()})")
    if payment.confirmation_sent_at:
        yield Entry(payment.confirmation_sent_at, _("The confirmation was sent to the shopper."))
    for flag in payment.flags.all():
        yield Entry(flag.created_at, f"{flag.get_reason_display()}: {flag.detail}")
        if flag.resolved_at:
            yield Entry(flag.resolved_at, _("Done: %(what)s") % {"what": flag.get_reason_display()})
