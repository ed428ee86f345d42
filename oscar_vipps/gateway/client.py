"""The calls to Stripe. Nobody else makes any; none is made while a database lock is held."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import stripe

from oscar_vipps.conf import VippsSettings, get_settings

from .errors import translate

ResultT = TypeVar("ResultT")

#: What a session's answer holds beside its own fields: the facts about the money.
EXPAND = ["payment_intent.latest_charge"]


def create_session(parameters: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Make a Checkout Session (``gateway.session`` says with what); raises ``GatewayError``."""
    options = {"idempotency_key": idempotency_key}
    return _call(lambda client: client.v1.checkout.sessions.create(parameters, options))  # type: ignore[arg-type]


def retrieve_session(session_id: str) -> dict[str, Any]:
    """The session with its PaymentIntent and charge; raises ``GatewayError``."""
    return _call(lambda client: client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPAND}))


def expire_session(session_id: str) -> dict[str, Any]:
    """End an open session, so that nobody can pay it any more.

    Raises ``GatewayRefused`` where it isn't open, for instance because it was just paid, and otherwise
    ``GatewayError``.
    """
    return _call(lambda client: client.v1.checkout.sessions.expire(session_id))


def _call(request: Callable[[stripe.StripeClient], Any]) -> dict[str, Any]:
    try:
        answer: stripe.StripeObject = request(_client(get_settings()))
    except stripe.StripeError as error:
        raise translate(error) from error
    return answer.to_dict()


@functools.lru_cache(maxsize=4)
def _client(settings: VippsSettings) -> stripe.StripeClient:
    """One client per settings, so that connections are kept."""
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        settings.secret_key,
        stripe_version=settings.stripe_version,
        base_addresses={"api": settings.api_base} if settings.api_base else None,
        max_network_retries=settings.max_network_retries,
        http_client=stripe.RequestsClient(timeout=settings.timeout),
    )
