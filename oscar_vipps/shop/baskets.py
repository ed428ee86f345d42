"""Baskets: taken for an order once, and given back as a new one when the order isn't paid.

A basket that has an order is never opened again: Oscar makes the order's number of the basket's, so it could
not be placed a second time, and somebody who guessed its id could open a stranger's.
"""

from __future__ import annotations

import enum
from typing import Any

from django.db import transaction
from django.utils import timezone
from oscar.core.loading import get_class, get_model

from oscar_vipps.models import Payment

Applicator = get_class("offer.applicator", "Applicator")
Basket = get_model("basket", "Basket")


def claim(basket: Any) -> bool:
    """Take the basket for an order; False where somebody else did so first.

    One conditional update decides, on every database: a second submission waits for the first one's
    transaction here, and then finds the basket no longer open.
    """
    editable = Basket.objects.filter(pk=basket.pk, status__in=Basket.editable_statuses)
    if not editable.update(status=Basket.FROZEN):
        return False
    basket.status = Basket.FROZEN
    return True


def is_open(basket: Any) -> bool:
    """Whether the basket, as it is in the database now, still waits to be ordered."""
    return Basket.objects.filter(pk=basket.pk, status__in=Basket.editable_statuses).exists()


class Returned(enum.Enum):
    """How much of a basket the shopper has back."""

    ALL = "all"
    SOME = "some"
    NOTHING = "nothing"


def give_back(payment: Payment, request: Any) -> Returned | None:
    """Add what the order's basket held to the shopper's basket of today: lines, options and vouchers.

    Done once for a payment; None where that was before. What can't be bought any more stays behind.
    """
    # Either the basket is filled and the payment says so, or neither.
    with transaction.atomic():
        ended = [Payment.State.CANCELLED, Payment.State.EXPIRED]
        # An order may be taken up again at this very moment, for money that came late.
        claimed = Payment.objects.filter(pk=payment.pk, basket_returned_at=None, state__in=ended)
        if not claimed.update(basket_returned_at=timezone.now()):
            return None
        return _copy(payment.order.basket, request)


def _copy(old: Any, request: Any) -> Returned:
    if old is None:  # deleted by a shop that tidies up
        return Returned.NOTHING
    # Vouchers before stock, as everywhere: on some databases a line that is added locks its stock record, and
    # an order that is placed at the same moment has the vouchers already.
    list(old.vouchers.select_for_update())
    basket = request.basket
    found = [_copy_line(line, basket) for line in old.lines.select_related("product").order_by("pk")]
    if basket.pk:
        _copy_vouchers(old, basket, request)
    if not any(found):
        return Returned.NOTHING
    return Returned.ALL if all(found) else Returned.SOME


def _copy_vouchers(old: Any, basket: Any, request: Any) -> None:
    for voucher in old.vouchers.all():
        available, _reason = voucher.is_available_to_user(user=request.user)
        if voucher.is_active() and available:
            basket.vouchers.add(voucher)
    basket.reset_offer_applications()
    Applicator().apply(basket, request.user, request)


def _copy_line(line: Any, basket: Any) -> bool:
    """Whether it could be."""
    options = [{"option": attribute.option, "value": attribute.value} for attribute in line.attributes.all()]
    if not _can_be_bought(basket, line, options):
        return False
    basket.add_product(line.product, line.quantity, options)
    return True


def _can_be_bought(basket: Any, line: Any, options: list[dict[str, Any]]) -> bool:
    if line.product is None:
        return False
    found = basket.get_stock_info(line.product, options)
    same_currency = basket.currency in (None, found.price.currency)
    if not found.price.exists or not found.stockrecord or not same_currency:
        return False
    permitted, _reason = found.availability.is_purchase_permitted(line.quantity)
    return bool(permitted)
