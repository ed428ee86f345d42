"""What happened to a payment, in the order in which it happened: for the payment's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oscar_vipps.models import Payment

#: Stripe's names for what it tells, in plain words.
EVENTS: dict[str, Any] = {
    "checkout.session.completed": gettext_lazy("Stripe: the shopper went through the payment page."),
    "checkout.session.expired": gettext_lazy("Stripe: the payment page is closed."),
    "payment_intent.succeeded": gettext_lazy("Stripe: the money is captured."),
    "payment_intent.payment_failed": gettext_lazy("Stripe: a try to pay was declined, or took too long."),
    "payment_intent.canceled": gettext_lazy("Stripe: the payment is cancelled."),
    "payment_intent.amount_capturable_updated": gettext_lazy("Stripe: the money is reserved."),
    "refund.created": gettext_lazy("Stripe: a refund is begun."),
    "refund.updated": gettext_lazy("Stripe: news of a refund."),
    "refund.failed": gettext_lazy("Stripe: a refund failed."),
    "charge.dispute.created": gettext_lazy("Stripe: the shopper's bank asks about the payment."),
    "charge.dispute.updated": gettext_lazy("Stripe: news of a dispute."),
    "charge.dispute.closed": gettext_lazy("Stripe: a dispute is decided."),
    "charge.dispute.funds_withdrawn": gettext_lazy("Stripe: the bank has taken the money."),
    "charge.dispute.funds_reinstated": gettext_lazy("Stripe: the bank has given the money back."),
}


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
        text = EVENTS.get(event.type) or _("Stripe told: %(type)s") % {"type": event.type}
        yield Entry(event.received_at, f"{text} ({event.get_status_display()})")
    if payment.confirmation_sent_at:
        yield Entry(payment.confirmation_sent_at, _("The confirmation was sent to the shopper."))
    for flag in payment.flags.all():
        yield Entry(flag.created_at, f"{flag.get_reason_display()}: {flag.detail}")
        if flag.resolved_at:
            yield Entry(flag.resolved_at, _("Done: %(what)s") % {"what": flag.get_reason_display()})
