"""Stripe's objects as its API shows them, whole."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from oscar_vipps.gateway.snapshot import ORDER_KEY, PAYMENT_KEY, SITE_KEY
from stripe_simulator import objects
from stripe_simulator.parameters import CreateSession

Json = dict[str, Any]

METADATA: Json = {PAYMENT_KEY: "q7m2x9c4v8b3n6k5j2h8g4f7", ORDER_KEY: "100012", SITE_KEY: "butikk.example"}
EXPIRES_AT = datetime(2026, 11, 2, 12, 35, tzinfo=timezone.utc)
AMOUNT = 24900


def session(**changes: Any) -> Json:
    parameters = CreateSession.model_validate(
        {
            "mode": "payment",
            "line_items": {},
            "success_url": "https://butikk.example/vipps/return/",
            "customer_email": "kari@example.com",
            "metadata": METADATA,
            "payment_intent_data": {"metadata": METADATA},
        }
    )
    made = objects.checkout_session(
        parameters,
        created=int(EXPIRES_AT.timestamp()) - 2100,
        expires_at=int(EXPIRES_AT.timestamp()),
        livemode=False,
        currency="nok",
        total=AMOUNT,
        payment_method_types=["vipps"],
        configuration=None,
        pages="https://checkout.stripe.com",
    )
    return {**made, **changes}


def intent(**changes: Any) -> Json:
    data = {
        "capture_method": "automatic",
        "description": "Order 100012",
        "metadata": METADATA,
        **dict.fromkeys(("receipt_email", "shipping", "statement_descriptor", "statement_descriptor_suffix")),
        "transfer_group": None,
    }
    return {**objects.payment_intent(session(), data, created=1, livemode=False), **changes}


def charge(status: str, *, captured: bool = False, **changes: Any) -> Json:
    made = objects.charge(intent(), created=1, email="kari@example.com", status=status, captured=captured)
    return {**made, **changes}
