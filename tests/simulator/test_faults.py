"""Faults to order."""

from __future__ import annotations

import pytest
import stripe

from tests.simulator.orders import VERSION, client_for, order
from tests.support.simulator import Simulator

SESSIONS = "/v1/checkout/sessions"


def impatient(simulator: Simulator) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_simulator",
        stripe_version=VERSION,
        base_addresses={"api": simulator.url},
        http_client=stripe.RequestsClient(timeout=0.5),
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, stripe.AuthenticationError),
        (402, stripe.CardError),
        (403, stripe.PermissionError),
        (429, stripe.RateLimitError),
        (500, stripe.APIError),
        (503, stripe.APIError),
    ],
)
def test_a_given_status(
    simulator: Simulator, client: stripe.StripeClient, status: int, kind: type[stripe.StripeError]
) -> None:
    simulator.fault("error", SESSIONS, status=status, error={"message": "ordered", "code": "some_code"})
    with pytest.raises(kind, match="ordered") as raised:
        client.v1.checkout.sessions.create(order())
    assert raised.value.http_status == status
    assert raised.value.error is not None
    assert raised.value.error.code == "some_code"
    assert simulator.state()["sessions"] == []
    client.v1.checkout.sessions.create(order())


def test_only_what_matches_and_as_often_as_ordered(simulator: Simulator, client: stripe.StripeClient) -> None:
    simulator.fault("error", SESSIONS, "GET", count=2)
    session = client.v1.checkout.sessions.create(order())
    client.v1.accounts.retrieve_current()
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.checkout.sessions.retrieve(session.id)
    client.v1.checkout.sessions.retrieve(session.id)


def test_time_out_before_acting(simulator: Simulator) -> None:
    simulator.fault("timeout_before", SESSIONS, "POST")
    with pytest.raises(stripe.APIConnectionError):
        impatient(simulator).v1.checkout.sessions.create(order())
    assert simulator.state()["sessions"] == []


def test_time_out_after_acting(simulator: Simulator) -> None:
    client = impatient(simulator)
    simulator.fault("timeout_after", SESSIONS, "POST")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    [session] = simulator.state()["sessions"]
    assert client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"}).id == session["id"]
    assert len(simulator.state()["sessions"]) == 1


def test_time_out_after_acting_again_when_the_answer_is_only_repeated(simulator: Simulator) -> None:
    simulator.fault("timeout_after", SESSIONS, "POST", count=2)
    with pytest.raises(stripe.APIConnectionError):
        impatient(simulator).v1.checkout.sessions.create(
            order(), {"idempotency_key": "key", "max_network_retries": 1}
        )
    assert [entry["replayed"] for entry in simulator.requests()] == [False, True]
    assert len(simulator.state()["sessions"]) == 1


def test_a_request_that_is_held_does_not_hold_others(simulator: Simulator) -> None:
    simulator.fault("timeout_before", SESSIONS, "POST")
    with pytest.raises(stripe.APIConnectionError):
        impatient(simulator).v1.checkout.sessions.create(order())
    client_for(simulator).v1.checkout.sessions.create(order())


def test_connection_that_is_cut(simulator: Simulator, client: stripe.StripeClient) -> None:
    simulator.fault("close", SESSIONS)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(order())
    assert simulator.state()["sessions"] == []
    assert simulator.requests()[0]["fault"] == "close"


def test_the_sdk_retries_a_cut_connection(simulator: Simulator, client: stripe.StripeClient) -> None:
    simulator.fault("close", SESSIONS)
    client.v1.checkout.sessions.create(order(), {"max_network_retries": 1})
    first, second = simulator.requests()
    assert first["headers"]["Idempotency-Key"] == second["headers"]["Idempotency-Key"]


def test_slow(simulator: Simulator) -> None:
    simulator.fault("slow", SESSIONS, seconds=2)
    with pytest.raises(stripe.APIConnectionError):
        impatient(simulator).v1.checkout.sessions.create(order())
    simulator.fault("slow", SESSIONS, seconds=0.1)
    client_for(simulator).v1.checkout.sessions.create(order())


def test_faults_can_be_taken_back(simulator: Simulator, client: stripe.StripeClient) -> None:
    simulator.fault("error", count=100)
    simulator.clear_faults()
    client.v1.checkout.sessions.create(order())


def test_more_requests_than_are_taken_in_a_second(simulator: Simulator, client: stripe.StripeClient) -> None:
    simulator.pace(limit=3)
    for _ in range(3):
        client.v1.accounts.retrieve_current()
    with pytest.raises(stripe.RateLimitError) as raised:
        client.v1.accounts.retrieve_current()
    assert raised.value.error is not None
    assert raised.value.error.code == "rate_limit"
    assert (raised.value.headers or {})["stripe-rate-limited-reason"] == "global-rate"
    simulator.pace()
    client.v1.accounts.retrieve_current()


def test_a_stripe_that_takes_its_time(simulator: Simulator) -> None:
    simulator.pace(latency=2)
    with pytest.raises(stripe.APIConnectionError):
        impatient(simulator).v1.accounts.retrieve_current()
    simulator.pace()
    impatient(simulator).v1.accounts.retrieve_current()
