"""The list of payments as a file for a spreadsheet. Nothing personal is in it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from oscar_vipps.models import Payment
from oscar_vipps.money import to_decimal

from .periods import today
from .views import PaymentListView

#: Payments that are in memory at a time.
AT_ONCE = 500
#: What makes a spreadsheet take a text for a formula. https://owasp.org/www-community/attacks/CSV_Injection
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


class PaymentExportView(PaymentListView):
    """What the list shows, all pages of it, as CSV. What was asked for wrongly is answered by the list."""

    http_method_names = ["get"]

    def render_to_response(self, context: dict[str, Any], **response: Any) -> HttpResponseBase:
        if not self.filter_form.is_valid():
            return super().render_to_response(context, **response)
        headers = {"Content-Disposition": f'attachment; filename="vipps-{today():%Y-%m-%d}.csv"'}
        pieces = _texts(self.object_list, translation.get_language())
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _texts(payments: Any, language: str | None) -> Iterator[str]:
    """In that language: it is read when the request that asked for it may be over."""
    writer = csv.writer(_Echo())
    with translation.override(language):
        # Without the mark before them, spreadsheets take the letters for those of another century.
        heading = "\ufeff" + writer.writerow(_columns())
    yield heading
    for piece in _pieces(payments):
        with translation.override(language):
            text = "".join(writer.writerow(map(_safe, _cells(payment))) for payment in piece)
        yield text


def _pieces(payments: Any) -> Iterator[list[Payment]]:
    """Newest first, some at a time: not every database hands out a long answer piece by piece."""
    # Not with their orders: each of the two would hold on to the other, and to its memory.
    payments = payments.select_related(None).annotate(order_number=F("order__number")).order_by("-pk")
    piece = list(payments[:AT_ONCE])
    while piece:
        yield piece
        piece = list(payments.filter(pk__lt=piece[-1].pk)[:AT_ONCE])


def _columns() -> list[str]:
    return [
        _("Order"),
        _("Reference"),
        _("Begun at"),
        _("State"),
        _("Amount"),
        _("Reserved"),
        _("Paid"),
        _("Refunded"),
        _("Currency"),
        _("Capture before"),
        _("Attention"),
        _("Real money"),
        _("PaymentIntent"),
        _("Charge"),
        _("Checkout Session"),
    ]


def _cells(payment: Any) -> list[Any]:
    return [
        payment.order_number,
        payment.reference,
        _moment(payment.created_at),
        payment.get_state_display(),
        to_decimal(payment.amount),
        to_decimal(payment.amount_authorized),
        to_decimal(payment.amount_captured),
        to_decimal(payment.amount_refunded),
        payment.currency,
        _moment(payment.capture_before),
        _("Yes") if payment.needs_attention else "",
        _("Yes") if payment.livemode else _("No"),
        payment.payment_intent_id or "",
        payment.charge_id,
        payment.session_id or "",
    ]


def _moment(moment: datetime | None) -> str:
    """In the shop's time zone, as spreadsheets read it."""
    if moment is None:
        return ""
    local = (
        timezone.localtime(moment, timezone.get_default_timezone()) if timezone.is_aware(moment) else moment
    )
    return f"{local:%Y-%m-%d %H:%M:%S}"


def _safe(cell: Any) -> Any:
    """A text that a spreadsheet doesn't take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell
