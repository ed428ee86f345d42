"""What of an event is stored: enough to settle a payment, and nothing personal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oscar_vipps.gateway import events
from oscar_vipps.gateway.snapshot import ORDER_KEY, PAYMENT_KEY, SITE_KEY, from_object

Json = dict[str, Any]

METADATA = {PAYMENT_KEY: "q7m2x9c4v8b3n6k5j2h8g4f7", ORDER_KEY: "100012", SITE_KEY: "butikk.example"}

PERSONAL = {
    "kari@example.com",
    "Kari Nordmann",
    "Storgata 1",
    "0155",
    "+4791234567",
    "4242",
    "visa",
    "fp_1",
    "card_1",
    "203.0.113.7",
}
BILLING = {
    "address": {"line1": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"},
    "email": "kari@example.com",
    "name": "Kari Nordmann",
    "phone": "+4791234567",
}
CARD = {"brand": "visa", "last4": "4242", "fingerprint": "fp_1", "exp_month": 12, "exp_year": 2031}
METHOD = {
    "id": "pm_1",
    "object": "payment_method",
    "type": "vipps",
    "billing_details": BILLING,
    "card": CARD,
    "vipps": {"card": CARD, "phone": "+4791234567"},
}
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "amount": 24900,
    "billing_details": BILLING,
    "payment_method_details": {"type": "vipps", "vipps": {"card": CARD}},
    "receipt_email": "kari@example.com",
    "shipping": BILLING,
    "source": {"id": "card_1", **CARD},
    "metadata": METADATA,
    "status": "succeeded",
}
ERROR = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "generic_decline",
    "message": "Kari Nordmann's visa 4242 was declined.",
    "payment_method": METHOD,
    "source": {"id": "card_1", **CARD},
}
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 24900,
    "amount_capturable": 0,
    "amount_received": 24900,
    "capture_method": "automatic",
    "charges": {"object": "list", "data": [CHARGE]},
    "client_secret": "pi_1_secret_of_kari@example.com",
    "created": 1,
    "currency": "nok",
    "customer": {"id": "cus_1", "object": "customer", **BILLING},
    "description": "Order of Kari Nordmann",
    "last_payment_error": ERROR,
    "latest_charge": CHARGE,
    "livemode": False,
    "metadata": {**METADATA, "email": "kari@example.com", "phone": "+4791234567"},
    "next_action": {"type": "vipps", "phone": "+4791234567"},
    "payment_method": METHOD,
    "receipt_email": "kari@example.com",
    "shipping": BILLING,
    "status": "succeeded",
}
SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "amount_total": 24900,
    "collected_information": {"shipping_details": BILLING},
    "created": 1,
    "currency": "nok",
    "custom_fields": [{"key": "name", "text": {"value": "Kari Nordmann"}}],
    "customer_details": BILLING,
    "customer_email": "kari@example.com",
    "expires_at": 2101,
    "livemode": False,
    "metadata": {**METADATA, "name": "Kari Nordmann"},
    "payment_intent": INTENT,
    "payment_status": "paid",
    "shipping_details": BILLING,
    "status": "complete",
    "success_url": "https://butikk.example/?email=kari@example.com",
    "url": "https://checkout.stripe.com/c/pay/cs_1#kari@example.com",
}
OBJECTS = [
    SESSION,
    INTENT,
    CHARGE,
    {"id": "re_1", "object": "refund", "charge": CHARGE, "payment_intent": INTENT, "metadata": METADATA},
    # What other applications use the same account for.
    {"id": "cus_1", "object": "customer", **BILLING, "metadata": {"name": "Kari Nordmann"}},
    {**SESSION, "metadata": {}, "client_reference_id": "kari@example.com"},
]


@pytest.mark.parametrize("data", OBJECTS, ids=lambda data: data["object"])
def test_nothing_personal_is_stored(data: Json) -> None:
    text = json.dumps(events.facts({"data": {"object": data, "previous_attributes": {"shipping": BILLING}}}))
    assert not [word for word in PERSONAL if word in text]


@pytest.mark.parametrize("data", OBJECTS, ids=lambda data: data["object"])
def test_facts_of_facts_are_the_same(data: Json) -> None:
    kept = events.facts({"data": {"object": data}})
    assert events.facts({"data": {"object": kept}}) == kept


def test_facts_hold_what_settles_a_payment() -> None:
    assert events.facts({"data": {"object": SESSION}}) == {
        "id": "cs_test_1",
        "object": "checkout.session",
        "amount_total": 24900,
        "created": 1,
        "currency": "nok",
        "expires_at": 2101,
        "livemode": False,
        "metadata": METADATA,
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "status": "complete",
    }
    assert events.facts({"data": {"object": INTENT}}) == {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 24900,
        "amount_capturable": 0,
        "amount_received": 24900,
        "capture_method": "automatic",
        "created": 1,
        "currency": "nok",
        "last_payment_error": {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "generic_decline",
        },
        "latest_charge": "ch_1",
        "livemode": False,
        "metadata": METADATA,
        "status": "succeeded",
    }


@pytest.mark.parametrize(
    "data", [SESSION, {**SESSION, "payment_intent": "pi_1"}, {**INTENT, "latest_charge": "ch_1"}]
)
def test_an_event_settles_the_same_from_its_facts_as_whole(data: Json) -> None:
    whole, stored = from_object(data), from_object(events.facts({"data": {"object": data}}))
    assert (stored.payment, stored.order, stored.site) == (whole.payment, whole.order, whole.site)
    assert (stored.amount, stored.amount_authorized, stored.amount_captured) == (24900, 24900, 24900)
    assert stored.payment_intent_id == whole.payment_intent_id == "pi_1"
    assert stored.session_expires_at == whole.session_expires_at


@pytest.mark.parametrize("metadata", [None, {}])
def test_an_object_without_metadata_has_facts(metadata: Json | None) -> None:
    for data in ({"id": "pi_1", "metadata": metadata}, {"id": "pi_1"}):
        assert events.facts({"data": {"object": data}})["metadata"] == {}


@pytest.mark.parametrize("value", [None, "pi_1", {"id": "pi_1", "object": "payment_intent"}])
def test_a_reference_is_stored_as_an_id(value: Any) -> None:
    kept = events.facts({"data": {"object": {"id": "cs_1", "payment_intent": value}}})
    assert kept["payment_intent"] == ("pi_1" if value else None)
