"""Disputes and inquiries: what banks do to a captured payment."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from tests.simulator.orders import line, manual, order
from tests.simulator.receiver import Receiver
from tests.support.simulator import Simulator

DAY = 24 * 3600
KRONER = 100


@pytest.fixture
def paid(simulator: Simulator, client: stripe.StripeClient) -> dict[str, Any]:
    """A captured PaymentIntent over 1000.00 kroner."""
    session = client.v1.checkout.sessions.create(order(line_items=[line("Ski", 1000 * KRONER)]))
    intent: dict[str, Any] = simulator.pay(session.id)["payment_intent"]
    return intent


def types(simulator: Simulator) -> list[str]:
    return [event["type"] for event in simulator.events()][5:]


def moved(dispute: stripe.Dispute) -> list[tuple[int, bool]]:
    """Amounts withdrawn and given back, and whether each cost a fee."""
    return [(entry.amount, entry.fee > 0) for entry in dispute.balance_transactions]


def refuse_refund(client: stripe.StripeClient, paid: dict[str, Any], code: str = "charge_disputed") -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"payment_intent": paid["id"], "amount": KRONER})
    assert raised.value.code == code


def test_a_dispute_withdraws_the_money(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    id = simulator.dispute(paid["id"], "product_not_received")
    dispute = client.v1.disputes.retrieve(id)
    assert (dispute.status, dispute.reason) == ("needs_response", "product_not_received")
    assert (dispute.amount, dispute.currency) == (1000 * KRONER, "nok")
    assert (dispute.charge, dispute.payment_intent) == (paid["latest_charge"], paid["id"])
    assert dispute.is_charge_refundable is False
    assert dispute.evidence_details.due_by == dispute.created + 14 * DAY
    assert moved(dispute) == [(-1000 * KRONER, True)]
    [withdrawal] = dispute.balance_transactions
    assert withdrawal.net == withdrawal.amount - withdrawal.fee
    charge = client.v1.charges.retrieve(paid["latest_charge"])
    assert (charge.disputed, charge.refunded, charge.amount_refunded) == (True, False, 0)
    assert types(simulator) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    refuse_refund(client, paid)


def test_a_dispute_that_is_won(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    id = simulator.dispute(paid["id"])
    assert simulator.dispute_answered(id)["dispute"]["status"] == "under_review"
    [updated] = simulator.events("charge.dispute.updated")
    assert updated["data"]["previous_attributes"]["status"] == "needs_response"
    assert updated["data"]["object"]["evidence_details"]["has_evidence"] is True
    refuse_refund(client, paid)
    simulator.decide_dispute(id, "won")
    dispute = client.v1.disputes.retrieve(id)
    assert (dispute.status, dispute.is_charge_refundable) == ("won", True)
    assert moved(dispute) == [(-1000 * KRONER, True), (1000 * KRONER, False)]
    assert types(simulator)[2:] == [
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    [closed] = simulator.events("charge.dispute.closed")
    assert len(closed["data"]["object"]["balance_transactions"]) == 1, "the money comes after the decision"
    assert client.v1.charges.retrieve(paid["latest_charge"]).disputed is True
    assert client.v1.refunds.create({"payment_intent": paid["id"]}).amount == 1000 * KRONER


def test_a_dispute_that_is_lost(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    id = simulator.dispute(paid["id"])
    simulator.decide_dispute(id, "lost")
    dispute = client.v1.disputes.retrieve(id)
    assert (dispute.status, dispute.is_charge_refundable) == ("lost", False)
    assert moved(dispute) == [(-1000 * KRONER, True)]
    assert types(simulator)[2:] == ["charge.dispute.closed"]
    refuse_refund(client, paid)


def test_what_is_not_withdrawn_can_be_refunded_after_a_lost_dispute(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    client.v1.refunds.create({"payment_intent": paid["id"], "amount": 200 * KRONER})
    id = simulator.dispute(paid["id"], amount=300 * KRONER)
    refuse_refund(client, paid)
    simulator.decide_dispute(id, "lost")
    assert client.v1.disputes.retrieve(id).is_charge_refundable is True
    with pytest.raises(stripe.InvalidRequestError, match=r"greater than .* \(kr500\.00\)"):
        client.v1.refunds.create({"payment_intent": paid["id"], "amount": 500 * KRONER + 1})
    assert client.v1.refunds.create({"payment_intent": paid["id"]}).amount == 500 * KRONER
    refuse_refund(client, paid)


def test_the_amount_is_what_is_left_unless_the_bank_says_otherwise(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    client.v1.refunds.create({"payment_intent": paid["id"], "amount": 400 * KRONER})
    first = simulator.dispute(paid["id"])
    assert client.v1.disputes.retrieve(first).amount == 600 * KRONER
    simulator.decide_dispute(first, "won")
    # A bank doesn't know of refunds.
    second = simulator.dispute(paid["id"], amount=1000 * KRONER)
    simulator.decide_dispute(second, "lost")
    with pytest.raises(RuntimeError, match=r"409.*open dispute, or all of it"):
        simulator.dispute(paid["id"])
    refuse_refund(client, paid)


def test_an_inquiry_that_is_closed(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    id = simulator.dispute(paid["id"], inquiry=True)
    dispute = client.v1.disputes.retrieve(id)
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert client.v1.charges.retrieve(paid["latest_charge"]).disputed is True
    assert client.v1.refunds.create({"payment_intent": paid["id"], "amount": 100 * KRONER}).id
    assert simulator.dispute_answered(id)["dispute"]["status"] == "warning_under_review"
    simulator.decide_dispute(id, "closed")
    dispute = client.v1.disputes.retrieve(id)
    assert (dispute.status, moved(dispute), dispute.is_charge_refundable) == ("warning_closed", [], True)
    assert types(simulator) == [
        "charge.dispute.created",
        "refund.created",
        "charge.refunded",
        "charge.dispute.updated",
        "charge.dispute.closed",
    ]


@pytest.mark.parametrize("answered", [False, True])
def test_an_inquiry_that_escalates(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any], answered: bool
) -> None:
    id = simulator.dispute(paid["id"], inquiry=True)
    client.v1.refunds.create({"payment_intent": paid["id"], "amount": 100 * KRONER})
    if answered:
        simulator.dispute_answered(id)
    simulator.advance(3 * DAY)
    simulator.escalate_dispute(id)
    dispute = client.v1.disputes.retrieve(id)
    assert (dispute.status, dispute.is_charge_refundable) == ("needs_response", False)
    assert moved(dispute) == [(-900 * KRONER, True)], "what is refunded is not withdrawn"
    assert dispute.evidence_details.has_evidence is False
    assert (dispute.evidence_details.due_by or 0) >= dispute.created + 17 * DAY
    assert types(simulator)[-2:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    refuse_refund(client, paid)


def test_a_full_refund_resolves_an_inquiry(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    id = simulator.dispute(paid["id"], inquiry=True)
    client.v1.refunds.create({"payment_intent": paid["id"]})
    dispute = client.v1.disputes.retrieve(id)
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_closed", False)
    assert types(simulator) == [
        "charge.dispute.created",
        "refund.created",
        "charge.refunded",
        "charge.dispute.closed",
    ]
    refuse_refund(client, paid, code="charge_already_refunded")


def test_an_inquiry_about_a_refunded_payment_cannot_escalate(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid["id"]})
    id = simulator.dispute(paid["id"], amount=1000 * KRONER, inquiry=True)
    assert client.v1.disputes.retrieve(id).is_charge_refundable is False
    with pytest.raises(RuntimeError, match=r"409.*nothing more is withdrawn"):
        simulator.escalate_dispute(id)
    simulator.decide_refund(refund.id, "failed")
    assert client.v1.disputes.retrieve(id).is_charge_refundable is True
    simulator.escalate_dispute(id)
    assert moved(client.v1.disputes.retrieve(id)) == [(-1000 * KRONER, True)]


def test_time_decides_what_nobody_answers(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    id = simulator.dispute(paid["id"], amount=100 * KRONER)
    simulator.advance(14 * DAY - 60)
    assert client.v1.disputes.retrieve(id).status == "needs_response"
    simulator.advance(60)
    lost = client.v1.disputes.retrieve(id)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)
    answered = simulator.dispute(paid["id"], amount=100 * KRONER)
    simulator.dispute_answered(answered)
    simulator.advance(15 * DAY)
    assert client.v1.disputes.retrieve(answered).status == "under_review"
    simulator.decide_dispute(answered, "won")
    inquiry = simulator.dispute(paid["id"], inquiry=True)
    simulator.advance(120 * DAY)
    assert client.v1.disputes.retrieve(inquiry).status == "warning_closed"


@pytest.mark.parametrize(("inquiry", "expected"), [(False, "lost"), (True, "warning_closed")])
def test_the_shop_gives_in(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any], inquiry: bool, expected: str
) -> None:
    id = simulator.dispute(paid["id"], inquiry=inquiry)
    assert client.v1.disputes.close(id).status == expected
    [closed] = simulator.events("charge.dispute.closed")
    assert closed["request"]["id"].startswith("req_")
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(id)


def test_what_a_bank_cannot_do(
    simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]
) -> None:
    with pytest.raises(RuntimeError, match=r"409.*kr1,000\.01 can't be disputed, at most kr1,000\.00"):
        simulator.dispute(paid["id"], amount=1000 * KRONER + 1)
    with pytest.raises(RuntimeError, match=r"400.*amount"):
        simulator.dispute(paid["id"], amount=0)
    with pytest.raises(RuntimeError, match=r"400.*reason"):
        simulator.dispute(paid["id"], "boredom")
    with pytest.raises(RuntimeError, match=r"404.*no payment_intent pi_unknown"):
        simulator.dispute("pi_unknown")
    reserved = simulator.pay(client.v1.checkout.sessions.create(manual()).id)["payment_intent"]
    with pytest.raises(RuntimeError, match=r"409.*nothing was captured"):
        simulator.dispute(reserved["id"])
    id = simulator.dispute(paid["id"])
    before = simulator.state()
    with pytest.raises(RuntimeError, match=r"409.*has an open dispute"):
        simulator.dispute(paid["id"], inquiry=True)
    with pytest.raises(RuntimeError, match=r"409.*is needs_response"):
        simulator.escalate_dispute(id)
    with pytest.raises(RuntimeError, match=r"409.*is needs_response"):
        simulator.decide_dispute(id, "closed")
    assert (simulator.state()["disputes"], simulator.state()["events"]) == (
        before["disputes"],
        before["events"],
    )
    simulator.decide_dispute(id, "won")
    for again in ("won", "lost"):
        with pytest.raises(RuntimeError, match="409"):
            simulator.decide_dispute(id, again)
    with pytest.raises(RuntimeError, match="409"):
        simulator.dispute_answered(id)
    inquiry = simulator.dispute(paid["id"], inquiry=True)
    with pytest.raises(RuntimeError, match="409"):
        simulator.decide_dispute(inquiry, "won")


def test_lists(simulator: Simulator, client: stripe.StripeClient, paid: dict[str, Any]) -> None:
    other = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]
    theirs = simulator.dispute(other["id"])
    ours: list[str] = []
    for _ in range(3):
        ours.insert(0, simulator.dispute(paid["id"]))
        simulator.decide_dispute(ours[0], "won")

    def ids(**filters: Any) -> list[str]:
        parameters: stripe.params.DisputeListParams = filters  # type: ignore[assignment]
        return [dispute.id for dispute in client.v1.disputes.list(parameters).data]

    assert ids() == [*ours, theirs]
    assert ids(payment_intent=paid["id"]) == ids(charge=paid["latest_charge"]) == ours
    assert ids(payment_intent=other["id"]) == [theirs]
    assert ids(payment_intent="pi_unknown") == []
    assert ids(limit=1, starting_after=ours[0]) == [ours[1]]
    assert ids(created={"gt": 9_999_999_999}) == []
    expanded = client.v1.disputes.list({"expand": ["data.charge"], "limit": 1}).data[0]
    assert isinstance(expanded.charge, stripe.Charge)


def test_modes_keys_and_the_preview_flag(
    simulator: Simulator, http: httpx.Client, paid: dict[str, Any]
) -> None:
    id = simulator.dispute(paid["id"])
    live = http.get(f"/v1/disputes/{id}", headers={"Authorization": "Bearer sk_live_simulator"})
    assert live.status_code == 404
    plain = http.get(f"/v1/disputes/{id}", headers={"Stripe-Version": "2026-08-26.dahlia"})
    assert (plain.status_code, "vipps_preview=v1" in plain.text) == (400, True)
    assert http.get("/v1/disputes/du_unknown").json()["error"]["code"] == "resource_missing"


def test_events_arrive_before_the_control_api_answers(
    simulator: Simulator, shop: Receiver, paid: dict[str, Any]
) -> None:
    before = len(shop.received)
    id = simulator.dispute(paid["id"])
    assert len(shop.received) == before + 2
    simulator.decide_dispute(id, "won")
    assert len(shop.received) == before + 4
