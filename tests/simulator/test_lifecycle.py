"""A payment's life: by the shopper, by the shop, by time."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.simulator.orders import in_seconds, manual, order
from tests.support.simulator import Simulator

MINUTE = 60
DAY = 24 * 3600


def types(simulator: Simulator) -> list[str]:
    return [event["type"] for event in simulator.events()]


def refused(call: Any, text: str, code: str | None = None) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError, match=text) as raised:
        call()
    assert raised.value.http_status == 400
    assert raised.value.code == code
    return raised.value


def test_starting_makes_the_payment_intent(simulator: Simulator, client: stripe.StripeClient) -> None:
    data = {"metadata": {"order": "1"}, "capture_method": "manual", "description": "Order 1"}
    session = client.v1.checkout.sessions.create(
        order(metadata={"only": "session"}, payment_intent_data=data)
    )
    url = simulator.pay(session.id, "start")["url"]
    seen = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    intent = seen.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert intent.status == "requires_action"
    assert intent.amount == session.amount_total
    assert intent.capture_method == "manual"
    assert intent.description == "Order 1"
    assert intent.metadata.to_dict() == {"order": "1"}  # the session's own is not copied
    assert intent.payment_method is not None
    assert intent.latest_charge is None
    assert intent.next_action is not None
    assert intent.next_action.type == "redirect_to_url"
    assert intent.next_action.redirect_to_url is not None
    assert intent.next_action.redirect_to_url.url == url
    assert intent.next_action.redirect_to_url.return_url == session.url
    assert (seen.status, seen.payment_status) == ("open", "unpaid")
    assert types(simulator) == ["payment_intent.created", "payment_intent.requires_action"]


def test_starting_twice_is_one_attempt(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    first = simulator.pay(session.id, "start")
    second = simulator.pay(session.id, "start")
    assert first["url"] == second["url"]
    assert len(simulator.state()["payment_intents"]) == 1


def test_authorized_with_automatic_capture(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    result = simulator.pay(session.id)
    assert result["url"] == f"https://butikk.example/takk/?session={session.id}"
    seen = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (seen.status, seen.payment_status, seen.url) == ("complete", "paid", None)
    intent = seen.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 164800, 0)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.status, charge.captured, charge.amount_captured) == ("succeeded", True, 164800)
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.type == "vipps"
    assert types(simulator)[2:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_authorized_with_manual_capture(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(manual())
    simulator.pay(session.id)
    seen = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (seen.status, seen.payment_status) == ("complete", "unpaid")
    intent = seen.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received, intent.amount_capturable) == (
        "requires_capture",
        0,
        164800,
    )
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.captured is False
    assert types(simulator)[2:] == [
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    ]


def test_declined_and_tried_again(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    declined = simulator.pay(session.id, "fail")
    assert declined["url"] == session.url
    intent = client.v1.payment_intents.retrieve(declined["payment_intent"]["id"])
    assert intent.status == "requires_payment_method"
    assert intent.payment_method is None
    assert intent.next_action is None
    error = intent.last_payment_error
    assert error is not None
    assert (error.type, error.code, error.decline_code) == ("card_error", "card_declined", "generic_decline")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert types(simulator)[2:] == ["charge.failed", "payment_intent.payment_failed"]
    again = simulator.pay(session.id)
    assert again["payment_intent"]["id"] == intent.id
    assert again["payment_intent"]["last_payment_error"] is None
    assert again["session"]["payment_status"] == "paid"


def test_no_answer_for_five_minutes(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    intent = simulator.pay(session.id, "start")["payment_intent"]["id"]
    simulator.advance(5 * MINUTE - 10)
    assert client.v1.payment_intents.retrieve(intent).status == "requires_action"
    simulator.advance(10)
    seen = client.v1.payment_intents.retrieve(intent)
    assert (seen.status, seen.payment_method) == ("requires_payment_method", None)
    assert seen.last_payment_error is not None
    assert seen.last_payment_error.code == "payment_intent_payment_attempt_expired"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert types(simulator)[-1] == "payment_intent.payment_failed"
    assert simulator.pay(session.id)["session"]["status"] == "complete"


def test_session_that_runs_out(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order(expires_at=in_seconds(30 * MINUTE)))
    simulator.advance(29 * MINUTE)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    simulator.advance(MINUTE)
    seen = client.v1.checkout.sessions.retrieve(session.id)
    assert (seen.status, seen.payment_status, seen.url, seen.payment_intent) == (
        "expired",
        "unpaid",
        None,
        None,
    )
    assert types(simulator) == ["checkout.session.expired"]
    assert simulator.events()[0]["request"] == {"id": None, "idempotency_key": None}


def test_session_that_runs_out_takes_its_payment_intent_along(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())
    intent = simulator.pay(session.id, "fail")["payment_intent"]["id"]
    simulator.advance(DAY)
    assert client.v1.payment_intents.retrieve(intent).status == "canceled"
    assert types(simulator)[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


def test_what_falls_due_happens_at_its_own_moment(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order(expires_at=in_seconds(40 * MINUTE)))
    simulator.pay(session.id, "start")
    simulator.advance(DAY)
    failed, canceled, expired = simulator.events()[-3:]
    assert [failed["type"], expired["type"]] == ["payment_intent.payment_failed", "checkout.session.expired"]
    assert failed["created"] - session.created == pytest.approx(5 * MINUTE, abs=3)
    assert expired["created"] - session.created == pytest.approx(40 * MINUTE, abs=3)
    assert canceled["created"] == expired["created"]


def test_expired_by_the_shop(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    error = refused(
        lambda: client.v1.checkout.sessions.expire(session.id),
        r'Only Checkout Sessions with a status in \["open"\] can be expired. This Checkout Session has a '
        "status of `expired`.",
    )
    assert error.param is None
    assert types(simulator) == ["checkout.session.expired"]


def test_expired_while_an_approval_is_pending(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    intent = simulator.pay(session.id, "start")["payment_intent"]["id"]
    client.v1.checkout.sessions.expire(session.id)
    assert client.v1.payment_intents.retrieve(intent).status == "canceled"
    with pytest.raises(RuntimeError, match="409"):
        simulator.pay(session.id)


def test_a_complete_session_can_be_neither_expired_nor_paid_again(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())
    simulator.pay(session.id)
    refused(lambda: client.v1.checkout.sessions.expire(session.id), "status of `complete`")
    with pytest.raises(RuntimeError, match="409"):
        simulator.pay(session.id)
    simulator.advance(DAY)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"


# Reservations


def reserved(simulator: Simulator, client: stripe.StripeClient) -> str:
    id: str = simulator.pay(client.v1.checkout.sessions.create(manual()).id)["payment_intent"]["id"]
    return id


def test_capture(simulator: Simulator, client: stripe.StripeClient) -> None:
    id = reserved(simulator, client)
    intent = client.v1.payment_intents.capture(id, {"metadata": {"parcel": "7"}, "expand": ["latest_charge"]})
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 164800, 0)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.captured
    assert intent.metadata.to_dict() == {"parcel": "7"}
    [session] = client.v1.checkout.sessions.list({"payment_intent": id}).data
    assert session.payment_status == "paid"
    assert types(simulator)[-2:] == ["charge.captured", "payment_intent.succeeded"]
    refused(
        lambda: client.v1.payment_intents.capture(id),
        "has already been captured",
        "payment_intent_unexpected_state",
    )


def test_only_the_full_amount_can_be_captured(simulator: Simulator, client: stripe.StripeClient) -> None:
    id = reserved(simulator, client)
    refused(lambda: client.v1.payment_intents.capture(id, {"amount_to_capture": 164799}), "partial capture")
    refused(
        lambda: client.v1.payment_intents.capture(id, {"amount_to_capture": 164801}),
        "greater than the amount capturable",
        "amount_too_large",
    )
    refused(
        lambda: client.v1.payment_intents.capture(id, {"amount_to_capture": 0}),
        "Invalid positive integer",
        "parameter_invalid_integer",
    )
    assert client.v1.payment_intents.capture(id, {"amount_to_capture": 164800}).status == "succeeded"


def test_capture_of_what_is_not_reserved(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(manual())
    id = simulator.pay(session.id, "start")["payment_intent"]["id"]
    error = refused(
        lambda: client.v1.payment_intents.capture(id),
        "because it has a status of requires_action. Only a PaymentIntent with one of the following statuses "
        "may be captured: requires_capture.",
        "payment_intent_unexpected_state",
    )
    assert error.error is not None
    assert error.error.payment_intent is not None
    assert error.error.payment_intent.id == id


def test_cancel_a_reservation(simulator: Simulator, client: stripe.StripeClient) -> None:
    id = reserved(simulator, client)
    intent = client.v1.payment_intents.cancel(id, {"cancellation_reason": "requested_by_customer"})
    assert (intent.status, intent.cancellation_reason) == ("canceled", "requested_by_customer")
    assert intent.amount_capturable == intent.amount_received == 0
    assert intent.canceled_at is not None
    charge = client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.captured, charge.refunded, charge.amount_captured) == (False, True, 0)
    assert types(simulator)[-2:] == ["charge.refunded", "payment_intent.canceled"]
    refused(
        lambda: client.v1.payment_intents.capture(id), "status of canceled", "payment_intent_unexpected_state"
    )
    refused(
        lambda: client.v1.payment_intents.cancel(id), "status of canceled", "payment_intent_unexpected_state"
    )


def test_a_payment_intent_of_an_open_session_cannot_be_cancelled(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())
    id = simulator.pay(session.id, "start")["payment_intent"]["id"]
    refused(
        lambda: client.v1.payment_intents.cancel(id),
        "Expire the Checkout Session instead",
        "payment_intent_unexpected_state",
    )


def test_a_captured_payment_cannot_be_cancelled(simulator: Simulator, client: stripe.StripeClient) -> None:
    id = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]["id"]
    refused(
        lambda: client.v1.payment_intents.cancel(id), "status of succeeded", "payment_intent_unexpected_state"
    )


def test_a_reservation_lasts_seven_days(simulator: Simulator, client: stripe.StripeClient) -> None:
    id = reserved(simulator, client)
    simulator.advance(7 * DAY - 60)
    assert client.v1.payment_intents.retrieve(id).status == "requires_capture"
    simulator.advance(60)
    intent = client.v1.payment_intents.retrieve(id)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")
    assert types(simulator)[-2:] == ["charge.expired", "payment_intent.canceled"]


def test_metadata_is_merged(simulator: Simulator, client: stripe.StripeClient) -> None:
    id = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]["id"]

    def after(metadata: Any) -> dict[str, str]:
        return client.v1.payment_intents.update(id, {"metadata": metadata}).metadata.to_dict()

    assert after({"note": "x"}) == {"order": "100001", "note": "x"}
    assert after({"order": ""}) == {"note": "x"}
    assert after("") == {}
