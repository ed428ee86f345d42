"""Which goods of an order were refunded, which are left, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Sum

from oscar_vipps.models import Payment, Refund, RefundLine
from oscar_vipps.money import to_ore


def quantities_left(payment: Payment) -> dict[Any, int]:
    """Each line of the order, with how many of it are neither refunded nor about to be."""
    given = _quantities_given(payment)
    return {line: line.quantity - given.get(line.pk, 0) for line in payment.order.lines.all()}


def amount_of(payment: Payment, goods: Mapping[Any, int]) -> int:
    """Øre that were paid for these (order line: quantity), discounts taken off; shipping isn't in it.

    All refunds of a line together make what was paid for it, however its price divides.
    """
    given = _quantities_given(payment)
    amount = 0
    for line, quantity in goods.items():
        before = given.get(line.pk, 0)
        amount += price(line, before + quantity) - price(line, before)
    return amount


def price(line: Any, quantity: int) -> int:
    """Of the first ``quantity``, rounded half up."""
    total = to_ore(line.line_price_incl_tax)
    return (2 * total * quantity + line.quantity) // (2 * line.quantity)


def _quantities_given(payment: Payment) -> dict[int, int]:
    failed = [Refund.Status.FAILED, Refund.Status.CANCELLED]
    rows = RefundLine.objects.filter(refund__payment=payment).exclude(refund__status__in=failed)
    return dict(rows.values_list("line_id").annotate(sum=Sum("quantity")).values_list("line_id", "sum"))
