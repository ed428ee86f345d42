"""What needs a person: payments with an open flag, and events that weren't processed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from oscar_vipps.models import Flag, Payment, WebhookEvent
from oscar_vipps.payments import flags
from oscar_vipps.responses import SeeOther
from oscar_vipps.shop import orders
from oscar_vipps.webhooks import inbox

from .access import may

#: Flags on a page, and events below them.
AT_ONCE = 25
Reason = Flag.Reason


@dataclass(frozen=True)
class Advice:
    """What a flag means to somebody who runs a shop, and what to do about it."""

    meaning: Any
    to_do: Any
    #: Whether a person says when it is done. Otherwise the payment's own facts do.
    is_settled_by_hand: bool = True


ADVICE: dict[str, Advice] = {
    Reason.MISMATCH: Advice(
        gettext_lazy("Stripe told something that can't be true of this payment. It was not believed."),
        gettext_lazy(
            "Compare the payment with Stripe's Dashboard. If money moved there, see that it is right."
        ),
    ),
    Reason.LATE_PAYMENT: Advice(
        gettext_lazy("The shopper paid when the order was cancelled already. The goods are not set aside."),
        gettext_lazy("Open the payment and see that the money goes back to the shopper."),
        is_settled_by_hand=False,
    ),
    Reason.STATUS_REFUSED: Advice(
        gettext_lazy("The payment is as it should be, but the order's status does not show it."),
        gettext_lazy("Set the order's status by hand, and check the setting of the order statuses."),
    ),
    Reason.ORDER_CANCELLED: Advice(
        gettext_lazy("The order was cancelled, but money of the shopper is still reserved or paid."),
        gettext_lazy("Open the payment and release or refund it, unless the order is to go on."),
    ),
    Reason.REFUND_FAILED: Advice(
        gettext_lazy("The shopper has not got the money that was to be refunded. The shop still has it."),
        gettext_lazy("Open the payment and refund again, or pay the shopper in another way."),
    ),
    Reason.DISPUTED: Advice(
        gettext_lazy(
            "The shopper has asked the bank for the money back. The bank waits for the shop's answer."
        ),
        gettext_lazy("Open the payment, see until when, and answer in Stripe's Dashboard."),
    ),
    Reason.RESERVATION_LOST: Advice(
        gettext_lazy(
            "The money that was reserved is the shopper's again. The shop gets nothing for this order."
        ),
        gettext_lazy("Don't send the goods. Ask the shopper to order again, or cancel the order."),
    ),
}


@dataclass(frozen=True)
class FlagItem:
    """One flag, as it is shown."""

    flag: Flag
    advice: Advice


@dataclass(frozen=True)
class EventItem:
    """One event that wasn't processed, as it is shown."""

    event: WebhookEvent
    meaning: str


def open_flags() -> QuerySet[Flag]:
    return Flag.objects.filter(resolved_at=None)


def count_open() -> int:
    """How much needs a person. One query, over what is indexed."""
    events = inbox.undone().order_by().values("pk")
    return open_flags().order_by().values("pk").union(events, all=True).count()


class AttentionView(TemplateView):
    """All of it, oldest first."""

    template_name = "oscar_vipps/dashboard/attention.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """``items`` for the flags of a page, ``events``, and what this user may do."""
        found = open_flags().select_related("payment__order").order_by("created_at", "pk")
        page = Paginator(found, AT_ONCE).get_page(self.request.GET.get("page"))
        events = inbox.undone()
        number = events.count()
        context = {
            "page_obj": page,
            "paginator": page.paginator,
            "items": [FlagItem(flag, ADVICE[flag.reason]) for flag in page],
            "events": [EventItem(event, what_is_wrong_with(event)) for event in events[:AT_ONCE]],
            "number_of_events": number,
            "has_more_events": number > AT_ONCE,
            "may_change_flags": may(self.request.user, "change_flag"),
            "may_process": may(self.request.user, "change_webhookevent"),
        }
        return super().get_context_data(**context, **kwargs)


class FlagDoneView(View):
    """A person has settled what a flag is about. ``seen`` is how long its detail was when they looked."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        flag = get_object_or_404(Flag, pk=pk)
        if not ADVICE[flag.reason].is_settled_by_hand:
            raise Http404
        self.settle(request, flag.payment_id, pk)
        return SeeOther(reverse("vipps_dashboard:attention"))

    @transaction.atomic
    def settle(self, request: HttpRequest, payment_id: int, pk: int) -> None:
        """Locked like everything that flags payments, so that no news comes in between."""
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        flag = Flag.objects.get(pk=pk)
        if flag.resolved_at is not None:
            messages.info(request, _("That was done already."))
        elif request.POST.get("seen") != str(len(flag.detail)):
            messages.error(request, _("There is news about it. Read it, and mark it as done then."))
        else:
            flags.resolve(payment, Reason(flag.reason))
            # Translators: a note on the order, for staff. {what} is what needed attention
            note = format_lazy(gettext_lazy("Vipps: marked as done: {what}."), what=Reason(flag.reason).label)
            orders.add_note(payment.order, note, payment.amount, by=request.user)
            messages.success(request, _("Marked as done."))


def what_is_wrong_with(event: WebhookEvent) -> str:
    """For somebody who runs a shop."""
    if event.status == WebhookEvent.Status.FAILED:
        return _("Stripe's news could not be processed, so a payment may be shown as it was before.")
    if event.status == WebhookEvent.Status.RECEIVED:
        return _("The server stopped before it processed Stripe's news.")
    return _("This refund came before the news of its payment, which is known by now.")
