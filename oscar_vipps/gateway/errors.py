"""Stripe's errors, classified in one table: what each means here, and what the shop's owner can do."""

from __future__ import annotations

import stripe

from oscar_vipps.exceptions import (
    GatewayError,
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
    # 5xx, and a body that is no JSON.
    (stripe.APIError, GatewayUnavailable, _LATER_HINT),
    (stripe.StripeError, GatewayUnavailable, _LATER_HINT),
)


def translate(error: stripe.StripeError) -> GatewayError:
    """Ours for Stripe's."""
    message = error.user_message or str(error)
    code = error.code or ""
    if NOT_ENROLLED in message:
        return NotEnrolled(
            "Stripe refuses the Vipps preview for this account in this mode.",
            hint="Enrolment is per account and per mode, test and live: ask Stripe for access to the Vipps "
            "preview. When Vipps is generally available, set OSCAR_VIPPS['PREVIEW'] to None.",
            code=code,
        )
    # The same key is at work in another request; its answer will come.
    if error.http_status == 409:
        return GatewayUnavailable(message, hint=_LATER_HINT, code=code)
    ours, hint = next((ours, hint) for theirs, ours, hint in TABLE if isinstance(error, theirs))
    return ours(message, hint=hint, code=code)
