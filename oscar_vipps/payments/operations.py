"""What can be done with a payment. Each: intent saved, Stripe called, answer settled.

No lock is held while Stripe is called, so between any two steps everything else may happen, and each answer
goes through ``settle``, which knows what has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import GatewayError, GatewayRefused, KeyRefused
from oscar_vipps.gateway import client
from oscar_vipps.gateway.session import LONGEST_SESSION, SHORTEST_SESSION
from oscar_vipps.gateway.snapshot import Snapshot, dispute_facts, from_object, refund_facts
from oscar_vipps.models import Flag, Payment, new_reference
from oscar_vipps.money import to_decimal, to_ore
from oscar_vipps.shop import ledger

from .flags import flag
from .settlement import settle
from .states import State


def start(order: Any, *, needs_shipping: bool, language: str) -> Payment:
    """The payment of an order that was just placed, in that order's transaction. Stripe isn't called.

    The amount is the order's total in øre, computed here once and used from here on.
    """
    settings = get_settings()
    reference = new_reference()
    manual = settings.capture == "manual" or (settings.capture == "on_shipment" and needs_shipping)
    return Payment.objects.create(
        reference=reference,
        order=order,
        source=ledger.open_source(order, reference),
        amount=to_ore(order.total_incl_tax),
        currency=order.currency,
        livemode=settings.livemode,
        capture_method=Payment.CaptureMethod.MANUAL if manual else Payment.CaptureMethod.AUTOMATIC,
        site=order.site.domain if order.site else "",
        language=language,
        # Until when stock is held, be it that the shopper never gets as far as Stripe.
        session_expires_at=end_of_session(),
    )


def end_of_session() -> datetime:
    """Until when a shopper who begins now may pay."""
    lifetime = max(get_settings().session_lifetime, SHORTEST_SESSION)
    return timezone.now() + min(lifetime, LONGEST_SESSION)


def refresh(payment: Payment) -> Payment:
    """Ask Stripe how things stand and settle that; raises ``GatewayError``."""
    if payment.session_id is None:
        return payment
    snapshot = from_object(client.retrieve_session(payment.session_id))
    # Nothing else is ever refunded or disputed.
    if snapshot.payment_intent_id and snapshot.amount_captured:
        snapshot = _with_what_became_of_it(payment, snapshot, snapshot.payment_intent_id)
    return settle(payment.pk, snapshot)


def _with_what_became_of_it(payment: Payment, snapshot: Snapshot, payment_intent_id: str) -> Snapshot:
    """With the money's refunds and disputes, where there may be any."""
    if snapshot.amount_refunded or payment.refunds.exists():
        refunds = client.list_refunds(payment_intent_id)
        snapshot = replace(snapshot, refunds=tuple(map(refund_facts, refunds)))
    if snapshot.disputed or payment.disputes.exists():
        disputes = client.list_disputes(payment_intent_id)
        snapshot = replace(snapshot, disputes=tuple(map(dispute_facts, disputes)))
    return snapshot


def give_up(payment: Payment) -> Payment:
    """End a payment for which no session could be made. One that has a session is left alone: somebody
    may be paying it at this moment.
    """
    return _end_without_session(payment, is_asked_for=True)


def run_out(payment: Payment) -> Payment:
    """End a payment whose shopper never got as far as Stripe, when the time to pay is over."""
    return _end_without_session(payment, is_asked_for=False)


def _end_without_session(payment: Payment, *, is_asked_for: bool) -> Payment:
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.session_id is not None or payment.state != State.CREATED:
            return payment
        if not is_asked_for and payment.session_expires_at > timezone.now():
            # The shopper has begun again, a moment ago.
            return payment
        if is_asked_for:
            _ask_for_cancellation(payment)
        never_opened = Snapshot(
            payment=payment.reference,
            order=payment.order.number,
            site=payment.site,
            livemode=payment.livemode,
            currency=payment.currency,
            amount=payment.amount,
            session_ended=True,
        )
        return settle(payment.pk, never_opened)


def cancel(payment: Payment) -> Payment:
    """The shopper gives up: end the session at Stripe, and with it the payment.

    If Stripe says that the money came, the money wins: look at the payment that is returned. Raises
    ``GatewayError`` where Stripe can't be reached; nothing is cancelled then, and the wish is kept.
    """
    if payment.session_id is None:
        payment = give_up(payment)
    if payment.has_ended or payment.is_paid or payment.session_id is None:
        return payment
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        _ask_for_cancellation(payment)
    answer = None
    # Refused where it isn't open any more; what it is instead, the next question tells. Not documented is
    # what becomes of an approval that is pending in the app, so the question is asked in any case.
    try:
        answer = client.expire_session(payment.session_id or "")
    except KeyRefused:
        raise
    except GatewayRefused:
        pass
    try:
        return refresh(payment)
    except GatewayError:
        if answer is None:
            raise
        # That it is over, Stripe has said.
        return settle(payment.pk, from_object(answer))


def capture(payment: Payment) -> Payment:
    """Take the money that is reserved, all of it: look at the payment that is returned.

    May be repeated. Raises ``GatewayError`` where Stripe can't be reached. Where it refuses, because the
    money was taken or released before, the payment says so.
    """
    return _ask(payment, client.capture_payment_intent)


def void(payment: Payment) -> Payment:
    """Release what is reserved. May be repeated, and raises, as ``capture`` does."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.state == State.AUTHORIZED:
            # By which a reservation that the shop gives up is told from one that it loses.
            _ask_for_cancellation(payment)
    return _ask(payment, client.cancel_payment_intent)


def _ask(payment: Payment, request: Callable[[str], dict[str, Any]]) -> Payment:
    try:
        answer = request(payment.payment_intent_id or "")
    except KeyRefused:
        raise
    except GatewayRefused:
        return refresh(payment)
    return settle(payment.pk, from_object(answer))


def call_off(payment: Payment) -> Payment:
    """The shop has cancelled the order: end the session, or release the reservation.

    Captured money stays until a person sends it back, and is flagged. So is a payment that Stripe couldn't be
    asked about; ``GatewayError`` is raised then, and the order's status keeps the wish.
    """
    try:
        payment = cancel(payment)
        if payment.state == State.AUTHORIZED:
            payment = void(payment)
    except GatewayError:
        _flag_cancelled_order(payment, "Stripe could not be asked to cancel the payment; it is tried again")
        raise
    if payment.is_paid and payment.holds_money:
        amount = to_decimal(payment.amount_held)
        _flag_cancelled_order(payment, f"NOK {amount} is {payment.state}; refund it, or go on with the order")
    return payment


def _flag_cancelled_order(payment: Payment, detail: str) -> None:
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        # Somebody else may have done it meanwhile.
        if not payment.has_ended and (payment.holds_money or not payment.is_paid):
            flag(payment, Flag.Reason.ORDER_CANCELLED, detail)


def _ask_for_cancellation(payment: Payment) -> None:
    payment.cancel_requested_at = payment.cancel_requested_at or timezone.now()
    payment.save(update_fields=["cancel_requested_at", "updated_at"])
