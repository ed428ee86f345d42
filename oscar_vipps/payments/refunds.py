"""Money sent back: saved as a wish first, then asked of Stripe, then settled like all that Stripe says."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum

from oscar_vipps.exceptions import GatewayFailed, GatewayRefused, KeyRefused, KeyReuse, NotEnrolled
from oscar_vipps.gateway import client
from oscar_vipps.gateway.snapshot import ORDER_KEY, PAYMENT_KEY, REFUND_KEY, SITE_KEY, from_object
from oscar_vipps.models import Flag, Payment, Refund, new_reference
from oscar_vipps.money import to_decimal

from . import operations
from .flags import flag
from .settlement import settle

logger = logging.getLogger("oscar_vipps")

Status = Refund.Status


def refundable(payment: Payment) -> int:
    """Øre that were captured, and are neither sent back nor on their way."""
    promised = payment.refunds.exclude(status__in=[Status.FAILED, Status.CANCELLED])
    return payment.amount_captured - (promised.aggregate(sum=Sum("amount"))["sum"] or 0)


class NotRefundable(ValueError):
    """The amount isn't positive, or more than is left."""


def request_refund(
    payment: Payment, amount: int | None = None, *, by: Any = None, reference: str = ""
) -> Refund:
    """Save the wish to send back ``amount`` øre, or all that is left. ``send`` then asks Stripe.

    ``by`` is the user who wants it; None for this app itself. The same ``reference`` again is the same wish
    again, however often a button is pressed. Raises ``NotRefundable``.
    """
    with transaction.atomic():
        # What is left is computed and promised under one lock.
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if reference and (known := payment.refunds.filter(reference=reference).first()):
            return known
        left = refundable(payment)
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise NotRefundable(f"{amount} øre can't be refunded, {left} are left")
        return Refund.objects.create(
            payment=payment, amount=amount, requested_by=by, reference=reference or new_reference()
        )


def send(refund: Refund) -> Payment:
    """Ask Stripe for a refund that is wished for. May be repeated: the same is asked for again.

    Raises ``GatewayError`` where that leaves the wish open. A refund that Stripe refuses for good is marked
    as failed, and flagged.
    """
    payment = refund.payment
    parameters = {
        "payment_intent": payment.payment_intent_id,
        "amount": refund.amount,
        "metadata": {
            PAYMENT_KEY: payment.reference,
            ORDER_KEY: payment.order.number,
            SITE_KEY: payment.site,
            REFUND_KEY: refund.reference,
        },
    }
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
        refund = request_refund(payment, left)
    except NotRefundable:
        # Somebody else is sending it back at this moment.
        return payment
    return send(refund)
