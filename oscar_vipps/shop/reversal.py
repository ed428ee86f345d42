"""What placing an order took, given back when it isn't paid: stock, vouchers and offers.

Oscar undoes none of it when an order's status becomes "Cancelled". Called once, with the payment's row
locked.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Value, When
from oscar.core.loading import get_class, get_model

ConditionalOffer = get_model("offer", "ConditionalOffer")
EventHandler = get_class("order.processing", "EventHandler")
Voucher = get_model("voucher", "Voucher")
VoucherApplication = get_model("voucher", "VoucherApplication")


def reverse(order: Any) -> None:
    """Give back everything that the order holds.

    In the order in which Oscar took it, vouchers, offers, stock: an order that is placed at the same moment
    then waits for this one, or this one for it, and never both.
    """
    _reverse_vouchers(order)
    _reverse_offers(order)
    _release_stock(order)


def _reverse_vouchers(order: Any) -> None:
    discounts = order.discounts.filter(voucher_id__isnull=False)
    applications = VoucherApplication.objects.filter(order=order)
    used = {
        *discounts.values_list("voucher_id", flat=True),
        *applications.values_list("voucher_id", flat=True),
    }
    # Evaluated for its locks, in the order in which Oscar takes them.
    list(Voucher.objects.filter(pk__in=used).select_for_update())
    for discount in discounts:
        Voucher.objects.filter(pk=discount.voucher_id).update(
            total_discount=_less("total_discount", discount.amount)
        )
    # An account that the shop has deleted has taken its applications with it: that it was used is counted.
    Voucher.objects.filter(pk__in=used).update(num_orders=_less("num_orders", 1))
    # A single-use voucher may be used again once these rows are gone.
    applications.delete()


def _reverse_offers(order: Any) -> None:
    """Each ``OrderDiscount`` is one use that Oscar counted on its offer."""
    discounts = order.discounts.order_by("pk")
    for discount in discounts:
        ConditionalOffer.objects.filter(pk=discount.offer_id).update(
            num_applications=_less("num_applications", discount.frequency or 0),
            num_orders=_less("num_orders", 1),
            total_discount=_less("total_discount", discount.amount),
        )
    for offer in ConditionalOffer.objects.filter(pk__in={discount.offer_id for discount in discounts}):
        # Saving lets Oscar see whether an offer that was used up is open again.
        offer.save(update_fields=["status"])


def _release_stock(order: Any) -> None:
    # What was sent already isn't allocated any more, and a line whose stock record is gone has nothing to
    # release.
    held = order.lines.filter(num_allocated__gt=0, stockrecord__isnull=False).order_by("stockrecord_id", "pk")
    lines = list(held)
    # Oscar takes an empty list for "all lines".
    if lines:
        quantities = [line.num_allocated for line in lines]
        EventHandler().cancel_stock_allocations(order, lines, quantities)


def _less(field: str, amount: int | Decimal) -> Case:
    """The field less ``amount``, never below zero: a shop may have set its counters back.

    Subtracted only where it can be: MariaDB refuses to compute an unsigned number below zero.
    """
    enough = When(**{f"{field}__gte": amount}, then=F(field) - amount)
    return Case(enough, default=Value(type(amount)(0)))
