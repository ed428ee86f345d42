"""The calls to Stripe. Nobody else makes any; none is made while a database lock is held."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import stripe

from oscar_vipps.conf import VippsSettings, get_settings
from oscar_vipps.exceptions import GatewayUnavailable, KeyRefused

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
    settings = get_settings()
    if not settings.has_usable_key:
        raise KeyRefused("OSCAR_VIPPS['SECRET_KEY'] is not a secret key.", hint="manage.py check says more.")
    try:
        answer: dict[str, Any] = request(_client(settings)).to_dict()
    except stripe.StripeError as error:
        raise translate(error) from error
    except (AttributeError, TypeError) as error:
        # What the library makes of an answer that isn't Stripe's: some proxy's.
        raise GatewayUnavailable("What answered is not Stripe.", hint="Is there a proxy?") from error
    return answer


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
