"""Time that passes here without anything being heard."""

from __future__ import annotations

from datetime import timedelta

from oscar_vipps.models import Payment, WebhookEvent


def let_time_pass(payment: Payment, by: timedelta = timedelta(hours=1)) -> None:
    """As if all that the shop knows of the payment had been written ``by`` earlier."""
    payment.refresh_from_db()
    moments = ("created_at", "checked_at", "confirmation_claimed_at")
    earlier = {name: getattr(payment, name) and getattr(payment, name) - by for name in moments}
    Payment.objects.filter(pk=payment.pk).update(**earlier)
    for event in WebhookEvent.objects.all():
        WebhookEvent.objects.filter(pk=event.pk).update(received_at=event.received_at - by)
    payment.refresh_from_db()
