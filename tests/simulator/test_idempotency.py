"""The same idempotency key twice."""

from __future__ import annotations

import threading

import pytest
import stripe

from tests.simulator.orders import client_for, order
from tests.support.simulator import Simulator

SESSIONS = "/v1/checkout/sessions"


def test_the_first_answer_is_given_again(simulator: Simulator, client: stripe.StripeClient) -> None:
    first = client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    simulator.pay(first.id)
    again = client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    assert again.id == first.id
    assert again.status == "open"  # the first body, not how things stand
    assert first.last_response is not None
    assert again.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(simulator.state()["sessions"]) == 1


def test_other_parameters_under_the_same_key(client: stripe.StripeClient) -> None:
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters they were first used with"):
        client.v1.checkout.sessions.create(order(locale="nb"), {"idempotency_key": "key"})


def test_another_path_under_the_same_key(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.expire(session.id, {}, {"idempotency_key": "key"})


def test_a_key_belongs_to_a_mode(simulator: Simulator, client: stripe.StripeClient) -> None:
    test = client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    live = client_for(simulator, "sk_live_1").v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    assert test.id != live.id


def test_what_fails_validation_is_not_kept(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(order(mode="gift"), {"idempotency_key": "key"})
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})


def test_a_500_is_kept(simulator: Simulator, client: stripe.StripeClient) -> None:
    simulator.fault("error", SESSIONS, "POST")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as raised:
            client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
        assert raised.value.http_status == 500
    assert raised.value.headers is not None
    assert raised.value.headers["Idempotent-Replayed"] == "true"
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "another"})


@pytest.mark.parametrize("status", [429, 503])
def test_passing_refusals_are_not_kept(
    simulator: Simulator, client: stripe.StripeClient, status: int
) -> None:
    simulator.fault("error", SESSIONS, "POST", status=status)
    with pytest.raises(stripe.StripeError) as raised:
        client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    assert raised.value.http_status == status
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})


def test_a_refusal_by_the_endpoint_itself_is_kept(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    intent = simulator.pay(session.id, "start")["payment_intent"]["id"]
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="status of requires_action"):
            client.v1.payment_intents.capture(intent, {}, {"idempotency_key": "key"})
    assert simulator.requests()[-1]["replayed"]


def test_a_key_is_kept_for_a_day(simulator: Simulator, client: stripe.StripeClient) -> None:
    first = client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    simulator.advance(24 * 3600 - 60)
    assert client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"}).id == first.id
    simulator.advance(120)
    assert client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"}).id != first.id


@pytest.mark.timeout(30)
def test_a_key_that_is_in_use(simulator: Simulator, client: stripe.StripeClient) -> None:
    simulator.fault("slow", SESSIONS, "POST", seconds=1.5)
    first: list[stripe.checkout.Session] = []
    other = client_for(simulator)
    options: stripe.RequestOptions = {"idempotency_key": "key"}
    thread = threading.Thread(
        target=lambda: first.append(other.v1.checkout.sessions.create(order(), options))
    )
    thread.start()
    while simulator.state()["faults"]:  # taken by the first request
        pass
    with pytest.raises(stripe.StripeError) as raised:
        client.v1.checkout.sessions.create(order(), options)
    assert raised.value.http_status == 409
    assert raised.value.error is not None
    assert raised.value.error.code == "idempotency_key_in_use"
    thread.join()
    assert client.v1.checkout.sessions.create(order(), options).id == first[0].id


@pytest.mark.parametrize(("length", "good"), [(255, True), (256, False)])
def test_length_of_a_key(client: stripe.StripeClient, length: int, good: bool) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "k" * length}
    if good:
        client.v1.checkout.sessions.create(order(), options)
        return
    with pytest.raises(stripe.InvalidRequestError, match="255 characters"):
        client.v1.checkout.sessions.create(order(), options)


def test_the_key_is_in_the_events_it_caused(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    client.v1.checkout.sessions.expire(session.id, {}, {"idempotency_key": "expire-1"})
    [event] = simulator.events("checkout.session.expired")
    assert event["request"]["idempotency_key"] == "expire-1"
    assert event["request"]["id"] == simulator.requests()[-1]["id"]
