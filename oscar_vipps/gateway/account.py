"""What Stripe lets this key and its account do: questions that leave nothing that a shopper could pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import stripe

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import GatewayRefused, KeyRefused
from oscar_vipps.money import CURRENCY, MINIMUM

from . import client
from .endpoints import WITHOUT_PREVIEW
from .session import SHORTEST_SESSION, payment_method_parameters
from .snapshot import PAYMENT_KEY, SITE_KEY

#: In place of a payment's reference, on the session that is made to see whether one can be made. It is no
#: payment's, so should the session be left open, ``vipps_reconcile`` ends it.
NOBODY = "vipps_doctor"
#: An id that no object has.
NOTHING = "vipps_doctor"


@dataclass(frozen=True)
class Account:
    """``charges_enabled`` is None where a restricted key may not know, ``time`` is Stripe's clock."""

    charges_enabled: bool | None
    time: datetime | None


def look() -> Account:
    """Ask Stripe who this is; raises ``GatewayError``, but not for a restricted key that may not know."""
    try:
        with client.translated() as stripe_client:
            answer: Any = stripe_client.v1.accounts.retrieve_current({}, WITHOUT_PREVIEW)
    except KeyRefused as error:
        refusal = error.__cause__
        if not isinstance(refusal, stripe.PermissionError):
            raise
        return Account(None, _date(refusal.headers or {}))
    return Account(answer["charges_enabled"], _date(answer.last_response.headers))


def try_preview() -> None:
    """See whether the preview flag may be sent; raises ``NotEnrolled``, or another ``GatewayError``."""
    # The flag is looked at whatever is asked for. No session is as young as that.
    next(client.open_sessions(datetime.now(timezone.utc)), None)


def missing_permissions() -> list[str]:
    """What Stripe says of each permission that payments need and this key lacks; raises ``GatewayError``."""
    # Not documented, but so it is: permission comes before the search for the object.
    writes: tuple[Callable[[], Any], ...] = (
        lambda: client.expire_session(f"cs_{NOTHING}"),
        lambda: client.cancel_payment_intent(f"pi_{NOTHING}"),
        lambda: client.create_refund(
            {"payment_intent": f"pi_{NOTHING}"}, idempotency_key=f"{NOTHING}-{uuid4().hex}"
        ),
    )
    return [refusal for refusal in map(_refusal, writes) if refusal]


def try_session(*, site: str) -> list[str]:
    """Make a Checkout Session for the smallest amount, expire it at once, and tell which payment methods it
    offered.

    Its address never leaves this function, so nobody can pay it. ``site`` is the shop's domain. Raises
    ``GatewayError``.
    """
    parameters = {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {
                    "currency": CURRENCY.lower(),
                    "unit_amount": MINIMUM,
                    "product_data": {"name": NOBODY},
                },
                "quantity": 1,
            }
        ],
        "metadata": {PAYMENT_KEY: NOBODY, SITE_KEY: site},
        "expires_at": int((datetime.now(timezone.utc) + SHORTEST_SESSION).timestamp()),
        "success_url": f"https://{site}/",
        "cancel_url": f"https://{site}/",
        **payment_method_parameters(get_settings()),
    }
    session = client.create_session(parameters, idempotency_key=f"{NOBODY}-{uuid4().hex}")
    client.expire_session(session["id"])
    methods: list[str] = session["payment_method_types"]
    return methods


def _refusal(request: Callable[[], Any]) -> str:
    try:
        request()
    except KeyRefused as error:
        return str(error)
    except GatewayRefused:
        # There is no such object, as was to be expected.
        return ""
    return ""


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return None
