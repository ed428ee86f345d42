"""Which of our exceptions each of Stripe's own becomes, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from oscar_vipps import exceptions
from oscar_vipps.exceptions import GatewayError
from oscar_vipps.gateway.errors import NOT_ENROLLED, TABLE, translate

KEY = "sk_test_for_the_tests"
VERSION = "2026-04-22.preview; vipps_preview=v1"
REFUSAL = (
    f"Invalid Stripe API version: {VERSION}. You do not have permission to pass this beta header: "
    "vipps_preview. If you have any questions, we can help at https://support.stripe.com/."
)

#: Some of the library's exceptions carry no types.
sdk: Any = stripe


class Unheard(stripe.StripeError):
    """One that a later version of the library may bring."""


STRIPES = [
    (sdk.APIConnectionError("no route"), "GatewayUnavailable"),
    (stripe.RateLimitError("slow down", http_status=429), "GatewayUnavailable"),
    (stripe.AuthenticationError("wrong key", http_status=401), "KeyRefused"),
    (stripe.PermissionError("may not read sessions", http_status=403), "KeyRefused"),
    (stripe.IdempotencyError("other parameters", http_status=400), "KeyReuse"),
    (sdk.InvalidRequestError("no such session", "session", http_status=404), "GatewayRefused"),
    (sdk.CardError("declined", None, "card_declined", http_status=402), "GatewayRefused"),
    (stripe.APIError("our fault", http_status=500), "GatewayFailed"),
    (stripe.APIError("key in use", http_status=409), "GatewayBusy"),
    (sdk.InvalidRequestError("key in use", None, http_status=409), "GatewayBusy"),
    (stripe.IdempotencyError("key in use", http_status=409), "GatewayBusy"),
    (sdk.InvalidRequestError("no address", "customer_email", http_status=400), "EmailRefused"),
    (sdk.InvalidRequestError("no address", None, "email_invalid", http_status=400), "EmailRefused"),
    (stripe.StripeError("something"), "GatewayUnavailable"),
    (Unheard("something new"), "GatewayUnavailable"),
    (sdk.InvalidRequestError(REFUSAL, None, http_status=400), "NotEnrolled"),
    (stripe.PermissionError(REFUSAL, http_status=403), "NotEnrolled"),
]


def named(name: str) -> type[GatewayError]:
    found: type[GatewayError] = getattr(exceptions, name)
    return found


def told(error: GatewayError) -> str:
    """All that may end up in a log."""
    return f"{error} {error!r} {error.hint} {error.code}"


@pytest.mark.parametrize(("theirs", "ours"), STRIPES, ids=lambda value: repr(value)[:40])
def test_each_of_stripes_errors_becomes_one_of_ours(theirs: stripe.StripeError, ours: str) -> None:
    found = translate(theirs)
    assert type(found) is named(ours)
    assert str(found)


def test_every_row_of_the_table_is_tried() -> None:
    assert {theirs for theirs, _ours, _hint in TABLE} <= {type(theirs) for theirs, _ours in STRIPES}


def test_the_text_and_code_of_stripe_are_kept() -> None:
    found = translate(sdk.InvalidRequestError("No such session: 'cs_1'", "session", "resource_missing"))
    assert (str(found), found.code) == ("No such session: 'cs_1'", "resource_missing")


@pytest.mark.parametrize("ours", ["GatewayUnavailable", "KeyRefused", "NotEnrolled"])
def test_the_owner_is_told_what_to_do(ours: str) -> None:
    assert all(translate(theirs).hint for theirs, name in STRIPES if name == ours)


def test_who_is_not_enrolled_is_told_so_in_our_words() -> None:
    assert NOT_ENROLLED in REFUSAL
    found = translate(sdk.InvalidRequestError(REFUSAL, None, http_status=400))
    assert "preview" in str(found)
    assert "per account and per mode" in found.hint


@pytest.mark.parametrize("message", [None, ""])
def test_an_error_without_a_message_has_one_here(message: str | None) -> None:
    assert str(translate(stripe.APIError(message, http_status=500)))


PERSONAL = ("kari", "Nordmann", "@example.com", "+4791234567", KEY)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        # Stripe repeats what it refuses.
        (400, "Invalid email address: kari.nordmann@example.com"),
        (400, 'Invalid email address: "kari.nordmann"@example.com'),
        # Its library repeats a body that it can't read.
        (200, 'Invalid response body from API: {"customer_email": "kari@example.com'),
        (
            200,
            'Invalid response body from API: {"customer_details": {"name": "Nordmann", "phone": "+4791234567',
        ),
        (502, 'Invalid response object from API: \'{"customer_email": "kari@example.com"}\''),
        # So does the HTTP library, with a header that can't be sent.
        (None, f"(Network error: InvalidHeader: Invalid character(s) in header value: 'Bearer {KEY}\\n')"),
    ],
)
def test_no_message_holds_a_secret_or_anything_about_the_shopper(status: int | None, message: str) -> None:
    theirs = {
        400: sdk.InvalidRequestError(message, "customer_email", "email_invalid", http_status=400),
        None: sdk.APIConnectionError(message),
    }
    found = told(translate(theirs.get(status, stripe.APIError(message, http_status=status))))
    assert not [word for word in PERSONAL if word in found]
