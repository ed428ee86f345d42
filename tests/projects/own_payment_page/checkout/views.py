"""The shop's own page, in Oscar's way: what is chosen stands in the checkout's session."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from oscar.apps.checkout import views

from oscar_vipps.checkout.methods import PaymentMethod
from oscar_vipps.checkout.mixins import PaymentDetailsMixin, PaymentMethodMixin


class Cash(PaymentMethod):
    code = "cash"
    name = "Cash"


class PaymentMethodView(PaymentMethodMixin, views.PaymentMethodView):
    """Asks with a form of its own, be there a choice or not."""

    template_name = "own/how_to_pay.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(ways=self.get_offers()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.checkout_session.pay_by(request.POST["way"])
        return redirect("checkout:preview")


class PaymentDetailsView(PaymentDetailsMixin, views.PaymentDetailsView):
    """Oscar's."""
