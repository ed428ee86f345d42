"""Money is taken when goods leave: capture comes first, and where it fails nothing is marked as sent.

Oscar has two ways to say that goods have left, a shipping event and the order's status. Both are rows that
are saved, whoever saves them: the dashboard, a shop's own code, an import. Connected by ``apps.py``.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db.models import Sum
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.utils.translation import gettext as _
from oscar.apps.order.exceptions import InvalidShippingEvent
from oscar.apps.payment.exceptions import PaymentError
from oscar.core.loading import get_model

from oscar_vipps.conf import examine
from oscar_vipps.exceptions import GatewayError, GatewayRefused
from oscar_vipps.models import Payment

from .operations import capture

# ``examine`` throughout: a shop with a wrong setting must still be able to save its orders.

Order = get_model("order", "Order")
ShippingEventQuantity = get_model("order", "ShippingEventQuantity")

logger = logging.getLogger("oscar_vipps")


class NotCaptured(InvalidShippingEvent, PaymentError):
    """The money could not be taken. Oscar's dashboard shows the message to staff.

    ``EventHandler.create_shipping_event`` takes back what it has made for the first of the two; what changes
    a status knows the second.
    """


@receiver(pre_save, sender=ShippingEventQuantity, dispatch_uid="oscar_vipps.shipped")
def line_shipped(instance: Any, raw: bool, **kwargs: Any) -> None:
    """With the event that covers the order's last lines. Raises ``NotCaptured``."""
    if raw or instance.event.event_type.code not in examine()[0].capture_shipping_events:
        return
    payment = _reserved(instance.event.order_id)
    if payment is not None and _covers_order(instance):
        _capture(payment, instance.event.event_type.name)


@receiver(pre_save, sender=Order, dispatch_uid="oscar_vipps.status_set")
def status_set(instance: Any, raw: bool, **kwargs: Any) -> None:
    """With a status that the shop names. Raises ``NotCaptured``."""
    if raw or instance.pk is None or instance.status not in examine()[0].capture_statuses:
        return
    payment = _reserved(instance.pk)
    # Everything else that is saved of an order says nothing about goods.
    if payment is not None and not Order.objects.filter(pk=instance.pk, status=instance.status).exists():
        _capture(payment, instance.status)


def _reserved(order_id: int) -> Payment | None:
    return (
        Payment.objects.select_related("order")
        .filter(order_id=order_id, state=Payment.State.AUTHORIZED)
        .first()
    )


def _covers_order(quantity: Any) -> bool:
    """Whether everything that was ordered has left, with these."""
    before = ShippingEventQuantity.objects.filter(
        event__order_id=quantity.event.order_id,
        event__event_type__code__in=examine()[0].capture_shipping_events,
    ).exclude(pk=quantity.pk)
    left = dict(before.values_list("line_id").annotate(sum=Sum("quantity")).values_list("line_id", "sum"))
    left[quantity.line_id] = left.get(quantity.line_id, 0) + quantity.quantity
    return all(left.get(line.pk, 0) >= line.quantity for line in quantity.event.order.lines.all())


def _capture(payment: Payment, reason: str) -> None:
    logger.info("Order %s: capture, for '%s'", payment.order.number, reason, extra=payment.log_extra())
    try:
        payment = capture(payment)
    except GatewayError as error:
        logger.error(
            "Order %s: capture failed: %s %s",
            payment.order.number,
            error,
            error.hint,
            extra=payment.log_extra(),
        )
        if isinstance(error, GatewayRefused):
            # Translators: shown to staff who mark goods as sent; %(answer)s is Stripe's own English sentence
            raise NotCaptured(
                _("Vipps: Stripe refused to capture: %(answer)s") % {"answer": error}
            ) from error
        # Translators: shown to staff who mark goods as sent
        text = _("Vipps: nothing was captured, for Stripe can't be reached. Try again in a few minutes.")
        raise NotCaptured(text) from error
    if payment.state != Payment.State.CAPTURED:
        # Translators: shown to staff who mark goods as sent
        raise NotCaptured(
            _("Vipps: the reservation is gone, and nothing was captured. Don't send the goods.")
        )
