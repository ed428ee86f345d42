"""Everything that the simulator emits is what Stripe's published contract describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest
from pydantic import BaseModel

from stripe_simulator import parameters
from tests.contract import contract
from tests.simulator.orders import SECRET, VERSION, manual, order
from tests.simulator.receiver import Receiver
from tests.support.simulator import Simulator
from tests.support.simulator_fixtures import simulator, simulator_process

__all__ = ["simulator", "simulator_process"]

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def needs_the_contract() -> None:
    contract.require()


class Wire:
    """Sends form encoded requests and holds every answer to the contract, and every request too."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def use_key(self, key: str) -> None:
        self._client.headers["Authorization"] = f"Bearer {key}"

    def __call__(self, operation: str, id: str = "", *, status: int = 200, **parameters: Any) -> Json:
        method, _, template = operation.partition(" ")
        path = "/".join(id if part.startswith("{") else part for part in template.split("/"))
        pairs = dict(encode("", parameters))
        if method == "POST":
            if status == 200:
                contract.validate_form(operation, parameters)
            response = self._client.post(path, data=pairs)
        else:
            response = self._client.request(method, path, params=pairs)
        assert response.status_code == status, response.text
        data: Json = response.json()
        if status == 200:
            contract.validate_response(operation, data)
        else:
            contract.validate_object("error", data)
        return data


def encode(name: str, value: Any) -> list[tuple[str, str]]:
    """Stripe's form encoding."""
    if isinstance(value, dict):
        return [p for key, item in value.items() for p in encode(f"{name}[{key}]" if name else key, item)]
    if isinstance(value, list):
        return [pair for number, item in enumerate(value) for pair in encode(f"{name}[{number}]", item)]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


@pytest.fixture
def shop(simulator: Simulator) -> Iterator[Receiver]:
    with Receiver() as receiver:
        simulator.set_webhooks(receiver.url, SECRET)
        yield receiver


@pytest.fixture
def wire(simulator: Simulator) -> Iterator[Wire]:
    headers = {"Authorization": "Bearer sk_test_simulator", "Stripe-Version": VERSION}
    with httpx.Client(base_url=simulator.url, headers=headers, timeout=10, trust_env=False) as client:
        yield Wire(client)


SESSIONS = "POST /v1/checkout/sessions"
SESSION = "GET /v1/checkout/sessions/{session}"
EXPIRE = "POST /v1/checkout/sessions/{session}/expire"
INTENT = "GET /v1/payment_intents/{intent}"


def look_at_everything(wire: Wire, session_id: str) -> None:
    """All the ways to see a payment, plain and expanded."""
    session = wire(SESSION, session_id)
    wire(
        SESSION,
        session_id,
        expand=["payment_intent.latest_charge", "payment_intent.payment_method", "line_items"],
    )
    wire("GET /v1/checkout/sessions/{session}/line_items", session_id)
    wire("GET /v1/checkout/sessions", expand=["data.payment_intent"])
    wire("GET /v1/payment_intents")
    wire("GET /v1/refunds")
    for dispute in wire("GET /v1/disputes", expand=["data.charge", "data.payment_intent"])["data"]:
        wire("GET /v1/disputes/{dispute}", dispute["id"])
    events = wire("GET /v1/events", limit=100)["data"]
    for event in events:
        contract.validate_object("event", event)
        wire("GET /v1/events/{id}", event["id"])
    if session["payment_intent"]:
        intent = wire(INTENT, session["payment_intent"], expand=["latest_charge"])
        if intent["latest_charge"]:
            wire(
                "GET /v1/charges/{charge}",
                intent["latest_charge"]["id"],
                expand=["refunds", "payment_intent"],
            )


def received_events(simulator: Simulator, shop: Receiver) -> list[str]:
    """Types of the events that arrived, each of which is held to the contract."""
    simulator.wait_for_deliveries()
    events = [json.loads(received.body) for received in shop.received]
    for event in events:
        contract.validate_object("event", event)
    return [event["type"] for event in events]


def test_open_session(wire: Wire) -> None:
    session = wire(SESSIONS, **order(locale="nb", custom_text={"submit": {"message": "Takk"}}))
    look_at_everything(wire, session["id"])


def test_session_with_everything_we_may_send(wire: Wire) -> None:
    data = {
        "capture_method": "manual",
        "description": "Order 100001",
        "metadata": {"order": "100001"},
        "receipt_email": "kari@example.no",
        "shipping": {"name": "Kari", "address": {"line1": "Storgata 1", "country": "NO"}},
        "statement_descriptor_suffix": "100001",
    }
    session = wire(
        SESSIONS,
        **order(
            payment_intent_data=data,
            billing_address_collection="auto",
            phone_number_collection={"enabled": True},
            submit_type="pay",
            ui_mode="hosted_page",
            expand=["line_items"],
        ),
    )
    look_at_everything(wire, session["id"])


def test_life_of_a_payment_that_is_captured_at_once(simulator: Simulator, shop: Receiver, wire: Wire) -> None:
    session = wire(SESSIONS, **order())
    simulator.pay(session["id"], "start")
    look_at_everything(wire, session["id"])
    simulator.pay(session["id"], "fail")
    look_at_everything(wire, session["id"])
    simulator.pay(session["id"], "start")
    simulator.advance(5 * 60)
    look_at_everything(wire, session["id"])
    simulator.pay(session["id"])
    look_at_everything(wire, session["id"])
    assert received_events(simulator, shop) == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "charge.failed",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_life_of_a_reserved_payment_that_is_captured_and_refunded(
    simulator: Simulator, shop: Receiver, wire: Wire
) -> None:
    session = wire(SESSIONS, **manual())
    intent = simulator.pay(session["id"])["payment_intent"]["id"]
    look_at_everything(wire, session["id"])
    wire("POST /v1/payment_intents/{intent}", intent, metadata={"shipped": "yes"})
    wire("POST /v1/payment_intents/{intent}/capture", intent, amount_to_capture=164800)
    look_at_everything(wire, session["id"])
    simulator.refund_outcomes("succeeded", "pending", "failed")
    for _ in range(3):
        refund = wire("POST /v1/refunds", payment_intent=intent, amount=1000, reason="requested_by_customer")
        wire("GET /v1/refunds/{refund}", refund["id"], expand=["charge", "payment_intent"])
    pending = next(found for found in simulator.state()["refunds"] if found["status"] == "pending")
    simulator.decide_refund(pending["id"], "succeeded")
    look_at_everything(wire, session["id"])
    assert received_events(simulator, shop)[5:] == [
        "charge.captured",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
        "refund.created",
        "charge.refunded",
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "refund.failed",
        "refund.updated",
    ]


@pytest.mark.parametrize("decision", ["won", "lost"])
def test_life_of_a_dispute_that_begins_as_an_inquiry(
    decision: str, simulator: Simulator, shop: Receiver, wire: Wire
) -> None:
    session = wire(SESSIONS, **order())
    intent = simulator.pay(session["id"])["payment_intent"]["id"]
    dispute = simulator.dispute(intent, inquiry=True)
    look_at_everything(wire, session["id"])
    simulator.dispute_answered(dispute)
    look_at_everything(wire, session["id"])
    simulator.escalate_dispute(dispute)
    look_at_everything(wire, session["id"])
    error = wire("POST /v1/refunds", payment_intent=intent, status=400)
    assert error["error"]["code"] == "charge_disputed"
    simulator.dispute_answered(dispute)
    look_at_everything(wire, session["id"])
    simulator.decide_dispute(dispute, decision)
    look_at_everything(wire, session["id"])
    reinstated = ["charge.dispute.funds_reinstated"] if decision == "won" else []
    assert received_events(simulator, shop)[5:] == [
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        *reinstated,
    ]


def test_life_of_an_inquiry_that_is_closed(simulator: Simulator, shop: Receiver, wire: Wire) -> None:
    session = wire(SESSIONS, **order())
    intent = simulator.pay(session["id"])["payment_intent"]["id"]
    simulator.decide_dispute(simulator.dispute(intent, inquiry=True), "closed")
    look_at_everything(wire, session["id"])
    assert received_events(simulator, shop)[5:] == ["charge.dispute.created", "charge.dispute.closed"]


@pytest.mark.parametrize("how", ["by the shop", "by time"])
def test_life_of_a_reservation_that_ends(how: str, simulator: Simulator, shop: Receiver, wire: Wire) -> None:
    session = wire(SESSIONS, **manual())
    intent = simulator.pay(session["id"])["payment_intent"]["id"]
    if how == "by the shop":
        wire("POST /v1/payment_intents/{intent}/cancel", intent, cancellation_reason="requested_by_customer")
    else:
        simulator.advance(7 * 24 * 3600)
    look_at_everything(wire, session["id"])
    first = "charge.refunded" if how == "by the shop" else "charge.expired"
    assert received_events(simulator, shop)[5:] == [first, "payment_intent.canceled"]


@pytest.mark.parametrize("how", ["by the shop", "by time"])
@pytest.mark.parametrize("started", [False, True])
def test_life_of_a_session_that_expires(
    how: str, started: bool, simulator: Simulator, shop: Receiver, wire: Wire
) -> None:
    session = wire(SESSIONS, **order())
    if started:
        simulator.pay(session["id"], "start")
    if how == "by the shop":
        wire(EXPIRE, session["id"])
    else:
        simulator.advance(24 * 3600)
    look_at_everything(wire, session["id"])
    assert received_events(simulator, shop)[-1] == "checkout.session.expired"


def test_webhook_endpoints_and_the_account(wire: Wire) -> None:
    wire("GET /v1/account")
    endpoint = wire(
        "POST /v1/webhook_endpoints",
        url="https://butikk.example/vipps/webhook/",
        enabled_events=["checkout.session.completed", "refund.failed"],
        api_version="2026-08-26.dahlia",
        description="butikk",
        metadata={"site": "1"},
    )
    assert endpoint["secret"].startswith("whsec_")
    id = endpoint["id"]
    wire("POST /v1/webhook_endpoints/{webhook_endpoint}", id, disabled=True)
    assert "secret" not in wire("GET /v1/webhook_endpoints/{webhook_endpoint}", id)
    assert len(wire("GET /v1/webhook_endpoints")["data"]) == 1
    wire("DELETE /v1/webhook_endpoints/{webhook_endpoint}", id)


def test_errors(simulator: Simulator, wire: Wire) -> None:
    wire(SESSIONS, status=400, **order(fot="x"))
    wire(SESSION, "cs_test_unknown", status=404)
    session = wire(SESSIONS, **order())
    intent = simulator.pay(session["id"])["payment_intent"]["id"]
    wire(EXPIRE, session["id"], status=400)
    error = wire("POST /v1/payment_intents/{intent}/capture", intent, status=400)
    assert error["error"]["payment_intent"]["status"] == "succeeded"
    for status in (400, 402, 403, 429, 500, 503):
        simulator.fault("error", status=status)
        wire(SESSION, session["id"], status=status)
    simulator.account(vipps_enrolled=False)
    wire(SESSION, session["id"], status=400)


def test_what_a_restricted_key_may_not(simulator: Simulator, wire: Wire) -> None:
    wire.use_key("rk_test_simulator")
    simulator.account(restricted_key=["checkout_session_read"])
    for operation in ("GET /v1/account", "GET /v1/webhook_endpoints", "POST /v1/refunds"):
        wire(operation, status=403)
    wire("GET /v1/checkout/sessions")


# Parameters: what the simulator takes and what it declares to leave out are together what Stripe takes


def of_contract(schema: Json, above: str = "") -> set[str]:
    """Names as ``line_items[price]``."""
    found: set[str] = set()
    for name, inner in schema.get("properties", {}).items():
        path = f"{above}[{name}]" if above else name
        found.add(path)
        for choice in (inner, *inner.get("anyOf", ())):
            found |= of_contract(choice.get("items", choice), path)
    return found


def of_model(model: type[BaseModel], above: str = "") -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        path = f"{above}[{name}]" if above else name
        found.add(path)
        for inner in models_in(field.annotation):
            found |= of_model(inner, path)
    return found


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


@pytest.mark.parametrize(
    ("operation", "model"),
    [
        (SESSIONS, parameters.CreateSessionNamingTypes),
        (EXPIRE, parameters.Expandable),
        ("POST /v1/payment_intents/{intent}", parameters.UpdatePaymentIntent),
        ("POST /v1/payment_intents/{intent}/cancel", parameters.CancelPaymentIntent),
        ("POST /v1/payment_intents/{intent}/capture", parameters.CapturePaymentIntent),
        ("POST /v1/refunds", parameters.CreateRefund),
        ("POST /v1/webhook_endpoints", parameters.CreateWebhookEndpoint),
        ("POST /v1/webhook_endpoints/{webhook_endpoint}", parameters.UpdateWebhookEndpoint),
    ],
)
def test_parameters_are_all_accounted_for(operation: str, model: type[parameters.Parameters]) -> None:
    known = of_contract(contract._overlaid()["operations"][operation]["form"])
    taken = of_model(model)
    if operation == SESSIONS:  # the contract is shown as both versions' at once
        taken |= of_model(parameters.CreateSessionAllowingTypes)
    assert taken - known == set(), "Stripe doesn't take these"
    left_out = model.not_simulated
    assert left_out & taken == set()
    assert left_out - known == set(), "Stripe doesn't take these"
    missing = {name for name in known - taken if not any(name.startswith(out) for out in left_out)}
    assert missing == set(), "to be simulated, or listed as not simulated"


def test_the_contract_finds_what_is_wrong() -> None:
    """The helper itself: an unknown field, a wrong type and an unknown parameter are found."""
    event = {"id": "evt_1", "object": "event"}
    with pytest.raises(AssertionError, match="created"):
        contract.validate_object("event", event)
    with pytest.raises(AssertionError, match="colour"):
        contract.validate_object("address", {"colour": "red"})
    with pytest.raises(AssertionError, match="fot"):
        contract.validate_form(SESSIONS, order(fot="x"))
    with pytest.raises(AssertionError, match="payment_method_types"):
        contract.validate_form(SESSIONS, order(), "2026-09-30.preview")
    contract.validate_form(
        SESSIONS,
        order(payment_method_types=None, allowed_payment_method_types=["vipps"]),
        "2026-09-30.preview",
    )
    with pytest.raises(AssertionError, match="line_items"):
        contract.validate_form(SESSIONS, order(line_items=[{"quantity": "many"}]))


def test_requests_out_of_the_log_are_decodable(simulator: Simulator, wire: Wire) -> None:
    """What the log shows is nested data again, good for ``validate_form``."""
    wire(SESSIONS, **order())
    [entry] = simulator.requests("POST", "/v1/checkout/sessions")
    contract.validate_form(SESSIONS, entry["parameters"])
    assert entry["parameters"]["line_items"][1]["price_data"]["unit_amount"] == "19950"
