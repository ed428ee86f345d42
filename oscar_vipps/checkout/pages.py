"""The pages around the visit to Stripe: go there, come back, wait, give up.

None believes anything that a browser says about a payment: they ask the database, and Stripe. They hold no
transaction open, since they call Stripe; ``never_cache``, since the back button must not show old news.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from oscar.core.loading import get_class

from oscar_vipps.exceptions import GatewayBusy, GatewayError, PaymentEnded
from oscar_vipps.models import Payment
from oscar_vipps.payments import operations, sessions
from oscar_vipps.responses import SeeOther
from oscar_vipps.shop import baskets

from . import browser
from .declines import reason_for
from .language import in_shopping_language
from .tokens import absolute_url_for, payment_for, url_for

CheckoutSessionData = get_class("checkout.utils", "CheckoutSessionData")
post_checkout = get_class("checkout.signals", "post_checkout")

logger = logging.getLogger("oscar_vipps")

_WITH_BASKET = {
    baskets.Returned.ALL: gettext_lazy("The payment is cancelled, and your basket is back."),
    baskets.Returned.SOME: gettext_lazy(
        "The payment is cancelled. Some of what was in your basket can't be bought any more; "
        "the rest is back."
    ),
    baskets.Returned.NOTHING: gettext_lazy(
        "The payment is cancelled. What was in your basket can't be bought any more."
    ),
}

View = Callable[..., HttpResponse]

#: How often the waiting page looks again by itself before it leaves the choice to the shopper.
LOOKS = 6
LOOKS_SO_FAR = frozenset(str(look) for look in range(LOOKS + 1))

#: How soon Stripe is asked again about the same payment, by whatever page: impatient fingers, and worse, must
#: not use up the account's rate limit.
ASK_AGAIN_AFTER = timedelta(seconds=2)


def page(*methods: str) -> Callable[[View], View]:
    """A view of the payment that the token in its address stands for."""

    def decorate(view: Callable[[HttpRequest, Payment], HttpResponse]) -> View:
        @wraps(view)
        def found(request: HttpRequest, token: str) -> HttpResponse:
            return in_shopping_language(view, request, payment_for(token))

        return transaction.non_atomic_requests(never_cache(require_http_methods(methods)(found)))

    return decorate


@page("GET", "POST")
def pay(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Send the shopper to Stripe's page for this payment, and make that page if there is none.

    Placing the order redirects here, hence GET. It asks for nothing that the shopper didn't ask for by
    placing the order, and for the same again however often it is called.
    """
    if payment.is_paid or payment.has_ended:
        return SeeOther(url_for(payment, "return"))
    try:
        if payment.session_expires_at <= timezone.now() or payment.cancel_requested_at:
            # Stripe's page may be closed already, and nobody told us yet.
            payment = operations.refresh(payment)
        if payment.is_paid:
            return SeeOther(url_for(payment, "return"))
        payment = sessions.open_session(
            payment,
            success_url=absolute_url_for(request, payment, "return"),
            cancel_url=absolute_url_for(request, payment, "cancel"),
        )
    except PaymentEnded:
        return SeeOther(url_for(payment, "return"))
    except GatewayBusy:
        # Another tab is opening it at this moment.
        messages.info(request, _("The payment is being opened already. Please try again in a few seconds."))
        return SeeOther(url_for(payment, "cancel"))
    except GatewayError as error:
        return _could_not_open(request, payment, error)
    return SeeOther(payment.session_url or url_for(payment, "return"))


def _could_not_open(request: HttpRequest, payment: Payment, error: GatewayError) -> HttpResponse:
    """Back to the choice, with the basket as it was; the owner reads the reason in the log."""
    logger.error(
        "Order %s: no Checkout Session for Vipps: %s: %s %s",
        payment.order.number,
        type(error).__name__,
        error,
        error.hint,
        extra=payment.log_extra(),
    )
    payment = operations.give_up(payment)
    if not payment.has_ended:
        # Another tab has a session meanwhile, or this one has and Stripe can't be asked about it.
        messages.error(request, _("Vipps can't be reached at the moment. Please try again in a minute."))
        return SeeOther(url_for(payment, "cancel"))
    _give_basket_back(request, payment)
    messages.error(
        request,
        # Translators: shown at the payment step after Stripe or Vipps failed
        _(
            "Vipps can't be used at the moment. Nothing has been charged, and your basket is as it was. "
            "Please try again in a few minutes, or choose another way to pay."
        ),
    )
    return SeeOther(reverse("checkout:payment-method"))


@page("GET")
def return_(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Where Stripe sends the shopper after paying, in whatever browser that is."""
    payment = _refreshed(payment)
    if payment.is_paid:
        return _paid(request, payment)
    if payment.has_ended:
        return _ended(request, payment)
    if payment.decline_code:
        return _unfinished(request, payment)
    return _waiting(request, payment)


@page("GET", "POST")
def cancel(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Where Stripe sends the shopper who turned back: nothing is cancelled until they say so (POST)."""
    if request.method == "POST":
        return _cancel(request, payment)
    payment = _refreshed(payment)
    if payment.is_paid:
        return _paid(request, payment)
    if payment.has_ended:
        return _ended(request, payment)
    return _unfinished(request, payment)


def _cancel(request: HttpRequest, payment: Payment) -> HttpResponse:
    try:
        payment = operations.cancel(payment)
    except GatewayError as error:
        logger.error(
            "Order %s: could not be cancelled at Stripe: %s %s",
            payment.order.number,
            error,
            error.hint,
            extra=payment.log_extra(),
        )
    if payment.is_paid:
        return SeeOther(url_for(payment, "return"))
    if not payment.has_ended:
        messages.error(
            request,
            # Translators: Stripe didn't answer when a shopper wanted to give up a payment
            _("The payment could not be cancelled right now. Nothing has changed. Please try again."),
        )
        return SeeOther(url_for(payment, "cancel"))
    if returned := _give_basket_back(request, payment):
        messages.success(request, str(_WITH_BASKET[returned]))
        return SeeOther(reverse("basket:summary"))
    return SeeOther(url_for(payment, "return"))


@page("GET")
def status(request: HttpRequest, payment: Payment) -> HttpResponse:
    """What the waiting page's script asks every other second: whether there is news, from the database.

    Now and then it wants Stripe to be asked, as a visit to the page would. ``text`` says the news.
    """
    if request.GET.get("ask") == "stripe":
        payment = _refreshed(payment)
    news = _news(payment)
    return JsonResponse({"waiting": not news, "text": news, "url": url_for(payment, "return")})


def _news(payment: Payment) -> str:
    """Nothing while the payment is undecided."""
    if payment.is_paid:
        if payment.state == Payment.State.AUTHORIZED:
            return _("The amount is reserved with Vipps. You will be charged when the order is sent.")
        return _("The order is paid with Vipps.")
    if payment.state == Payment.State.EXPIRED:
        return _("The time to pay ran out")
    if payment.has_ended:
        return _("The payment is cancelled")
    return _("The payment did not go through") if payment.decline_code else ""


# What is shown


def _paid(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Oscar's thank-you page for whoever ordered; for anybody else, that this one order is paid."""
    if not browser.may_see_order(request, payment):
        return _show(request, "paid", payment)
    is_first_time = browser.began(request, payment)
    request.session["checkout_order_id"] = payment.order_id
    response = SeeOther(reverse("checkout:thank-you"))
    if is_first_time:
        browser.forget(request, payment)
        CheckoutSessionData(request).flush()
        post_checkout.send(
            sender=Payment, order=payment.order, user=request.user, request=request, response=response
        )
    return response


def _waiting(request: HttpRequest, payment: Payment) -> HttpResponse:
    looks = request.GET.get("looks", "")
    look = int(looks) if looks in LOOKS_SO_FAR else 0
    left = LOOKS - look
    return _show(request, "waiting", payment, next_look=look + 1 if left else None, looks_left=left)


def _unfinished(request: HttpRequest, payment: Payment) -> HttpResponse:
    reason = reason_for(payment.decline_code) if payment.decline_code else None
    return _show(request, "unfinished", payment, reason=reason)


def _ended(request: HttpRequest, payment: Payment) -> HttpResponse:
    can_return_basket = browser.may_see_order(request, payment) and not payment.basket_returned_at
    return _show(request, "ended", payment, can_return_basket=can_return_basket)


def _show(request: HttpRequest, name: str, payment: Payment, **context: Any) -> HttpResponse:
    urls = {name: url_for(payment, name) for name in ("pay", "return", "cancel", "status")}
    return render(
        request,
        f"oscar_vipps/checkout/{name}.html",
        {"payment": payment, "order_number": payment.order.number, "urls": urls, **context},
    )


# What they share


def _refreshed(payment: Payment) -> Payment:
    """As Stripe knows it now; as the database knows it where Stripe doesn't answer, or was asked just now."""
    if payment.is_paid or payment.has_ended:
        return payment
    now = timezone.now()
    is_due = Q(refreshed_at=None) | Q(refreshed_at__lte=now - ASK_AGAIN_AFTER)
    if not Payment.objects.filter(is_due, pk=payment.pk).update(refreshed_at=now):
        payment.refresh_from_db()
        return payment
    try:
        return operations.refresh(payment)
    except GatewayError as error:
        logger.warning(
            "Order %s: Stripe could not be asked about the payment: %s %s",
            payment.order.number,
            error,
            error.hint,
            extra=payment.log_extra(),
        )
        return payment


def _give_basket_back(request: HttpRequest, payment: Payment) -> baskets.Returned | None:
    """Only to whoever ordered: what a stranger had in the basket is nobody's business."""
    return baskets.give_back(payment, request) if browser.may_see_order(request, payment) else None
