"""An order that was given up, taken up again: the inverse of ``shop.reversal``.

Called with the payment's row and the order's locked.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from oscar.core.loading import get_model

from . import orders

ConditionalOffer = get_model("offer", "ConditionalOffer")
StockRecord = get_model("partner", "StockRecord")
Voucher = get_model("voucher", "Voucher")


class CannotReinstate(Exception):
    """The order can't be taken up again; the message says why, for staff."""


def reinstate(order: Any, outcome: str) -> None:
    """Take again all that the order holds, so that it can go to the status for ``outcome``.

    All of it or nothing; raises ``CannotReinstate``.
    """
    if not orders.can_follow(order, outcome):
        raise CannotReinstate(f"the pipeline does not lead from '{order.status}' to where it is {outcome}")
    with transaction.atomic():
        # In the order in which Oscar locks them when an order is placed.
        _use_vouchers(order)
        _use_offers(order)
        _allocate_stock(order)


def _use_vouchers(order: Any) -> None:
    discounts = order.discounts.filter(voucher_id__isnull=False)
    used = set(discounts.values_list("voucher_id", flat=True))
    if order.basket is not None:
        used.update(order.basket.vouchers.values_list("pk", flat=True))
    user = order.user or AnonymousUser()
    for voucher in Voucher.objects.filter(pk__in=used).select_for_update():
        available, _reason = voucher.is_available_to_user(user)
        if not available:
            raise CannotReinstate(f"voucher {voucher.pk} has been used meanwhile")
        voucher.record_usage(order, user)
        for discount in discounts:
            if discount.voucher_id == voucher.pk:
                voucher.record_discount({"discount": discount.amount})


def _use_offers(order: Any) -> None:
    for discount in order.discounts.order_by("pk"):
        offer = ConditionalOffer.objects.select_for_update().filter(pk=discount.offer_id).first()
        if offer is not None:
            offer.record_usage({"freq": discount.frequency or 0, "discount": discount.amount})


def _allocate_stock(order: Any) -> None:
    released = order.lines.filter(num_allocated=0).select_related("product__product_class", "stockrecord")
    lines = [line for line in released.order_by("stockrecord_id", "pk") if _tracks_stock(line)]
    for line in lines:
        stock = StockRecord.objects.select_for_update().filter(pk=line.stockrecord_id).first()
        if stock is None or stock.net_stock_level < line.quantity:
            raise CannotReinstate(f"there is not enough stock of '{line.title}'")
        stock.allocate(line.quantity)
        line.num_allocated = line.quantity
        line.allocation_cancelled = False
        line.save(update_fields=["num_allocated", "allocation_cancelled"])


def _tracks_stock(line: Any) -> bool:
    """A product that is gone can't be sent, and counts as one that has none."""
    return line.product is None or line.product.get_product_class().track_stock
