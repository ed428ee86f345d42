"""What this app does of itself when something has happened, once that is committed. Connected by ``apps.py``.

Stripe may be out of reach then. What should have been done stays visible in the database (an order that is
cancelled and a payment that isn't, money that came late), and the reconciler does it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.dispatch import receiver
from oscar.apps.order.signals import order_status_changed

from oscar_vipps.exceptions import GatewayError
from oscar_vipps.models import Flag, Payment
from oscar_vipps.shop import orders
from oscar_vipps.signals import payment_needs_attention

from .after_commit import after_commit
from .operations import call_off
from .refunds import return_late_money

logger = logging.getLogger("oscar_vipps")


@receiver(order_status_changed, dispatch_uid="oscar_vipps.order_cancelled")
def order_cancelled(order: Any, new_status: str, **kwargs: Any) -> None:
    """Staff have cancelled an order, in Oscar's dashboard or by code of the shop: so is its payment."""
    if new_status not in orders.cancelled_statuses():
        return
    payment = Payment.objects.filter(order_id=order.pk).first()
    # One that has ended was there first: the order follows it.
    if payment is not None and not payment.has_ended:
        after_commit(_do, call_off, payment.pk)


@receiver(payment_needs_attention, dispatch_uid="oscar_vipps.late_payment")
def late_payment(payment: Payment, reason: str, **kwargs: Any) -> None:
    """Money came for an order that had ended: send it back."""
    if reason == Flag.Reason.LATE_PAYMENT:
        _do(return_late_money, payment.pk)


def _do(operation: Callable[[Payment], Payment], payment_id: int) -> None:
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    try:
        operation(payment)
    except GatewayError as error:
        logger.error(
            "Order %s: %s is left to the next vipps_reconcile: %s: %s %s",
            payment.order.number,
            operation.__name__,
            type(error).__name__,
            error,
            error.hint,
            extra=payment.log_extra(),
        )
