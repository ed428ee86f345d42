"""Whether a basket may be paid with Vipps, and if not, why, in words for the shopper."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from oscar.templatetags.currency_filters import currency

from oscar_vipps.conf import is_usable
from oscar_vipps.money import CURRENCY, MAXIMUM, MINIMUM, quantize, to_decimal, to_ore


def why_unavailable(basket: Any, order_total: Any) -> str | None:
    """A sentence for the shopper, or None where the basket may be paid with Vipps.

    Every price is looked at, since a basket's own currency is that of its first line only. Vipps takes NOK
    and nothing else, from 3.00 to 999 999.99 (Stripe's guide "Vipps payments" and its amount limits).
    """
    if not is_usable() or not order_total.is_tax_known:
        return not_set_up()
    currencies = {line.purchase_info.price.currency for line in basket.all_lines()} | {order_total.currency}
    if currencies != {CURRENCY}:
        # Translators: shown in the checkout instead of the choice to pay with Vipps
        return _("Vipps can only be used when everything in the basket is priced in Norwegian kroner.")
    amount = to_ore(quantize(order_total.incl_tax))
    if amount < MINIMUM:
        # Translators: shown in the checkout instead of the choice to pay with Vipps
        return _("Vipps can be used for orders of at least %(amount)s.") % {"amount": _shown(MINIMUM)}
    if amount > MAXIMUM:
        # Translators: shown in the checkout instead of the choice to pay with Vipps
        return _("Vipps can be used for orders of at most %(amount)s.") % {"amount": _shown(MAXIMUM)}
    return None


def not_set_up() -> str:
    """What the shopper is told where the owner still has something to do; the system checks say what."""
    # Translators: shown in the checkout where the shop has not finished setting Vipps up
    return _("Vipps is not available in this shop at the moment.")


def _shown(amount: int) -> str:
    return str(currency(to_decimal(amount), CURRENCY))
