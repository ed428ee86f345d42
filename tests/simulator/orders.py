"""Requests that the tests send: a good Checkout Session and its variations."""

from __future__ import annotations

import time
from typing import Any

import stripe

from tests.support.simulator import Simulator

VERSION = "2026-04-22.preview; vipps_preview=v1"
SECRET = "whsec_simulator_tests"


def client_for(
    simulator: Simulator, key: str = "sk_test_simulator", version: str = VERSION
) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=version,
        base_addresses={"api": simulator.url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=5),
    )


def order(**changes: Any) -> Any:
    """Parameters of a good Checkout Session; ``None`` takes one away."""
    parameters: dict[str, Any] = {
        "mode": "payment",
        "payment_method_types": ["vipps"],
        "line_items": [line("Fjellgenser", 124900), line("Votter", 19950, 2)],
        "success_url": "https://butikk.example/takk/?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://butikk.example/avbrutt/",
        "client_reference_id": "ref-1",
        "customer_email": "kari@example.no",
        "metadata": {"order": "100001"},
        "payment_intent_data": {"metadata": {"order": "100001"}, "capture_method": "automatic"},
    }
    parameters.update(changes)
    return {name: value for name, value in parameters.items() if value is not None}


def line(name: str, unit_amount: int, quantity: int = 1, currency: str = "nok") -> dict[str, Any]:
    price = {"currency": currency, "unit_amount": unit_amount, "product_data": {"name": name}}
    return {"price_data": price, "quantity": quantity}


def manual(**changes: Any) -> Any:
    return order(payment_intent_data={"capture_method": "manual"}, **changes)


def in_seconds(seconds: int) -> int:
    return int(time.time()) + seconds
