"""What can be done with a payment. Each: intent saved, Stripe called, answer settled.

No lock is held while Stripe is called, so between any two steps everything else may happen, and each answer
goes through ``settle``, which knows what has.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import (
    EmailRefused,
    GatewayError,
    GatewayRefused,
    KeyReuse,
    PaymentEnded,
    VippsNotOffered,
)
from oscar_vipps.gateway import client
from oscar_vipps.gateway.session import session_parameters
from oscar_vipps.gateway.snapshot import Snapshot, from_object
from oscar_vipps.models import Payment, new_reference
from oscar_vipps.money import CURRENCY, to_ore
from oscar_vipps.shop import ledger

from .settlement import settle
from .states import State

logger = logging.getLogger("oscar_vipps")

#: Stripe wants 30 minutes to 24 hours between a session's creation and its end; a minute's room on both sides
#: for slow networks and clocks.
SHORTEST_SESSION = timedelta(minutes=31)
LONGEST_SESSION = timedelta(hours=24) - timedelta(minutes=1)
#: With less left, an attempt that is begun again needs a new end, and so a new idempotency key.
TOO_SHORT = timedelta(minutes=30, seconds=30)


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
        session_expires_at=_end_of_session(),
    )


def _end_of_session() -> datetime:
    lifetime = max(get_settings().session_lifetime, SHORTEST_SESSION)
    return timezone.now() + min(lifetime, LONGEST_SESSION)


def open_session(payment: Payment, *, success_url: str, cancel_url: str) -> Payment:
    """Make the payment's Checkout Session, or find the one that is open: its ``session_url`` is where the
    shopper goes.

    Must not run in a transaction. Raises ``GatewayError`` where there is no session, or none for Vipps;
    ``PaymentEnded`` where nothing is to be paid any more.
    """
    payment = _begin_attempt(payment)
    if payment.session_id:
        return payment
    if payment.livemode != get_settings().livemode:
        raise GatewayRefused(
            "The order was placed while the secret key was of the other mode.",
            hint="Nothing needs to be done: the shopper can order again.",
        )
    session = _create_session(payment, {"success_url": success_url, "cancel_url": cancel_url})
    snapshot = from_object(session)
    _check_session(payment, session, snapshot)
    payment = settle(payment.pk, snapshot)
    if payment.has_ended or payment.session_id != snapshot.session_id:
        # Cancelled, or opened in another tab, while Stripe was making this one.
        _expire_quietly(snapshot.session_id)
    if payment.has_ended:
        raise PaymentEnded(payment.reference)
    if payment.session_id is None:
        raise VippsNotOffered("The Checkout Session doesn't match the payment.", hint="See the flag on it.")
    return payment


def _create_session(payment: Payment, urls: dict[str, str]) -> dict[str, Any]:
    parameters = session_parameters(payment, settings=get_settings(), **urls)
    try:
        return _request_session(payment, parameters)
    except KeyReuse:
        # The same attempt was begun with other parameters, say under another of the shop's addresses.
        pass
    except EmailRefused:
        parameters.pop("customer_email", None)
    payment = _begin_attempt(payment, anew=True)
    return _request_session(payment, parameters)


def _request_session(payment: Payment, parameters: dict[str, Any]) -> dict[str, Any]:
    key = f"{payment.reference}-session-{payment.session_attempt}"
    return client.create_session(parameters, idempotency_key=key)


def _begin_attempt(payment: Payment, *, anew: bool = False) -> Payment:
    """Save what is about to be asked for, so that after a crash the same is asked for again."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.has_ended:
            raise PaymentEnded(payment.reference)
        left = payment.session_expires_at - timezone.now()
        anew = anew or payment.session_attempt == 0 or left < TOO_SHORT
        if payment.session_id is None and anew:
            payment.session_attempt += 1
            payment.session_expires_at = _end_of_session()
            payment.save(update_fields=["session_attempt", "session_expires_at", "updated_at"])
    return payment


def _check_session(payment: Payment, session: dict[str, Any], snapshot: Snapshot) -> None:
    """Stripe may drop a payment method without a word: see that Vipps is there, and the sum."""
    problem = hint = ""
    if "vipps" not in session["payment_method_types"]:
        problem = f"The Checkout Session offers {session['payment_method_types']}, not vipps."
        hint = (
            "Switch Vipps on under Settings > Payment methods in Stripe's Dashboard, for this mode, and see "
            "that the account is enrolled in the Vipps preview."
        )
    elif (snapshot.amount, snapshot.currency) != (payment.amount, CURRENCY):
        problem = (
            f"The Checkout Session asks for {snapshot.amount} {snapshot.currency}, not {payment.amount}."
        )
    if problem:
        _expire_quietly(snapshot.session_id)
        raise VippsNotOffered(problem, hint=hint)


def _expire_quietly(session_id: str | None) -> None:
    """A session that nobody was sent to. Should this fail, it ends by itself."""
    if session_id:
        with contextlib.suppress(GatewayError):
            client.expire_session(session_id)


def refresh(payment: Payment) -> Payment:
    """Ask Stripe how things stand and settle that; raises ``GatewayError``."""
    if payment.session_id is None:
        return payment
    return settle(payment.pk, from_object(client.retrieve_session(payment.session_id)))


def give_up(payment: Payment) -> Payment:
    """End a payment for which no session could be made. One that has a session is left alone: somebody
    may be paying it at this moment.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.session_id is not None or payment.state != State.CREATED:
            return payment
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
    with contextlib.suppress(GatewayRefused):
        answer = client.expire_session(payment.session_id or "")
    try:
        return refresh(payment)
    except GatewayError:
        if answer is None:
            raise
        # That it is over, Stripe has said.
        return settle(payment.pk, from_object(answer))


def _ask_for_cancellation(payment: Payment) -> None:
    payment.cancel_requested_at = payment.cancel_requested_at or timezone.now()
    payment.save(update_fields=["cancel_requested_at", "updated_at"])
