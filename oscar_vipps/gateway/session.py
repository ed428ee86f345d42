"""The parameters of a Stripe Checkout Session, made from an order. Nothing is sent and nothing is saved.

Orders and payments are read by their attributes, so neither Oscar nor a database is needed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from oscar_vipps.conf import VippsSettings
from oscar_vipps.money import CURRENCY, quantize, to_ore

from .snapshot import ORDER_KEY, PAYMENT_KEY, SITE_KEY

#: Source: Stripe's reference, Checkout Session create, ``line_items`` under ``mode=payment``.
MAX_LINE_ITEMS = 100

#: Stripe wants 30 minutes to 24 hours between a session's creation and its end; a minute's room on both sides
#: for slow networks and clocks.
SHORTEST_SESSION = timedelta(minutes=31)
LONGEST_SESSION = timedelta(hours=24) - timedelta(minutes=1)

#: Characters of a name. Stripe takes 5000; its page has room for far fewer.
MAX_NAME_LENGTH = 250

#: The API version from which sessions are created with ``allowed_payment_method_types`` in place of
#: ``payment_method_types``. Source: Stripe's changelog, 2026-09-30.endive.
ALLOWED_TYPES_SINCE = date(2026, 9, 30)

#: The languages of Stripe's pages. Source: Stripe's reference, Checkout Session create, ``locale``.
LOCALES = (
    *("bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA"),
    *("hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR"),
    *("ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW"),
)
_LOCALES = {name.lower(): name for name in LOCALES} | {"nn": "nb", "no": "nb"}


def session_parameters(
    payment: Any, *, success_url: str, cancel_url: str, settings: VippsSettings
) -> dict[str, Any]:
    """What ``POST /v1/checkout/sessions`` is called with for ``payment`` and its order.

    The same payment gives the same parameters, as Stripe demands of a request that is repeated under one
    idempotency key. Names that come from here are in the payment's language.
    """
    order = payment.order
    # Stripe copies the session's metadata to no other object, so the PaymentIntent is given its own.
    metadata = {PAYMENT_KEY: payment.reference, ORDER_KEY: str(order.number), SITE_KEY: payment.site}
    with translation.override(payment.language or None):
        items = line_items(order, payment.amount)
        description = _order_name(order)
    parameters = {
        "mode": "payment",
        "line_items": items,
        "client_reference_id": payment.reference,
        "metadata": metadata,
        "payment_intent_data": {
            "capture_method": payment.capture_method,
            "description": description,
            "metadata": dict(metadata),
        },
        "locale": locale(payment.language),
        "expires_at": _epoch_seconds(payment.session_expires_at),
        "success_url": success_url,
        "cancel_url": cancel_url,
        **payment_method_parameters(settings),
    }
    if order.email:
        parameters["customer_email"] = order.email
    return parameters


def payment_method_parameters(settings: VippsSettings) -> dict[str, Any]:
    """How Stripe is told which payment methods to offer: by a name that depends on the API version, or
    not at all where Stripe's Dashboard decides.

    Raises ``ValueError`` for an API version that doesn't begin with a date.
    """
    if settings.payment_methods == "dynamic":
        configuration = settings.payment_method_configuration
        return {"payment_method_configuration": configuration} if configuration else {}
    version = date.fromisoformat(settings.api_version.partition(".")[0])
    if version < ALLOWED_TYPES_SINCE:
        return {"payment_method_types": ["vipps"]}
    return {"allowed_payment_method_types": ["vipps"]}


def locale(language: str) -> str:
    """Stripe's locale for one of Django's language codes; ``auto``, the browser's choice, where it has none.

    Bokmål stands in for Nynorsk, which Stripe doesn't have.
    """
    code = language.lower()
    return _LOCALES.get(code) or _LOCALES.get(code.partition("-")[0], "auto")


def line_items(order: Any, total: int) -> list[dict[str, Any]]:
    """What the shopper sees on Stripe's page: items that sum exactly to ``total`` (øre).

    Oscar stores an order's lines rounded, so they needn't add up to its total. The difference is spread
    over the largest lines, at most one øre each. An order that can't be shown like that, or that breaks
    Stripe's rules for items (none negative, 100 at most), becomes a single item.

    Texts that have no name of their own are in the active language. Raises ``ValueError`` for a negative
    total.
    """
    if total < 0:
        raise ValueError(f"{total} øre can't be asked for")
    charges = list(_charges(order))
    lines = _spread(list(_lines(order)), total - _sum(charges)) + charges
    if not _is_presentable(lines, total):
        lines = [_Line(_order_name(order), total)]
    return [_item(line) for line in lines]


@dataclass(frozen=True)
class _Line:
    """One line of the order: ``amount`` in øre is for the whole quantity."""

    name: str
    amount: int
    quantity: int = 1


def _lines(order: Any) -> Iterator[_Line]:
    for line in order.lines.all():
        yield _Line(_name(line.title), _in_ore(line.line_price_incl_tax), line.quantity)


def _charges(order: Any) -> Iterator[_Line]:
    """Shipping and surcharges, without those that cost nothing."""
    if shipping := _in_ore(order.shipping_incl_tax):
        # Translators: an item on Stripe's payment page, where the shipping method has no name
        yield _Line(_name(order.shipping_method) or _("Shipping"), shipping)
    for surcharge in order.surcharges.all():
        if amount := _in_ore(surcharge.incl_tax):
            yield _Line(_name(surcharge.name), amount)


def _spread(lines: list[_Line], target: int) -> list[_Line]:
    """``lines`` with their sum brought to ``target`` (øre), or as near as one øre a line allows.

    What is free stays free.
    """
    difference = target - _sum(lines)
    step = 1 if difference > 0 else -1
    paid = [index for index, line in enumerate(lines) if line.amount > 0]
    largest_first = sorted(paid, key=lambda index: lines[index].amount, reverse=True)
    moved = set(largest_first[: abs(difference)])
    return [
        replace(line, amount=line.amount + step) if index in moved else line
        for index, line in enumerate(lines)
    ]


def _is_presentable(lines: Sequence[_Line], total: int) -> bool:
    return (
        1 <= len(lines) <= MAX_LINE_ITEMS
        and _sum(lines) == total
        and all(line.amount >= 0 and line.quantity >= 1 for line in lines)
    )


def _item(line: _Line) -> dict[str, Any]:
    """Stripe multiplies a whole number of øre by the quantity; what can't be divided is sold as one."""
    name, amount, quantity = line.name, line.amount, line.quantity
    # Translators: an item on Stripe's payment page that has no name
    name = name or _("Item")
    if amount % quantity:
        name, quantity = f"{quantity} × {name}", 1
    return {
        "price_data": {
            "currency": CURRENCY.lower(),
            "unit_amount": amount // quantity,
            "product_data": {"name": _shortened(name)},
        },
        "quantity": quantity,
    }


def _order_name(order: Any) -> str:
    # Translators: the whole order as one item on Stripe's payment page, and in the shop's list there
    return _("Order %(number)s") % {"number": order.number}


def _name(text: Any) -> str:
    """The text without space around it; the name of an order that was just placed may still be lazy."""
    return str(text or "").strip()


def _shortened(name: str) -> str:
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1].rstrip() + "…"


def _in_ore(amount: Decimal) -> int:
    return to_ore(quantize(amount))


def _sum(lines: Sequence[_Line]) -> int:
    return sum(line.amount for line in lines)


def _epoch_seconds(moment: datetime) -> int:
    """Cut off, not rounded: Stripe's session must not outlive the shop's hold on its stock.

    Without a time zone it is local time, as Django stores it where ``USE_TZ`` is off.
    """
    return int(moment.timestamp())
