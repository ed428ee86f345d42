"""What the shop does when something has happened to a payment."""

from typing import Any

from django.dispatch import receiver

from oscar_vipps.signals import payment_authorized, payment_needs_attention


@receiver(payment_authorized)
def tell_the_warehouse(payment: Any, order: Any, **kwargs: Any) -> None:
    order.notes.create(message=f"Pack it before {payment.capture_before:%d.%m.%Y}", note_type="System")


@receiver(payment_needs_attention)
def ring_a_bell(payment: Any, order: Any, reason: str, **kwargs: Any) -> None:
    order.notes.create(message=f"Somebody, please: {reason}", note_type="System")
