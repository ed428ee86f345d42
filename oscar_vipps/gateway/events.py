"""Webhook events: whether Stripe signed them, and what of them may be stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import stripe

from oscar_vipps.exceptions import EventRefused

from .snapshot import MALFORMED, ORDER_KEY, PAYMENT_KEY, REFUND_KEY, SITE_KEY, StripeObject

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
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)

#: The facts that are kept of an object, and what each is. A list of what may stay: names, addresses, mail,
#: phone numbers and card data have no way in.
KEPT: dict[str, type] = {
    "id": str,
    "object": str,
    "livemode": bool,
    "created": int,
    "status": str,
    "payment_status": str,
    "currency": str,
    "amount": int,
    "amount_total": int,
    "amount_capturable": int,
    "amount_received": int,
    "capture_method": str,
    "expires_at": int,
    "canceled_at": int,
    "cancellation_reason": str,
    "failure_reason": str,
    "reason": str,
}
#: And of the objects in it.
_NESTED: dict[str, dict[str, type]] = {
    "metadata": dict.fromkeys((PAYMENT_KEY, ORDER_KEY, SITE_KEY, REFUND_KEY), str),
    "last_payment_error": dict.fromkeys(("type", "code", "decline_code"), str),
    "evidence_details": {"due_by": int},
}
_REFERENCES = ("payment_intent", "latest_charge", "charge")
#: The id or the type of an event.
_NAME = re.compile(r"[A-Za-z0-9_.]{1,255}")
#: Nothing that Stripe counts, in øre or in seconds since 1970, is as much.
_TOO_MUCH = 2**36
#: Characters of an id, and of everything else that is kept.
_TOO_LONG = 256


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
        event = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise EventRefused("the body is not JSON") from error
    try:
        named = _NAME.fullmatch(event["id"]) and _NAME.fullmatch(event["type"])
        about = event["object"], type(event["livemode"]), type(event["data"]["object"]["object"])
        well_formed = named and about == ("event", bool, str)
    except (KeyError, TypeError, IndexError):
        well_formed = None
    if not well_formed:
        raise EventRefused("the body is not an event")
    return event


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def facts(event: StripeObject) -> StripeObject:
    """The event's object without anything personal: what is stored, and processed again from there.

    What isn't of the kind that Stripe documents is left out, and named under ``MALFORMED``.
    """
    data = event["data"]["object"]
    given = {name: data[name] for name in KEPT if name in data and _says_something(name, data[name])}
    kept: dict[str, Any] = {name: value for name, value in given.items() if _is(KEPT[name], value)}
    malformed = sorted(given.keys() - kept.keys())
    for name in _REFERENCES:
        if name in data:
            kept[name] = _id_of(data[name])
            malformed += [name] if data[name] is not None and kept[name] is None else []
    for name, kinds in _NESTED.items():
        found, wrong = _nested(data.get(name), kinds)
        if found or name == "metadata":
            kept[name] = found
        malformed += [name] if wrong else []
    if malformed:
        kept[MALFORMED] = malformed
    return kept


def payment_intent_of(kept: StripeObject) -> str:
    """The id of the PaymentIntent that the facts are about; empty where there is none."""
    found = kept.get("id") if kept.get("object") == "payment_intent" else kept.get("payment_intent")
    return found or ""


def _says_something(name: str, value: Any) -> bool:
    """Much may be null, but not what everything is known by."""
    return value is not None or name in ("id", "object", "livemode")


def _is(kind: type, value: Any) -> bool:
    if kind is str:
        return _is_text(value) and value != ""
    return isinstance(value, int) and type(value) is kind and 0 <= value < _TOO_MUCH


def _is_text(value: Any) -> bool:
    """Whether every database can store it."""
    return (
        isinstance(value, str)
        and len(value) < _TOO_LONG
        and "\0" not in value
        and not any("\ud800" <= character <= "\udfff" for character in value)
    )


def _nested(found: Any, kinds: dict[str, type]) -> tuple[dict[str, Any], bool]:
    """What is kept of an object, and whether something in it is not of its kind. A text may be empty here."""
    if found is None:
        return {}, False
    if not isinstance(found, dict):
        return {}, True
    given = {name: found[name] for name in kinds if found.get(name) is not None}
    kept = {
        name: value
        for name, value in given.items()
        if (_is_text(value) if kinds[name] is str else _is(kinds[name], value))
    }
    return kept, kept != given


def _id_of(value: Any) -> str | None:
    """References come as ids, or as whole objects where the endpoint's version expands them."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if _is(str, found) else None
