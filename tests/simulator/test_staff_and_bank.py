"""What staff do in Stripe's Dashboard and what a bank does by itself: the shop asked for none of it."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.simulator.orders import manual, order
from tests.simulator.receiver import Receiver
from tests.support.simulator import Simulator

TOTAL = 164800


@pytest.fixture
def reserved(simulator: Simulator, client: stripe.StripeClient) -> dict[str, Any]:
    intent: dict[str, Any] = simulator.pay(client.v1.checkout.sessions.create(manual()).id)["payment_intent"]
    return intent


@pytest.fixture
def paid(simulator: Simulator, client: stripe.StripeClient) -> dict[str, Any]:
    intent: dict[str, Any] = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]
    return intent


def types(simulator: Simulator) -> list[str]:
    return [event["type"] for event in simulator.events()][5:]


def test_capture(simulator: Simulator, client: stripe.StripeClient, reserved: dict[str, Any]) -> None:
    assert simulator.capture(reserved["id"])["payment_intent"]["status"] == "succeeded"
    assert client.v1.payment_intents.retrieve(reserved["id"]).amount_received == TOTAL
    assert types(simulator) == ["charge.captured", "payment_intent.succeeded"]
    assert simulator.events()[-1]["request"] == {"id": None, "idempotency_key": None}
    with pytest.raises(RuntimeError, match=r"409.*already been captured"):
        simulator.capture(reserved["id"])


def test_cancel(simulator: Simulator, client: stripe.StripeClient, reserved: dict[str, Any]) -> None:
    simulator.cancel(reserved["id"])
    intent = client.v1.payment_intents.retrieve(reserved["id"])
    assert (intent.status, intent.cancellation_reason) == ("canceled", "requested_by_customer")
    assert types(simulator) == ["charge.refunded", "payment_intent.canceled"]
    for again in (simulator.cancel, simulator.capture, simulator.expire_hold):
        with pytest.raises(RuntimeError, match="409"):
            again(reserved["id"])


def test_a_hold_that_expires_now_is_as_one_that_expires_after_seven_days(
    simulator: Simulator, client: stripe.StripeClient, shop: Receiver, reserved: dict[str, Any]
) -> None:
    simulator.expire_hold(reserved["id"])
    assert [event["type"] for event in simulator.events()][-2:] == [
        "charge.expired",
        "payment_intent.canceled",
    ]
    assert len(shop.received) == 7, "delivered before the answer"
    other = simulator.pay(client.v1.checkout.sessions.create(manual()).id)["payment_intent"]
    simulator.advance(7 * 24 * 3600)
    moments = ("id", "created", "canceled_at", "client_secret", "latest_charge", "payment_method")
    at_once, after_a_week = (
        {key: value for key, value in simulator.payment_intent(id).items() if key not in moments}
        for id in (reserved["id"], other["id"])
    )
    assert at_once == after_a_week
    assert (at_once["status"], at_once["cancellation_reason"]) == ("canceled", "automatic")


def test_nothing_expires_without_a_hold(simulator: Simulator, paid: dict[str, Any]) -> None:
    before = simulator.events()
    with pytest.raises(RuntimeError, match=r"409.*nothing is reserved"):
        simulator.expire_hold(paid["id"])
    assert simulator.events() == before


@pytest.mark.parametrize(("amount", "expected"), [(None, TOTAL), (1000, 1000)])
def test_refund(
    simulator: Simulator,
    client: stripe.StripeClient,
    paid: dict[str, Any],
    amount: int | None,
    expected: int,
) -> None:
    refund = client.v1.refunds.retrieve(simulator.refund(paid["id"], amount))
    assert (refund.status, refund.amount, refund.payment_intent) == ("succeeded", expected, paid["id"])
    assert types(simulator) == ["refund.created", "charge.refunded"]


def test_refund_that_waits_or_fails(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    simulator.refund_outcomes("failed")
    pending = simulator.refund(paid["id"], 1000, "pending")
    assert client.v1.refunds.retrieve(pending).status == "pending"
    failed = simulator.refund(paid["id"], 2000, "failed")
    assert client.v1.refunds.retrieve(failed).status == "failed"
    simulator.decide_refund(pending, "succeeded")
    assert client.v1.charges.retrieve(paid["latest_charge"]).amount_refunded == 1000
    with pytest.raises(RuntimeError, match=r"409.*is succeeded already"):
        simulator.decide_refund(pending, "succeeded")
    ordered = client.v1.refunds.create({"payment_intent": paid["id"], "amount": 100})
    assert client.v1.refunds.retrieve(ordered.id).status == "failed", (
        "the order is for the shop's own refunds"
    )


def test_refund_that_cannot_be(simulator: Simulator, paid: dict[str, Any], reserved: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match=r"409.*is greater than unrefunded amount"):
        simulator.refund(paid["id"], TOTAL + 1)
    with pytest.raises(RuntimeError, match="400"):
        simulator.refund(paid["id"], 0)
    with pytest.raises(RuntimeError, match="400"):
        simulator.refund(paid["id"], 100, "lost in the post")
    with pytest.raises(RuntimeError, match=r"409.*does not have a successful charge"):
        simulator.refund(reserved["id"])
    with pytest.raises(RuntimeError, match="404"):
        simulator.refund("pi_unknown")
    assert simulator.state()["refunds"] == []
