"""Mail to the shopper, by Oscar's communication types, sent when the money has moved and not before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sites.models import Site
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from oscar.core.loading import get_class

from oscar_vipps.exceptions import trail
from oscar_vipps.models import Dispute, Payment, Refund

from . import orders

OrderDispatcher = get_class("order.utils", "OrderDispatcher")

logger = logging.getLogger("oscar_vipps")

#: Instead of Oscar's ORDER_PLACED where the money is only reserved.
RESERVED = "VIPPS_RESERVED"
REFUNDED = "VIPPS_REFUNDED"

#: How long somebody may take to send.
CLAIM_LASTS = timedelta(minutes=10)


def send_confirmation(payment_id: int) -> bool:
    """Send the order-placed mail unless that was done; tells whether it was sent now.

    Called after the commit, so that a mail server that is down never undoes a payment. A failure is logged,
    and the payment then is one whose confirmation is still due.
    """
    payment = Payment.objects.select_related("order__user", "order__site").get(pk=payment_id)
    # Staff cancelled it while it was paid. Should they go on with it, the confirmation is due then.
    if orders.is_cancelled(payment.order):
        return False
    return send_once(payment, payment, lambda: _confirm(payment))


def send_refund(refund_id: int) -> bool:
    """Tell the shopper that money was sent back, unless that was done; as ``send_confirmation``."""
    refund = Refund.objects.select_related("payment__order__user", "payment__order__site").get(pk=refund_id)
    if refund.status != Refund.Status.SUCCEEDED:
        return False
    payment = refund.payment
    return send_once(refund, payment, lambda: _tell_of_refund(payment, refund))


def send_once(row: Payment | Refund | Dispute, payment: Payment, send: Callable[[], None]) -> bool:
    """``row`` says whether it was sent. In the shopper's language."""
    # Of several that come here at once, one sends. Whoever is killed while sending leaves a claim that ends.
    now, rows = timezone.now(), type(row).objects
    is_free = Q(confirmation_claimed_at=None) | Q(confirmation_claimed_at__lt=now - CLAIM_LASTS)
    due = rows.filter(is_free, pk=row.pk, confirmation_sent_at=None)
    if not due.update(confirmation_claimed_at=now):
        return False
    # Not any more where there is more to tell meanwhile: then that is due.
    claimed = rows.filter(pk=row.pk, confirmation_claimed_at=now)
    try:
        with translation.override(payment.language):
            send()
    except Exception as error:  # noqa: BLE001 - templates and mail servers fail in every way there is
        claimed.update(confirmation_claimed_at=None)
        logger.error(
            "A mail about order %s could not be sent and is still due: %s",
            payment.order.number,
            trail(error),
            extra=payment.log_extra(),
        )
        return False
    claimed.update(confirmation_sent_at=timezone.now())
    return True


def _confirm(payment: Payment) -> None:
    if not _can_be_told(payment):
        return
    if payment.state == Payment.State.AUTHORIZED:
        _dispatch(RESERVED, payment)
    else:
        OrderDispatcher().send_order_placed_email_for_user(payment.order, message_context(payment.order))


def _tell_of_refund(payment: Payment, refund: Refund) -> None:
    if _can_be_told(payment):
        _dispatch(REFUNDED, payment, refund=refund)


def _can_be_told(payment: Payment) -> bool:
    """Of an order whose account and address the shop has erased, no shopper is left who could be."""
    return bool(payment.order.email)


def _dispatch(code: str, payment: Payment, **more: Any) -> None:
    dispatcher = OrderDispatcher()
    context = {**message_context(payment.order), "payment": payment, **more}
    messages = dispatcher.dispatcher.get_messages(code, context)
    dispatcher.dispatch_order_messages(payment.order, messages, code)


def message_context(order: Any) -> dict[str, Any]:
    """What Oscar's templates get from ``OrderPlacementMixin.get_message_context``, without a request.

    Needs both ``status_path`` and ``status_url``.
    """
    context: dict[str, Any] = {
        "user": order.user or AnonymousUser(),
        "order": order,
        "lines": order.lines.all(),
        "request": None,
    }
    try:
        if order.user:
            path = reverse("customer:order", kwargs={"order_number": order.number})
        else:
            number, key = order.number, order.verification_hash()
            path = reverse("customer:anon-order", kwargs={"order_number": number, "hash": key})
    except NoReverseMatch:  # a shop without these pages
        return context
    site = order.site or Site.objects.get_current()
    return {**context, "status_path": path, "status_url": f"https://{site.domain}{path}"}
