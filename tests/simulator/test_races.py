"""Things that happen at the same time, and requests of which nothing may remain."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import stripe

from tests.simulator.orders import order
from tests.simulator.receiver import Receiver
from tests.support.simulator import Simulator

SESSIONS = "/v1/checkout/sessions"


class SlowForm:
    """A browser on a bad line: the head of its POST arrives now, the body when ``finish`` is called."""

    def __init__(self, url: str, body: str) -> None:
        address = urlsplit(url)
        assert address.hostname
        assert address.port
        self._body = body.encode()
        self._socket = socket.create_connection((address.hostname, address.port), timeout=15)
        head = (
            f"POST {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
            f"Content-Length: {len(self._body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        self._socket.sendall(head.encode())
        # Said when the simulator waits for the body.
        assert b"100 Continue" in self._socket.recv(1024)

    def finish(self) -> str:
        """The whole answer."""
        with self._socket as connection:
            connection.sendall(self._body)
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_approval_that_the_shop_overtakes(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    form = SlowForm(simulator.pay(session.id, "start")["url"], "outcome=authorize")
    client.v1.checkout.sessions.expire(session.id)
    assert session.id not in form.finish()
    assert simulator.session(session.id)["status"] == "expired"
    assert simulator.state()["payment_intents"][0]["status"] == "canceled"


def test_approving_twice_is_one_charge(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    url = simulator.pay(session.id, "start")["url"]
    forms = [SlowForm(url, "outcome=authorize") for _ in range(2)]
    for form in forms:
        form.finish()
    assert len(simulator.state()["charges"]) == 1
    assert len(simulator.events("checkout.session.completed")) == 1


def test_the_page_of_an_earlier_attempt_decides_nothing(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order(locale="en"))
    earlier = simulator.pay(session.id, "start")["url"]
    simulator.pay(session.id, "fail")
    current = simulator.pay(session.id, "start")["url"]
    assert "not waiting any more" in browser.get(earlier).text
    for outcome in ("authorize", "fail"):
        browser.post(earlier, data={"outcome": outcome})
    assert simulator.session(session.id)["status"] == "open"
    assert "Authorize test payment" in browser.get(current).text
    browser.post(current, data={"outcome": "authorize"})
    assert simulator.session(session.id)["status"] == "complete"


def test_an_answer_that_the_page_does_not_offer_decides_nothing(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order())
    url = simulator.pay(session.id, "start")["url"]
    assert browser.post(url, data={"outcome": "maybe"}).headers["Location"] == url.removeprefix(simulator.url)
    assert simulator.state()["payment_intents"][0]["status"] == "requires_action"


def test_a_request_that_is_under_way_at_a_reset_does_nothing_afterwards(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    simulator.fault("slow", SESSIONS, seconds=0.5)

    def create() -> None:
        with contextlib.suppress(stripe.StripeError):
            client.v1.checkout.sessions.create(order())

    request = threading.Thread(target=create)
    request.start()
    while simulator.state()["faults"]:
        pass  # it hasn't come yet
    simulator.reset()
    request.join(15)
    assert not request.is_alive()
    assert simulator.state()["sessions"] == []


def test_a_clock_that_is_being_moved_at_a_reset_stays_at_real_time(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    client.v1.checkout.sessions.create(order())
    shop.gate.clear()
    # The session runs out on the way, and the shop takes its time to hear of it.
    move = threading.Thread(target=simulator.advance, args=(2 * 24 * 3600,))
    move.start()
    assert shop.arrived.acquire(timeout=5)
    with httpx.Client(base_url=simulator.url, timeout=10, trust_env=False) as other:
        assert other.post("/_simulator/reset").status_code == 200
    move.join(10)
    assert simulator.state()["offset"] == 0


# A request that fails after it did something


def expire_badly(client: stripe.StripeClient, session: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.checkout.sessions.expire(session, {"expand": ["colour"]})


def test_a_request_that_is_rolled_back_sends_no_event(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())
    expire_badly(client, session.id)
    simulator.wait_for_deliveries()
    assert shop.received == []
    assert simulator.events() == []
    assert simulator.session(session.id)["status"] == "open"


@pytest.mark.parametrize("action", ["drop", "reorder"])
def test_a_request_that_is_rolled_back_uses_up_no_policy(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient, action: str
) -> None:
    sessions = [client.v1.checkout.sessions.create(order()).id for _ in range(2)]
    simulator.policy(action, 2)
    client.v1.checkout.sessions.expire(sessions[0])
    expire_badly(client, sessions[1])
    assert [policy["count"] for policy in simulator.state()["policies"]] == [1]
    simulator.wait_for_deliveries()
    assert shop.received == []
    client.v1.checkout.sessions.expire(sessions[1])
    simulator.wait_for_deliveries()
    assert len(shop.received) == {"drop": 0, "reorder": 2}[action]


def test_a_request_that_is_rolled_back_uses_up_no_outcome_of_a_refund(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    intent = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]["id"]
    simulator.refund_outcomes("pending")
    parameters: Any = {"payment_intent": intent, "expand": ["colour"]}
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.refunds.create(parameters)
    assert client.v1.refunds.create({"payment_intent": intent}).status == "pending"
