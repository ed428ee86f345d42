"""The calls to Stripe. Nobody else makes any; none is made while a database lock is held."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import stripe

from oscar_vipps.conf import VippsSettings, get_settings
from oscar_vipps.exceptions import GatewayUnavailable, KeyRefused

from .errors import translate

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


def open_sessions(created_since: datetime) -> Iterator[dict[str, Any]]:
    """The account's sessions that can still be paid, newest first, page by page; raises ``GatewayError``."""
    since = int(created_since.timestamp())
    return _list(
        lambda client: client.v1.checkout.sessions.list(
            {"status": "open", "created": {"gte": since}, "limit": 100}
        )
    )


def cancel_payment_intent(payment_intent_id: str) -> dict[str, Any]:
    """Release what is reserved.

    Raises ``GatewayRefused`` where nothing is, for instance because it was captured, and otherwise
    ``GatewayError``.
    """
    return _call(
        lambda client: client.v1.payment_intents.cancel(payment_intent_id, {"expand": ["latest_charge"]})
    )


def capture_payment_intent(payment_intent_id: str) -> dict[str, Any]:
    """Take all that is reserved; Vipps knows no part of it.

    Raises ``GatewayRefused`` where nothing is reserved, for instance because it was taken before, and
    otherwise ``GatewayError``.
    """
    return _call(
        lambda client: client.v1.payment_intents.capture(payment_intent_id, {"expand": ["latest_charge"]})
    )


def create_refund(parameters: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Send money back; raises ``GatewayRefused`` where there is none left, and otherwise ``GatewayError``."""
    options = {"idempotency_key": idempotency_key}
    return _call(lambda client: client.v1.refunds.create(parameters, options))  # type: ignore[arg-type]


def list_refunds(payment_intent_id: str) -> list[dict[str, Any]]:
    """Every refund of the payment, oldest first; raises ``GatewayError``."""
    newest_first = _list(
        lambda client: client.v1.refunds.list({"payment_intent": payment_intent_id, "limit": 100})
    )
    return list(newest_first)[::-1]


def list_disputes(payment_intent_id: str) -> list[dict[str, Any]]:
    """Every dispute of the payment, oldest first; raises ``GatewayError``."""
    newest_first = _list(
        lambda client: client.v1.disputes.list({"payment_intent": payment_intent_id, "limit": 100})
    )
    return list(newest_first)[::-1]


def _call(request: Callable[[stripe.StripeClient], Any]) -> dict[str, Any]:
    with translated() as client:
        answer: dict[str, Any] = request(client).to_dict()
    return answer


def _list(request: Callable[[stripe.StripeClient], Any]) -> Iterator[dict[str, Any]]:
    with translated() as client:
        for each in request(client).auto_paging_iter():
            yield each.to_dict()


@contextmanager
def translated() -> Iterator[stripe.StripeClient]:
    """The client, whose errors become ours: for calls that are made in other modules of the gateway."""
    settings = get_settings()
    if not settings.has_usable_key:
        raise KeyRefused("OSCAR_VIPPS['SECRET_KEY'] is not a secret key.", hint="manage.py check says more.")
    try:
        yield _client(settings)
    except stripe.StripeError as error:
        raise translate(error) from error
    except (AttributeError, TypeError) as error:
        # What the library makes of an answer that isn't Stripe's: some proxy's.
        raise GatewayUnavailable("What answered is not Stripe.", hint="Is there a proxy?") from error


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
