"""Refunds of captured payments."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.simulator.orders import line, manual, order
from tests.support.simulator import Simulator


@pytest.fixture
def paid(simulator: Simulator, client: stripe.StripeClient) -> dict[str, Any]:
    """A captured PaymentIntent over 1000.00 kroner."""
    session = client.v1.checkout.sessions.create(order(line_items=[line("Ski", 100000)]))
    intent: dict[str, Any] = simulator.pay(session.id)["payment_intent"]
    return intent


def charge_of(client: stripe.StripeClient, paid: dict[str, Any]) -> stripe.Charge:
    return client.v1.charges.retrieve(paid["latest_charge"])


def types(simulator: Simulator) -> list[str]:
    return [event["type"] for event in simulator.events()][5:]


def test_full_refund(simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]) -> None:
    refund = client.v1.refunds.create(
        {"payment_intent": paid["id"], "reason": "requested_by_customer", "metadata": {"r": "1"}}
    )
    assert (refund.amount, refund.status, refund.currency) == (100000, "succeeded", "nok")
    assert refund.payment_intent == paid["id"]
    assert refund.metadata is not None
    assert refund.metadata.to_dict() == {"r": "1"}
    charge = charge_of(client, paid)
    assert (charge.refunded, charge.amount_refunded) == (True, 100000)
    assert types(simulator) == ["refund.created", "charge.refunded"]


def test_several_partial_refunds_up_to_the_charge(client: stripe.StripeClient, paid: dict[str, Any]) -> None:
    client.v1.refunds.create({"payment_intent": paid["id"], "amount": 40000})
    client.v1.refunds.create({"charge": paid["latest_charge"], "amount": 50000})
    charge = charge_of(client, paid)
    assert (charge.refunded, charge.amount_refunded) == (False, 90000)
    with pytest.raises(
        stripe.InvalidRequestError, match=r"\(kr100\.01\) is greater than .* \(kr100\.00\)"
    ) as raised:
        client.v1.refunds.create({"payment_intent": paid["id"], "amount": 10001})
    assert raised.value.param == "amount"
    assert client.v1.refunds.create({"payment_intent": paid["id"]}).amount == 10000
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"payment_intent": paid["id"]})
    assert raised.value.code == "charge_already_refunded"
    amounts = [refund.amount for refund in client.v1.refunds.list({"payment_intent": paid["id"]}).data]
    assert amounts == [10000, 50000, 40000]


@pytest.mark.parametrize("amount", [0, -1])
def test_refund_of_nothing(client: stripe.StripeClient, paid: dict[str, Any], amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid positive integer"):
        client.v1.refunds.create({"payment_intent": paid["id"], "amount": amount})
    assert charge_of(client, paid).amount_refunded == 0


def test_refund_of_a_reservation(simulator: Simulator, client: stripe.StripeClient) -> None:
    intent = simulator.pay(client.v1.checkout.sessions.create(manual()).id)["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        client.v1.refunds.create({"payment_intent": intent["id"]})
    with pytest.raises(stripe.InvalidRequestError, match="has not been captured"):
        client.v1.refunds.create({"charge": intent["latest_charge"]})


def test_refund_of_something_unknown(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"payment_intent": "pi_unknown"})
    assert (raised.value.http_status, raised.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"amount": 100})
    assert raised.value.code == "parameter_missing"


def test_a_refund_names_one_payment(client: stripe.StripeClient, paid: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these parameters"):
        client.v1.refunds.create({"payment_intent": paid["id"], "charge": paid["latest_charge"]})
    assert charge_of(client, paid).amount_refunded == 0


def test_empty_metadata_is_no_metadata(client: stripe.StripeClient, paid: dict[str, Any]) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid["id"], "metadata": {"a": "1", "b": ""}})
    assert refund.metadata is not None
    assert refund.metadata.to_dict() == {"a": "1"}


def test_pending_refund_that_gets_through(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    simulator.refund_outcomes("pending")
    refund = client.v1.refunds.create({"payment_intent": paid["id"], "amount": 1000})
    assert refund.status == "pending"
    assert charge_of(client, paid).amount_refunded == 1000
    simulator.decide_refund(refund.id, "succeeded")
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert types(simulator) == ["refund.created", "charge.refunded", "refund.updated"]
    updated = simulator.events("refund.updated")[0]
    assert updated["data"]["previous_attributes"] == {"status": "pending"}


@pytest.mark.parametrize("late", [False, True])
def test_refund_that_fails(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any], late: bool
) -> None:
    simulator.refund_outcomes("succeeded" if late else "failed")
    refund = client.v1.refunds.create({"payment_intent": paid["id"]})
    if late:
        simulator.decide_refund(refund.id, "failed")
    seen = client.v1.refunds.retrieve(refund.id)
    assert seen.status == "failed"
    assert seen.failure_reason
    charge = charge_of(client, paid)
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    assert types(simulator)[-2:] == ["refund.updated", "refund.failed"]
    assert client.v1.refunds.create({"payment_intent": paid["id"]}).status == "succeeded"
