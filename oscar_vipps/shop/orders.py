"""The Oscar order behind a payment: its status and its notes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings as django_settings
from django.utils import translation
from oscar.core.loading import get_class, get_model

from oscar_vipps.conf import examine, get_settings
from oscar_vipps.money import to_decimal

EventHandler = get_class("order.processing", "EventHandler")
InvalidOrderStatus = get_class("order.exceptions", "InvalidOrderStatus")
Order = get_model("order", "Order")


class StatusRefused(Exception):
    """The pipeline doesn't let the order follow its payment. The message names both statuses."""


def initial_status() -> str | None:
    """What an order is while its payment is awaited; None leaves it to the shop."""
    return get_settings().order_status.get("pending")


def cancelled_statuses() -> set[str]:
    """What an order is when it came to nothing. Staff who put it there cancel the payment, too."""
    # Asked whenever an order of the shop changes its status: what is wrong in the setting mustn't stop that.
    statuses = examine()[0].order_status
    lives = {statuses.get(outcome) for outcome in ("pending", "authorized", "captured")}
    return {statuses[outcome] for outcome in ("cancelled", "expired") if outcome in statuses} - lives


def is_cancelled(order: Any) -> bool:
    """Whether the order came to nothing, be it that its payment doesn't know yet."""
    return order.status in cancelled_statuses()


def locked(order_id: int) -> Any:
    """The order as it is now, until the transaction ends.

    ``Order.set_status`` saves the whole row as it was loaded, so it must not have been loaded earlier.
    """
    return Order.objects.select_for_update().get(pk=order_id)


def can_follow(order: Any, outcome: str) -> bool:
    """Whether the pipeline leads to the status that the shop wants for ``outcome``, if it wants one."""
    status = get_settings().order_status.get(outcome)
    return status in (None, order.status) or status in order.available_statuses()


def follow(order: Any, outcome: str) -> None:
    """Move the (locked) order to the status that the shop wants for ``outcome``, if it wants one.

    Raises ``StatusRefused``.
    """
    status = get_settings().order_status.get(outcome)
    if status is None or status == order.status:
        return
    if not can_follow(order, outcome):
        raise StatusRefused(f"the pipeline does not lead from '{order.status}' to '{status}'")
    try:
        # The shop's own handler, which may do more than set the status.
        EventHandler().handle_order_status_change(order, status)
    except InvalidOrderStatus as error:
        raise StatusRefused(str(error)) from error


def go_back(order: Any, outcomes: Collection[str]) -> None:
    """Move the (locked) order back to what it was before it went to the statuses for ``outcomes``.

    Only where the pipeline leads there.
    """
    statuses = get_settings().order_status
    left = {statuses[outcome] for outcome in outcomes if outcome in statuses}
    changes = order.status_changes.filter(new_status__in=left).exclude(old_status__in=left)
    last = changes.order_by("-date_created", "-pk").first()
    if order.status in left and last and last.old_status in order.available_statuses():
        EventHandler().handle_order_status_change(order, last.old_status)


def add_note(order: Any, text: Any, amount: int, *, by: Any = None) -> None:
    """A note that staff read, in the shop's own language.

    ``text`` is a lazy translation with ``{amount}`` in it, ``amount`` in øre, ``by`` the user who did it.
    """
    with translation.override(django_settings.LANGUAGE_CODE):
        EventHandler(by).create_note(order, str(text).format(amount=to_decimal(amount)))
