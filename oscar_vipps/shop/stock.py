"""Goods that come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F
from oscar.core.loading import get_class, get_model

EventHandler = get_class("order.processing", "EventHandler")
StockRecord = get_model("partner", "StockRecord")


def put_back(order: Any, goods: Iterable[tuple[int, int]]) -> None:
    """These are for sale again: pairs of an order line's id and a quantity.

    What was never sent is no longer held for this order; what was sent, and so left the stock, is added to it
    again. A line whose stock record is gone has nothing to come back to.
    """
    quantities = dict(goods)
    lines = order.lines.filter(pk__in=quantities, stockrecord__isnull=False).select_related(
        "stockrecord", "product"
    )
    # In the order in which they are locked when an order is placed.
    for line in lines.order_by("stockrecord_id", "pk"):
        held = min(quantities[line.pk], line.num_allocated)
        if held:
            EventHandler().cancel_stock_allocations(order, [line], [held])
        sent = quantities[line.pk] - held
        if sent and line.stockrecord.can_track_allocations:
            StockRecord.objects.filter(pk=line.stockrecord_id, num_in_stock__isnull=False).update(
                num_in_stock=F("num_in_stock") + sent
            )
