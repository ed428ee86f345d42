"""Vipps with a rule of the shop's own, offered last."""

from typing import Any

from oscar.apps.checkout import views

from oscar_vipps.checkout.methods import PaymentMethod, Vipps, configured_methods
from oscar_vipps.checkout.mixins import PaymentDetailsMixin, PaymentMethodMixin


class VippsForParcels(Vipps):
    """Not for what weighs a ton."""

    def why_unavailable(self, request: Any, basket: Any, order_total: Any) -> str | None:
        if basket.num_items > 100:
            return "We call you about large orders."
        return super().why_unavailable(request, basket, order_total)


class WaysToPay:
    """Before the mixins, in both views."""

    def get_payment_methods(self) -> list[PaymentMethod]:
        others = [method for method in configured_methods() if method.code != "vipps"]
        return [*others, VippsForParcels()]


class PaymentMethodView(WaysToPay, PaymentMethodMixin, views.PaymentMethodView):
    """Asks."""


class PaymentDetailsView(WaysToPay, PaymentDetailsMixin, views.PaymentDetailsView):
    """Places the order."""
