"""Money sent back: saved as a wish first, then asked of Stripe, then settled like all that Stripe says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum

from oscar_vipps.exceptions import GatewayFailed, GatewayRefused, KeyRefused, KeyReuse, NotEnrolled
from oscar_vipps.gateway import client
from oscar_vipps.gateway.snapshot import ORDER_KEY, PAYMENT_KEY, REFUND_KEY, SITE_KEY, from_object
from oscar_vipps.models import Dispute, Flag, Payment, Refund, RefundLine, new_reference
from oscar_vipps.money import to_decimal

from . import operations, refund_lines
from .flags import flag
from .settlement import settle

logger = logging.getLogger("oscar_vipps")

Status = Refund.Status


def refundable(payment: Payment) -> int:
    """Øre that were captured, and are neither sent back, nor on their way, nor withdrawn by a bank."""
    promised = payment.refunds.exclude(status__in=[Status.FAILED, Status.CANCELLED])
    given = promised.aggregate(sum=Sum("amount"))["sum"] or 0
    return payment.amount_captured - given - payment.amount_disputed


class NotRefundable(ValueError):
    """The amount isn't positive, or more than is left, or the goods are."""


class DisputeIsOpen(NotRefundable):
    """The shopper's bank decides about the money at this moment: Stripe refunds nothing."""


def open_dispute(payment: Payment) -> Dispute | None:
    """What stands in the way of refunds. An inquiry doesn't."""
    return payment.disputes.filter(status__in=Dispute.HINDERING).first()


@dataclass(frozen=True)
class Wish:
    """What staff want sent back, and why."""

    #: Øre; None for all that is left, or for what ``goods`` cost.
    amount: int | None = None
    #: Order line: quantity.
    goods: Mapping[Any, int] = field(default_factory=dict)
    returns_stock: bool = False
    #: One of ``Refund.Reason``, or empty.
    reason: str = ""
    #: The same again is the same wish again, however often a button is pressed.
    reference: str = ""
    #: The user who wants it; None for this app itself.
    by: Any = None


def request_refund(payment: Payment, wish: Wish = Wish(), *, once_captured: bool = False) -> Refund:
    """Save the wish. ``send`` then asks Stripe.

    ``once_captured``: of money that is only reserved, to be sent when it is captured. Raises
    ``NotRefundable``.
    """
    with transaction.atomic():
        # What is left is computed and promised under one lock.
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if wish.reference and (known := payment.refunds.filter(reference=wish.reference).first()):
            return known
        if dispute := open_dispute(payment):
            raise DisputeIsOpen(f"dispute {dispute} is open")
        left = reserved_left(payment) if once_captured else refundable(payment)
        amount = _amount(payment, wish, left)
        if not 0 < amount <= left:
            raise NotRefundable(f"{amount} øre can't be refunded, {left} are left")
        refund = Refund.objects.create(
            payment=payment,
            amount=amount,
            requested_by=wish.by,
            reference=wish.reference or new_reference(),
            reason=wish.reason,
            returns_stock=wish.returns_stock,
        )
        for line, quantity in wish.goods.items():
            RefundLine.objects.create(refund=refund, line=line, quantity=quantity)
        return refund


def reserved_left(payment: Payment) -> int:
    """Øre that are reserved, and not to be sent back once they are captured."""
    if payment.state != Payment.State.AUTHORIZED:
        return 0
    promised = payment.refunds.filter(status=Status.REQUESTED).aggregate(sum=Sum("amount"))["sum"]
    return payment.amount_authorized - (promised or 0)


def _amount(payment: Payment, wish: Wish, left: int) -> int:
    lines_left = refund_lines.quantities_left(payment)
    for line, quantity in wish.goods.items():
        if not 0 < quantity <= lines_left.get(line, 0):
            raise NotRefundable(f"{quantity} of line {line.pk} can't be refunded")
    if wish.amount is not None:
        return wish.amount
    return min(left, refund_lines.amount_of(payment, wish.goods)) if wish.goods else left


def send(refund: Refund) -> Payment:
    """Ask Stripe for a refund that is wished for. May be repeated: the same is asked for again.

    Raises ``GatewayError`` where that leaves the wish open. A refund that Stripe refuses for good is marked
    as failed, and flagged. One of money that isn't captured yet waits.
    """
    payment = refund.payment
    if not payment.amount_captured:
        return payment
    parameters: dict[str, Any] = {
        "payment_intent": payment.payment_intent_id,
        "amount": refund.amount,
        "metadata": {
            PAYMENT_KEY: payment.reference,
            ORDER_KEY: payment.order.number,
            SITE_KEY: payment.site,
            REFUND_KEY: refund.reference,
        },
    }
    if refund.reason:
        parameters["reason"] = refund.reason
    key = f"{refund.reference}-refund-{refund.attempt}"
    try:
        answer = client.create_refund(parameters, idempotency_key=key)
    except (KeyRefused, NotEnrolled):
        # It is the shop's key that is refused, not the refund.
        raise
    except (GatewayFailed, KeyReuse):
        # Under this key Stripe gives this answer from now on.
        Refund.objects.filter(pk=refund.pk, attempt=refund.attempt).update(attempt=F("attempt") + 1)
        raise
    except GatewayRefused as error:
        _refused(refund, error)
        return operations.refresh(payment)
    return settle(payment.pk, from_object(answer))


def _refused(refund: Refund, error: GatewayRefused) -> None:
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
        still_open = Refund.objects.filter(pk=refund.pk, status=Status.REQUESTED)
        still_open.update(status=Status.FAILED, failure_reason=error.code[:64] or "refused")
        reason = error.code or "refused by Stripe"
        flag(payment, Flag.Reason.REFUND_FAILED, f"NOK {to_decimal(refund.amount)}: {reason}")


def send_open(payment: Payment) -> Payment:
    """Ask again for refunds of which it isn't known whether Stripe heard of them; raises ``GatewayError``.

    Stripe is asked first what it has: an idempotency key is kept for a day, a wish for as long as it takes.
    """
    wished = payment.refunds.filter(status=Status.REQUESTED)
    # Which attempt each is at is read before Stripe is asked what it has: another process may be sending it
    # at this moment, and find that the key it used is spoiled.
    known = list(wished.select_related("payment__order"))
    if known:
        payment = operations.refresh(payment)
        _withdraw_impossible(payment)
    for refund in known:
        if wished.filter(pk=refund.pk).exists():
            payment = send(refund)
    return payment


def _withdraw_impossible(payment: Payment) -> None:
    """Somebody has sent the money back in Stripe's Dashboard meanwhile: what we wished for is done."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        wished = payment.refunds.filter(status=Status.REQUESTED)
        for refund in wished.order_by("-pk"):
            if refundable(payment) < 0:
                refund.status = Status.CANCELLED
                refund.save(update_fields=["status", "updated_at"])
                if refund.requested_by_id:
                    flag(payment, Flag.Reason.REFUND_FAILED, f"NOK {to_decimal(refund.amount)} isn't left")


def return_late_money(payment: Payment) -> Payment:
    """Send back what came after the payment had ended: release a reservation, refund what was captured.

    Raises ``GatewayError``; the mark on the payment then stays, and the reconciler tries again.
    """
    if not payment.has_ended:
        return payment
    if payment.amount_captured:
        payment = send_open(payment)
    elif payment.holds_money:
        payment = operations.void(payment)
    left = refundable(payment)
    # Refused, or come back from the bank: to ask for the same again is for a person to decide.
    came_to_nothing = Q(status=Status.FAILED) | Q(status=Status.CANCELLED, refund_id__isnull=False)
    if left <= 0 or payment.refunds.filter(came_to_nothing, amount=left).exists():
        return payment
    try:
        refund = request_refund(payment)
    except NotRefundable:
        # Somebody else is sending it back at this moment, or a bank has asked for it.
        return payment
    return send(refund)
