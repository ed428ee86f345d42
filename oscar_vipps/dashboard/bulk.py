"""Several payments captured at once: asked first, then each by itself, with what came of it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import View

from oscar_vipps.exceptions import GatewayError, trail
from oscar_vipps.models import Payment

from . import actions
from .access import payments_for

logger = logging.getLogger("oscar_vipps")

#: As many as a page of the list holds. Stripe is asked for one after the other, and somebody waits.
AT_MOST = 25
REFERENCE = re.compile(r"[-a-zA-Z0-9_]{1,32}")


@dataclass(frozen=True)
class Outcome:
    """What came of one payment."""

    payment: Payment
    is_captured: bool
    text: str


# Not atomic: Stripe is called, and each payment is settled by itself.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class CaptureSelectedView(View):
    """GET shows what would be captured, POST captures it. Each ``payment`` is a reference."""

    http_method_names = ["get", "post"]
    template_name = "oscar_vipps/dashboard/capture_selected.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        payments = self.chosen(request.GET)
        context: dict[str, Any] = {
            "reserved": [each for each in payments if each.state == Payment.State.AUTHORIZED],
            "others": [each for each in payments if each.state != Payment.State.AUTHORIZED],
        }
        context["total"] = sum(each.amount for each in context["reserved"])
        return self.answer(context)

    def post(self, request: HttpRequest) -> HttpResponse:
        outcomes = [capture(payment, request.user) for payment in self.chosen(request.POST)]
        return self.answer({"outcomes": outcomes, "summary": summary(outcomes)})

    def chosen(self, data: QueryDict) -> list[Payment]:
        """The payments with those references; ``BadRequest`` or ``Http404`` where they can't be had."""
        references = set(data.getlist("payment"))
        if not all(map(REFERENCE.fullmatch, references)):
            raise BadRequest("A reference that can't be one")
        if len(references) > AT_MOST:
            raise BadRequest(f"More than {AT_MOST} payments")
        found = payments_for(self.request.user).filter(reference__in=references).order_by("created_at", "pk")
        payments = list(found)
        if len(payments) < len(references):
            raise Http404
        return payments

    def answer(self, context: dict[str, Any]) -> HttpResponse:
        return render(self.request, self.template_name, context)


def capture(payment: Payment, user: Any) -> Outcome:
    """As the button on the payment's page does it. Raises nothing, so that the others get their turn."""
    if payment.state != Payment.State.AUTHORIZED:
        return Outcome(payment, False, _("Nothing is reserved that could be captured."))
    number, extra = payment.order.number, payment.log_extra(user=user.pk)
    logger.info("Order %s: capture, with others, by user %s", number, user.pk, extra=extra)
    try:
        return Outcome(payment, *actions.capture(payment, user))
    except GatewayError as error:
        logger.error("Order %s: capture failed: %s %s", number, error, error.hint, extra=extra)
        return Outcome(payment, False, actions.CaptureView().explain(error))
    except Exception as error:  # noqa: BLE001 - whatever it was, the others are still to be captured
        logger.error("Order %s: capture failed: %s", number, trail(error), extra=extra)
        return Outcome(payment, False, _("Something went wrong. Look at the payment before you try again."))


def summary(outcomes: list[Outcome]) -> str:
    """In a sentence."""
    captured = sum(outcome.is_captured for outcome in outcomes)
    text = ngettext("%(captured)s of %(all)s is captured.", "%(captured)s of %(all)s are captured.", captured)
    return text % {"captured": captured, "all": len(outcomes)}
