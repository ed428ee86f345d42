"""Ways to pay that the checkout offers: Vipps, and what else the shop has.

A shop lists its own in ``OSCAR_VIPPS["OTHER_METHODS"]``, by dotted path, or overrides
``get_payment_methods`` of the mixins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from oscar.core.loading import get_class

from oscar_vipps.conf import examine, is_wanted
from oscar_vipps.shop.eligibility import not_set_up, why_unavailable

PaymentError = get_class("payment.exceptions", "PaymentError")


class PaymentMethod:
    """One way to pay. Subclass it, and list the subclass."""

    #: Names it in forms and in the checkout's session.
    code: str = ""
    #: What the shopper reads: a name and a short text.
    name: str | Promise = ""
    description: str | Promise = ""
    #: Shows it among the others; gets ``method``.
    template_name: str = "oscar_vipps/checkout/partials/method.html"
    #: Whether the shopper has something to fill in at Oscar's payment-details step.
    needs_details: bool = False

    def why_unavailable(self, request: Any, basket: Any, order_total: Any) -> str | None:
        """Why it can't be chosen now, in a sentence for the shopper, or None where it can."""
        return None

    def handle_payment(self, view: Any, order_number: str, order_total: Any, **kwargs: Any) -> None:
        """Take the payment, as Oscar's ``handle_payment`` does: ``view`` is the payment details view.

        Left alone, the view's own ``handle_payment`` is used.
        """
        view.handle_payment_without_vipps(order_number, order_total, **kwargs)


class Vipps(PaymentMethod):
    """Vipps through Stripe Checkout, for baskets in NOK."""

    code = "vipps"
    # Translators: the name of the payment service; it isn't translated
    name = _("Vipps")
    # Translators: shown below the name Vipps where the shopper chooses how to pay
    description = _("Pay with the Vipps app on your phone.")
    template_name = "oscar_vipps/checkout/partials/vipps_method.html"

    def why_unavailable(self, request: Any, basket: Any, order_total: Any) -> str | None:
        """Vipps takes NOK only, within limits, and needs keys, and addresses to send the shopper to."""
        try:
            reverse("vipps:webhook")
        except NoReverseMatch:
            return not_set_up()
        return why_unavailable(basket, order_total)

    def handle_payment(self, view: Any, order_number: str, order_total: Any, **kwargs: Any) -> None:
        """Refuses: an order must not be placed as paid before anything is. Raises Oscar's ``PaymentError``.

        Only a ``submit`` that isn't the mixin's comes here.
        """
        raise PaymentError(
            "PaymentDetailsMixin.submit places orders for Vipps; the view's submit must call it"
        )


@dataclass(frozen=True)
class Offer:
    """A method and, where it isn't available, the reason."""

    method: PaymentMethod
    reason: str | None

    @property
    def is_available(self) -> bool:
        return self.reason is None


def configured_methods() -> list[PaymentMethod]:
    """Vipps, then the shop's others in their order. None where the setting is missing."""
    if not is_wanted():
        return []
    # What is wrong elsewhere in the setting is no reason not to sell.
    settings, _problems = examine()
    return [Vipps(), *(import_string(path)() for path in settings.other_methods)]
