"""Vipps in Oscar's checkout: for the shop's own ``PaymentMethodView`` and ``PaymentDetailsView``.

::

    class PaymentMethodView(PaymentMethodMixin, views.PaymentMethodView): ...
    class PaymentDetailsView(PaymentDetailsMixin, views.PaymentDetailsView): ...
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from oscar.core.loading import get_class, get_model
from oscar.core.prices import Price

from oscar_vipps.models import Payment
from oscar_vipps.money import quantize
from oscar_vipps.payments import operations
from oscar_vipps.responses import SeeOther
from oscar_vipps.shop import baskets, orders

from . import browser
from .methods import Offer, PaymentMethod, Vipps, configured_methods
from .tokens import url_for

Basket = get_model("basket", "Basket")
FailedPreCondition = get_class("checkout.exceptions", "FailedPreCondition")
Order = get_model("order", "Order")
UnableToPlaceOrder = get_class("order.exceptions", "UnableToPlaceOrder")

logger = logging.getLogger("oscar_vipps")


if TYPE_CHECKING:
    # The mixins stand before one of Oscar's checkout views, which carry no types.
    CheckoutView = Any
else:
    CheckoutView = object


class BasketTaken(Exception):
    """The basket was placed by another request, a moment ago."""


class PaymentMethodsMixin(CheckoutView):
    """What both views know: the ways to pay, and the total they are for."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """An empty basket may mean that the order waits to be paid: say that, not "your basket is empty".

        Back from Stripe with the back button, or a second click on "Place order". Where the payment was
        decided meanwhile, that is said.
        """
        # The lines are read here once, for everybody who asks for them later.
        if not request.basket.all_lines() and (payment := browser.latest_unfinished(request)):
            places_order = request.method == "POST" and request.POST.get("action") == "place_order"
            page = "return" if payment.is_paid or payment.has_ended else "pay" if places_order else "cancel"
            return SeeOther(url_for(payment, page))
        return super().dispatch(request, *args, **kwargs)

    def get_pre_conditions(self, request: HttpRequest) -> list[str]:
        """Oscar's, and that there is a total to pay."""
        return [*super().get_pre_conditions(request), "check_total_is_known"]

    def check_total_is_known(self, request: HttpRequest) -> None:
        """A shipping method that was chosen for another basket leaves none. Raises ``FailedPreCondition``."""
        if self.get_current_total() is None:
            raise FailedPreCondition(url=reverse("checkout:shipping-method"))

    def get_payment_methods(self) -> list[PaymentMethod]:
        """Every way to pay that this shop has, available or not, in the order to show them.

        Where there is none, the setting ``OSCAR_VIPPS`` is missing, and the checkout goes Oscar's way.
        """
        return configured_methods()

    def get_offers(self) -> list[Offer]:
        """Each way to pay, with the reason where it isn't available for this basket."""
        total = self.get_current_total()
        return [
            Offer(method, method.why_unavailable(self.request, self.request.basket, total))
            for method in self.get_payment_methods()
        ]

    def find_offer(self, code: str | None) -> Offer | None:
        """The way to pay of that code, if the shop has it."""
        return next((offer for offer in self.get_offers() if offer.method.code == code), None)

    def get_current_total(self) -> Price:
        """What the shopper would pay, shipping and surcharges included."""
        return self.build_submission()["order_total"]

    def get_order_totals(self, *args: Any, **kwargs: Any) -> Price:
        """Oscar's total in whole øre, rounded here and nowhere else.

        The order, the payment and Stripe then have one amount; Oscar leaves surcharges unrounded, and the
        database would round them its own way.
        """
        total = super().get_order_totals(*args, **kwargs)
        excluding, including = total.excl_tax, total.incl_tax
        return Price(
            currency=total.currency,
            excl_tax=quantize(excluding),
            incl_tax=None if including is None else quantize(including),
        )


def _waiting_messages(request: HttpRequest) -> set[str]:
    """What the next page will show, left in place for it."""
    storage: Any = messages.get_messages(request)
    texts = {str(message) for message in storage}
    storage.used = False
    return texts


class PaymentMethodMixin(PaymentMethodsMixin):
    """Choose how to pay, at Oscar's payment-method step. Skipped where there is one way only."""

    template_name = "oscar_vipps/checkout/payment_method.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the ways to pay, or go on with the only one."""
        offers = self.get_offers()
        if not offers:
            return super().get(request, *args, **kwargs)
        available = [offer for offer in offers if offer.is_available]
        if len(available) != 1:
            return self.render_to_response(self.get_context_data(offers=offers))
        told = _waiting_messages(request)
        for offer in offers:
            if offer.reason and offer.reason not in told:
                messages.info(request, offer.reason)
        return self.choose(available[0].method)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the choice, if it is one."""
        offer = self.find_offer(request.POST.get("method_code"))
        if offer is None or not offer.is_available:
            reason = offer.reason if offer else None
            # Translators: a choice was sent that is not among the ways to pay
            messages.error(request, reason or _("Please choose how to pay."))
            return redirect("checkout:payment-method")
        return self.choose(offer.method)

    def choose(self, method: PaymentMethod) -> HttpResponse:
        """Remember the method and go to the next step that it needs."""
        self.checkout_session.pay_by(method.code)
        return self.get_success_response() if method.needs_details else redirect("checkout:preview")


class PaymentDetailsMixin(PaymentMethodsMixin):
    """Place the order first, then send the shopper to pay; other ways to pay go Oscar's way."""

    template_name_preview = "oscar_vipps/checkout/preview.html"

    def get_pre_conditions(self, request: HttpRequest) -> list[str]:
        """Oscar's, and that a way to pay is chosen that is available now. Holds for the submission, too."""
        return [*super().get_pre_conditions(request), "check_payment_method_is_chosen"]

    def check_payment_method_is_chosen(self, request: HttpRequest) -> None:
        """Raises ``FailedPreCondition`` with the way back to the choice."""
        if not self._has_to_choose():
            return
        offer = self.find_offer(self.checkout_session.payment_method())
        if offer is None or not offer.is_available:
            reason = offer.reason if offer else None
            raise FailedPreCondition(url=reverse("checkout:payment-method"), message=reason)

    def get_chosen_method(self) -> PaymentMethod | None:
        """None where nothing is to be paid, or where there is nothing to choose from."""
        if not self._has_to_choose():
            return None
        code = self.checkout_session.payment_method()
        return next((method for method in self.get_payment_methods() if method.code == code), None)

    def _has_to_choose(self) -> bool:
        return bool(self.get_payment_methods()) and self.get_current_total().excl_tax != 0

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Oscar's payment-details step is for methods that have details to fill in."""
        method = self.get_chosen_method()
        if not self.preview and method is not None and not method.needs_details:
            return redirect("checkout:preview")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Also ``offers``, ``chosen_method``, and ``has_choice`` where there is another way to pay."""
        offers = self.get_offers()
        has_choice = sum(offer.is_available for offer in offers) > 1
        ours = {"offers": offers, "chosen_method": self.get_chosen_method(), "has_choice": has_choice}
        return super().get_context_data(**{**ours, **kwargs})

    # Placing the order

    def submit(self, **submission: Any) -> HttpResponse:
        """Place the order and go to Vipps; orders that are paid otherwise are Oscar's to submit."""
        basket = submission["basket"]
        if not isinstance(self.get_chosen_method(), Vipps):
            if not baskets.is_open(basket):
                return self._go_to_other_payment(basket)
            return super().submit(**submission)
        try:
            payment = self.place_order_for_vipps(**submission)
        except BasketTaken:
            return self._go_to_other_payment(basket)
        except Exception as error:  # as Oscar does: the shopper's basket is kept, whatever it was
            if baskets.is_open(basket):
                return self._show_failure(basket, error)
            # The order is there: what failed is something of the shop's that follows the commit.
            logger.exception("Basket %s was placed as an order, and then something failed", basket.pk)
            return self._go_to_other_payment(basket)
        return SeeOther(url_for(payment, "pay"))

    def place_order_for_vipps(
        self,
        basket: Any,
        user: Any,
        order_kwargs: dict[str, Any] | None = None,
        payment_kwargs: dict[str, Any] | None = None,
        **submission: Any,
    ) -> Payment:
        """Write the order, its payment and its source, and submit the basket: all of it or nothing.

        No mail is sent yet, and Stripe isn't called. Raises ``BasketTaken``, or what placing raises.
        """
        details = {**(order_kwargs or {}), **submission}
        if status := orders.initial_status():
            details["status"] = status
        # The order exists before the shopper leaves. From the claim on, a second submission waits.
        with transaction.atomic():
            if not baskets.claim(basket):
                raise BasketTaken
            number = self.generate_order_number(basket)
            order = self.place_order(order_number=number, user=user, basket=basket, **details)
            payment = operations.start(
                order, needs_shipping=basket.is_shipping_required(), language=get_language() or ""
            )
            basket.submit()
            # With the order, and not when the answer is sent: a process that is killed in between would leave
            # the shopper with an empty basket and no way to the payment.
            browser.remember(self.request, payment)
            self.request.session.save()
        logger.info("Order %s placed, to be paid with Vipps", number, extra=payment.log_extra())
        return payment

    def _go_to_other_payment(self, basket: Any) -> HttpResponse:
        payment = Payment.objects.filter(order__basket_id=basket.pk).first()
        if payment is None:
            # Frozen for another way to pay, in another tab.
            messages.warning(self.request, _("Your basket is being ordered already."))
            return redirect("basket:summary")
        browser.remember(self.request, payment)
        return SeeOther(url_for(payment, "pay"))

    def _show_failure(self, basket: Any, error: Exception) -> HttpResponse:
        """Everything was rolled back; the basket is open as before."""
        basket.status = Basket.OPEN
        logger.error("Basket %s could not be placed as an order: %s", basket.pk, error, exc_info=error)
        # What Oscar raises of itself is worded for shoppers.
        told = isinstance(error, UnableToPlaceOrder)
        text = str(error) if told else _("The order could not be placed. Nothing has been charged.")
        return self.render_preview(self.request, error=text)

    def handle_payment(self, order_number: str, total: Price, **kwargs: Any) -> None:
        """For the other ways to pay: the method's own, which by default is the view's."""
        method = self.get_chosen_method()
        if method is None:
            super().handle_payment(order_number, total, **kwargs)
        else:
            method.handle_payment(self, order_number, total, **kwargs)

    def handle_payment_without_vipps(self, order_number: str, total: Price, **kwargs: Any) -> None:
        """What the view would do if this mixin weren't there."""
        super().handle_payment(order_number, total, **kwargs)

    def restore_frozen_basket(self) -> None:
        """Oscar's, but for a basket that has an order: that one is never opened again."""
        basket_id = self.checkout_session.get_submitted_basket_id()
        if not Order.objects.filter(basket_id=basket_id).exists():
            super().restore_frozen_basket()
