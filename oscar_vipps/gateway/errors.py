"""Stripe's errors, classified in one table: what each means here, and what the shop's owner can do."""

from __future__ import annotations

import stripe

from oscar_vipps.exceptions import (
    EmailRefused,
    GatewayBusy,
    GatewayError,
    GatewayFailed,
    GatewayRefused,
    GatewayUnavailable,
    KeyRefused,
    KeyReuse,
    NotEnrolled,
)

#: Stripe's words when the account may not send the preview flag; the error has no code of its own.
NOT_ENROLLED = "do not have permission to pass this beta header"

_KEY_HINT = "Check OSCAR_VIPPS['SECRET_KEY'] against the API keys in Stripe's Dashboard."
_LATER_HINT = "Nothing needs to be done if it passes. https://status.stripe.com tells how Stripe is."

_ENROL_HINT = (
    "Enrolment is per account and per mode, test and live: ask Stripe for access to the Vipps preview. When "
    "Vipps is generally available, set OSCAR_VIPPS['PREVIEW'] to None."
)

#: Stripe's exception -> ours and a hint. The first row that fits counts, so subclasses come first.
TABLE: tuple[tuple[type[stripe.StripeError], type[GatewayError], str], ...] = (
    # No connection, or no answer in time: it may have acted all the same.
    (stripe.APIConnectionError, GatewayUnavailable, _LATER_HINT),
    # Too many requests, here or anywhere on the account.
    (stripe.RateLimitError, GatewayUnavailable, _LATER_HINT),
    (stripe.AuthenticationError, KeyRefused, _KEY_HINT),
    # A restricted key: the message names the permission.
    (stripe.PermissionError, KeyRefused, "Give the restricted key the permission that Stripe names."),
    (stripe.IdempotencyError, KeyReuse, ""),
    (stripe.InvalidRequestError, GatewayRefused, "Stripe's request log, in its Dashboard, has the details."),
    (stripe.CardError, GatewayRefused, ""),
    # A body that is no JSON.
    (stripe.APIError, GatewayUnavailable, _LATER_HINT),
    (stripe.StripeError, GatewayUnavailable, _LATER_HINT),
)


def translate(error: stripe.StripeError) -> GatewayError:
    """Ours for Stripe's."""
    # Of some errors only the answer itself tells the code.
    code = error.code or getattr(error.error, "code", None) or ""
    ours, hint = _classified(error)
    return ours(_message(error, ours), hint=hint, code=code)


def _classified(error: stripe.StripeError) -> tuple[type[GatewayError], str]:
    if NOT_ENROLLED in str(error):
        return NotEnrolled, _ENROL_HINT
    if error.http_status == 409:
        return GatewayBusy, _LATER_HINT
    if (error.http_status or 0) >= 500:
        return GatewayFailed, _LATER_HINT
    if getattr(error, "param", None) == "customer_email" or error.code == "email_invalid":
        return EmailRefused, ""
    return next((ours, hint) for theirs, ours, hint in TABLE if isinstance(error, theirs))


def _message(error: stripe.StripeError, ours: type[GatewayError]) -> str:
    """Stripe's words where they speak of settings and permissions, and ours where they might repeat what was
    sent: the shopper's address, a header, a whole body. The request's id finds the rest in Stripe's log.
    """
    if ours is NotEnrolled:
        text = "Stripe refuses the Vipps preview for this account in this mode."
    elif ours is EmailRefused:
        text = "Stripe doesn't take the shopper's e-mail address."
    elif issubclass(ours, GatewayUnavailable):
        text = f"Stripe answered {error.http_status}." if error.http_status else "No answer from Stripe."
    else:
        text = error.user_message or str(error)
    return f"{text} (request {error.request_id})" if error.request_id else text
