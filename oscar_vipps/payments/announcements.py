"""Signals to the shop, sent when what they tell is in the database."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from oscar_vipps.models import Payment

from .after_commit import after_commit


def announce(signal: Signal, payment: Payment, **arguments: Any) -> None:
    """Send the signal after the commit: a receiver that fails can't undo anything, nor stop the others."""
    if signal.has_listeners(Payment):
        after_commit(_send, signal, payment.pk, arguments)


def _send(signal: Signal, payment_id: int, arguments: dict[str, Any]) -> None:
    # As it is now: a receiver may save it, and must not write back what was true before the mail went out.
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    signal.send_robust(sender=Payment, payment=payment, order=payment.order, **arguments)
