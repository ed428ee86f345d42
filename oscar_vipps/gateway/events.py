"""Webhook events: whether Stripe signed them, and what of them may be stored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import stripe

from oscar_vipps.exceptions import EventRefused

from .snapshot import ORDER_KEY, PAYMENT_KEY, REFUND_KEY, SITE_KEY, StripeObject

#: Seconds an event may be old; each retry is signed anew.
TOLERANCE = 300

#: What moves a payment. Everything else is recorded and ignored: ``charge.refunded``, for instance, tells the
#: sum of what ``refund.*`` tell one by one.
HANDLED = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "payment_intent.amount_capturable_updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
    }
)

#: The facts that are kept of an object. A list of what may stay: names, addresses, mail, phone numbers and
#: card data have no way in.
KEPT = (
    "id",
    "object",
    "livemode",
    "created",
    "status",
    "payment_status",
    "currency",
    "amount",
    "amount_total",
    "amount_capturable",
    "amount_received",
    "capture_method",
    "expires_at",
    "canceled_at",
    "cancellation_reason",
    "failure_reason",
)
_KEPT_METADATA = (PAYMENT_KEY, ORDER_KEY, SITE_KEY, REFUND_KEY)
_KEPT_ERROR = ("type", "code", "decline_code")


def verify(body: bytes, signature: str, secrets: Iterable[str]) -> StripeObject:
    """The event in ``body`` if one of ``secrets`` signed it within the last ``TOLERANCE`` seconds.

    Raises ``EventRefused``. Several secrets are tried, so that one can be rolled.
    https://docs.stripe.com/webhooks#verify-official-libraries
    """
    # Stripe's library compares ASCII, and fails on anything else.
    if not signature.isascii():
        raise EventRefused("the signature is not one of Stripe's")
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return _parse(body)
    raise EventRefused("no configured secret signed this body within the last five minutes")


def _parse(body: bytes) -> StripeObject:
    try:
        event = json.loads(body)
    except ValueError as error:
        raise EventRefused("the body is not JSON") from error
    try:
        found = event["id"], event["type"], event["livemode"], event["data"]["object"]["object"]
        well_formed = event["object"] == "event" and list(map(type, found)) == [str, str, bool, str]
    except (KeyError, TypeError, IndexError):
        well_formed = False
    if not well_formed:
        raise EventRefused("the body is not an event")
    return event


def facts(event: StripeObject) -> StripeObject:
    """The event's object without anything personal: what is stored, and processed again from there."""
    data = event["data"]["object"]
    kept: dict[str, Any] = {name: data[name] for name in KEPT if name in data}
    kept["metadata"] = {
        name: value for name, value in (data.get("metadata") or {}).items() if name in _KEPT_METADATA
    }
    for name in ("payment_intent", "latest_charge", "charge"):
        if name in data:
            kept[name] = _id_of(data[name])
    if error := data.get("last_payment_error"):
        kept["last_payment_error"] = {name: error.get(name) for name in _KEPT_ERROR}
    return kept


def payment_intent_of(kept: StripeObject) -> str:
    """The id of the PaymentIntent that the facts are about; empty where there is none."""
    return (kept["id"] if kept.get("object") == "payment_intent" else kept.get("payment_intent")) or ""


def _id_of(value: Any) -> str | None:
    """References come as ids, or as whole objects where the endpoint's version expands them."""
    return value.get("id") if isinstance(value, dict) else value
