"""What templates of the shop may want to know of Vipps payments."""

from __future__ import annotations

from typing import Any

from django import template
from oscar.templatetags.currency_filters import currency

from oscar_vipps.checkout import browser
from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.money import CURRENCY, to_decimal
from oscar_vipps.shop import dispute_reasons

register = template.Library()


@register.filter
def kroner(ore: int) -> str:
    """Øre as an amount in NOK, as the reader's language writes it: ``{{ payment.amount|kroner }}``."""
    return str(currency(to_decimal(ore), CURRENCY))


@register.filter
def dispute_reason(reason: str) -> str:
    """Why the bank disputes the payment, in words: ``{{ dispute.reason|dispute_reason }}``."""
    return dispute_reasons.in_words(reason)


@register.simple_tag(takes_context=True)
def waiting_vipps_payment(context: dict[str, Any]) -> dict[str, str] | None:
    """The addresses ``pay`` and ``cancel`` of this browser's newest payment that waits, if there is one.

    ``{% waiting_vipps_payment as urls %}``, and then include ``oscar_vipps/checkout/partials/choices.html``.
    """
    request = context.get("request")
    payment = browser.latest_waiting(request) if request else None
    return {name: url_for(payment, name) for name in ("pay", "cancel")} if payment else None
