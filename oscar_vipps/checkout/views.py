"""The two views of Oscar's checkout that Vipps changes. A shop with its own adds the mixins to them."""

from oscar.apps.checkout import views as base

from .mixins import PaymentDetailsMixin, PaymentMethodMixin


class PaymentMethodView(PaymentMethodMixin, base.PaymentMethodView):
    """Choose how to pay."""


class PaymentDetailsView(PaymentDetailsMixin, base.PaymentDetailsView):
    """Look at the order once more, and place it."""
