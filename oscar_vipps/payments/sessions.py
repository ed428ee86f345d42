"""The payment's Checkout Session: made once, found again, and seen to be what was asked for."""

from __future__ import annotations

import contextlib
from datetime import timedelta
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
from oscar_vipps.models import Payment
from oscar_vipps.money import CURRENCY

from .operations import end_of_session
from .settlement import settle

#: With less left, an attempt that is begun again needs a new end, and so a new idempotency key.
TOO_SHORT = timedelta(minutes=30, seconds=30)


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
        expire_quietly(snapshot.session_id)
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
    order = payment.order
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        # Nothing that a session is made of changes in it.
        payment.order = order
        if payment.has_ended:
            raise PaymentEnded(payment.reference)
        left = payment.session_expires_at - timezone.now()
        anew = anew or payment.session_attempt == 0 or left < TOO_SHORT
        if payment.session_id is None and anew:
            payment.session_attempt += 1
            payment.session_expires_at = end_of_session()
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
        expire_quietly(snapshot.session_id)
        raise VippsNotOffered(problem, hint=hint)


def expire_quietly(session_id: str | None) -> None:
    """A session that nobody was sent to. Should this fail, it ends by itself."""
    if session_id:
        with contextlib.suppress(GatewayError):
            client.expire_session(session_id)
