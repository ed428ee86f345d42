"""What staff do with a payment: take the money, release it, send it back, ask Stripe. Each is one POST.

Who did it stands in the log and in a note on the order; what came of it, in what Stripe says.
"""

from __future__ import annotations

import logging
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from oscar_vipps.exceptions import GatewayError, GatewayRefused
from oscar_vipps.models import Payment, Refund
from oscar_vipps.payments import operations, refunds
from oscar_vipps.responses import SeeOther
from oscar_vipps.shop import orders

from .forms import CapturePartForm, RefundForm

logger = logging.getLogger("oscar_vipps")


# Not atomic: Stripe is called, and what is about to be asked of it must be saved before.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class PaymentActionView(View):
    """One action. Back to the page that it was asked for on afterwards, which says how it went."""

    http_method_names = ["post"]
    #: In the log.
    name = ""
    #: A note on the order, for staff; ``{amount}`` is a number such as 249.00. None leaves none.
    note: Any = None

    def post(self, request: HttpRequest, reference: str) -> HttpResponse:
        payment = get_object_or_404(Payment.objects.select_related("order"), reference=reference)
        extra = payment.log_extra(user=request.user.pk)
        logger.info("Order %s: %s, by user %s", payment.order.number, self.name, request.user.pk, extra=extra)
        answer = None
        try:
            answer = self.act(request, payment)
        except GatewayError as error:
            logger.error(
                "Order %s: %s failed: %s %s", payment.order.number, self.name, error, error.hint, extra=extra
            )
            messages.error(request, self.explain(error))
        return answer or SeeOther(self.get_success_url(payment))

    def get_success_url(self, payment: Payment) -> str:
        """Oscar's page of the order where the form says so, else the payment's."""
        if is_back_to_order(self.request):
            return reverse("dashboard:order-detail", kwargs={"number": payment.order.number})
        return reverse("vipps_dashboard:payment-detail", args=[payment.reference])

    def act(self, request: HttpRequest, payment: Payment) -> HttpResponse | None:
        """Do it, and tell; raises ``GatewayError``. None for the page that it was asked for on."""
        raise NotImplementedError

    def explain(self, error: GatewayError) -> str:
        """What Stripe's answer means for staff."""
        if isinstance(error, GatewayRefused):
            # Translators: shown to staff; %(answer)s is Stripe's own English sentence
            return _("Stripe refused: %(answer)s") % {"answer": error}
        # Translators: shown to staff after a button was pressed
        return _("Stripe can't be reached at the moment. Look again in a few minutes.")

    def add_note(self, request: HttpRequest, payment: Payment, amount: int) -> None:
        orders.add_note(payment.order, self.note, amount, by=request.user)


class CaptureView(PaymentActionView):
    """Take the money that is reserved."""

    name = "capture"
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    note = gettext_lazy("Vipps: asked Stripe to capture NOK {amount}.")

    def act(self, request: HttpRequest, payment: Payment) -> None:
        if payment.state != Payment.State.AUTHORIZED:
            messages.error(request, _("Nothing is reserved that could be captured."))
            return
        is_captured, text = capture(payment, request.user)
        (messages.success if is_captured else messages.error)(request, text)


def capture(payment: Payment, user: Any) -> tuple[bool, str]:
    """Take what is reserved, and note who wanted that: whether the money is here, and that in a sentence.

    Raises ``GatewayError``.
    """
    orders.add_note(payment.order, CaptureView.note, payment.amount, by=user)
    if operations.capture(payment).state == Payment.State.CAPTURED:
        return True, _("The money is captured.")
    return False, _("The money could not be captured: the reservation is gone.")


class ReleaseView(PaymentActionView):
    """Give up a reservation: the shopper keeps the money, and the order is cancelled."""

    name = "release"
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    note = gettext_lazy("Vipps: asked Stripe to release the reservation of NOK {amount}.")

    def act(self, request: HttpRequest, payment: Payment) -> None:
        if payment.state != Payment.State.AUTHORIZED:
            messages.error(request, _("Nothing is reserved that could be released."))
            return
        self.add_note(request, payment, payment.amount)
        payment = operations.void(payment)
        if payment.state == Payment.State.CANCELLED:
            messages.success(request, _("The reservation is released."))
        else:
            messages.error(request, _("The reservation could not be released: the money is captured."))


class RefundView(PaymentActionView):
    """Send money back. A form that can't be taken is shown again as it was filled in."""

    name = "refund"
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    note = gettext_lazy("Vipps: asked Stripe to refund NOK {amount}.")
    form_class: type[RefundForm] = RefundForm
    form_name = "refund_form"

    def act(self, request: HttpRequest, payment: Payment) -> HttpResponse | None:
        form = self.form_class(payment, request.POST)
        if not form.is_valid():
            return show_again(request, payment, **{self.form_name: form})
        try:
            refund = self.save(form, request)
        except refunds.DisputeIsOpen:
            messages.error(request, _("The shopper's bank disputes the payment. Nothing has been refunded."))
        except refunds.NotRefundable:
            messages.error(request, _("That much isn't left any more. Nothing has been refunded."))
        else:
            self.carry_out(request, payment, refund)
        return None

    def save(self, form: RefundForm, request: HttpRequest) -> Refund:
        """The wish, before anything is asked of Stripe."""
        return refunds.request_refund(form.payment, form.wish(request.user))

    def carry_out(self, request: HttpRequest, payment: Payment, refund: Refund) -> None:
        """Ask Stripe, and tell; raises ``GatewayError``."""
        if refund.status == refund.Status.REQUESTED:
            self.add_note(request, payment, refund.amount)
            refunds.send(refund)
            refund.refresh_from_db()
        tell = messages.error if refund.status == refund.Status.FAILED else messages.success
        # Translators: %(status)s is "Refunded", "On its way" or "Failed"
        tell(request, _("Refund: %(status)s.") % {"status": refund.get_status_display()})


class CapturePartView(RefundView):
    """Capture the whole, for Vipps knows no part of it, and refund at once what the shop doesn't send."""

    name = "capture-part"
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    note = gettext_lazy("Vipps: asked Stripe to capture the whole, and to refund NOK {amount} of it.")
    form_class = CapturePartForm
    form_name = "part_form"

    def save(self, form: RefundForm, request: HttpRequest) -> Refund:
        """Saved before the capture: should this process be killed, the reconciler refunds."""
        return refunds.request_refund(form.payment, form.wish(request.user), once_captured=True)

    def carry_out(self, request: HttpRequest, payment: Payment, refund: Refund) -> None:
        """Capture first; raises ``GatewayError``, and the wish is then granted after a later capture."""
        if refund.status == refund.Status.REQUESTED:
            self.add_note(request, payment, refund.amount)
            payment = operations.capture(payment)
            if payment.state != Payment.State.CAPTURED:
                messages.error(request, _("The money could not be captured: the reservation is gone."))
                return
            refunds.send(Refund.objects.get(pk=refund.pk))
            refund.refresh_from_db()
        # Translators: %(status)s is "Refunded", "On its way" or "Failed"
        text = _("The money is captured. Refund: %(status)s.") % {"status": refund.get_status_display()}
        tell = messages.error if refund.status == refund.Status.FAILED else messages.success
        tell(request, text)


def is_back_to_order(request: HttpRequest) -> bool:
    return request.POST.get("back_to") == "order"


def show_again(request: HttpRequest, payment: Payment, **forms: RefundForm) -> HttpResponse:
    """The payment's page with a form that couldn't be taken."""
    # Whichever view this shop has put in its place.
    config: Any = apps.get_app_config("vipps_dashboard")
    view = config.payment_detail_view()
    view.setup(request, reference=payment.reference)
    view.object = view.get_object()
    context = view.get_context_data(back_to_order=is_back_to_order(request), **forms)
    response: HttpResponse = view.render_to_response(context, status=400)
    return response


class RefreshView(PaymentActionView):
    """Ask Stripe how things stand."""

    name = "refresh"

    def act(self, request: HttpRequest, payment: Payment) -> None:
        operations.refresh(payment)
        messages.success(request, _("This is what Stripe says now."))
