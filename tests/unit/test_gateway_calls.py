"""The calls to Stripe over HTTP: what is sent, and which of our exceptions comes out of which failure."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from oscar_vipps import exceptions
from oscar_vipps.exceptions import GatewayError
from oscar_vipps.gateway import client
from tests.support.simulator import Simulator

Json = dict[str, Any]
Call = Callable[[], Json]
Configure = Callable[..., None]

KEY = "sk_test_for_the_tests"
VERSION = "2026-04-22.preview; vipps_preview=v1"
PARAMETERS = {
    "mode": "payment",
    "payment_method_types": ["vipps"],
    "line_items": [
        {
            "price_data": {"currency": "nok", "unit_amount": 24900, "product_data": {"name": "Cheese"}},
            "quantity": 1,
        }
    ],
    "customer_email": "kari@example.com",
    "success_url": "https://butikk.example/vipps/return/",
}


def told(error: GatewayError) -> str:
    """All that may end up in a log."""
    return f"{error} {error!r} {error.hint} {error.code}"


@pytest.fixture
def configure(simulator: Simulator, settings: Any) -> Configure:
    """Settings for the simulator, with changes; nothing is tried twice."""

    def change(**changes: Any) -> None:
        settings.OSCAR_VIPPS = {
            "SECRET_KEY": KEY,
            "API_BASE": simulator.url,
            "TIMEOUT": 5,
            "MAX_NETWORK_RETRIES": 0,
            **changes,
        }

    change()
    return change


def create(key: str = "key-1", **changes: Any) -> Json:
    return client.create_session({**PARAMETERS, **changes}, idempotency_key=key)


CALLS: dict[str, Call] = {
    "create": create,
    "retrieve": lambda: client.retrieve_session("cs_test_1"),
    "expire": lambda: client.expire_session("cs_test_1"),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@each_call
@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (400, "GatewayRefused"),
        (401, "KeyRefused"),
        (402, "GatewayRefused"),
        (403, "KeyRefused"),
        (404, "GatewayRefused"),
        (409, "GatewayBusy"),
        (429, "GatewayUnavailable"),
        (500, "GatewayFailed"),
        (502, "GatewayFailed"),
        (503, "GatewayFailed"),
    ],
)
def test_each_status_of_an_answer(
    simulator: Simulator, configure: Configure, call: Call, status: int, ours: str
) -> None:
    simulator.fault("error", status=status)
    with pytest.raises(GatewayError) as raised:
        call()
    assert type(raised.value) is getattr(exceptions, ours)
    assert KEY not in told(raised.value)


@each_call
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "close"])
def test_no_answer_means_unavailable(
    simulator: Simulator, configure: Configure, call: Call, kind: str
) -> None:
    configure(TIMEOUT=0.5)
    simulator.fault(kind)
    with pytest.raises(exceptions.GatewayUnavailable):
        call()
    simulator.clear_faults()


@each_call
def test_nobody_there_means_unavailable(configure: Configure, call: Call) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        configure(API_BASE=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(exceptions.GatewayUnavailable):
            call()


@each_call
def test_an_account_that_is_not_enrolled(simulator: Simulator, configure: Configure, call: Call) -> None:
    simulator.account(vipps_enrolled=False, mode="test")
    with pytest.raises(exceptions.NotEnrolled):
        call()


@each_call
@pytest.mark.parametrize(
    "key", ["", "sk_tset_for_the_tests", "pk_test_for_the_tests", f"{KEY}\n", f"{KEY} {KEY}"]
)
def test_a_key_that_is_none_is_refused_and_not_shown(configure: Configure, call: Call, key: str) -> None:
    configure(SECRET_KEY=key)
    with pytest.raises(GatewayError) as raised:
        call()
    assert type(raised.value) is exceptions.KeyRefused
    assert "for_the_tests" not in told(raised.value)


def test_an_idempotency_key_with_other_parameters_is_reuse(configure: Configure) -> None:
    made = create("key-1")
    assert create("key-1")["id"] == made["id"]
    with pytest.raises(exceptions.KeyReuse):
        create("key-1", locale="nb")
    assert create("key-2", locale="nb")["id"] != made["id"]


@pytest.mark.parametrize("email", ["kari.nordmann@example", "kari"])
def test_an_address_that_stripe_refuses_is_not_shown(configure: Configure, email: str) -> None:
    with pytest.raises(exceptions.EmailRefused) as raised:
        create(customer_email=email)
    assert "kari" not in told(raised.value)


def test_what_stripe_refuses_is_refused(simulator: Simulator, configure: Configure) -> None:
    session = create()["id"]
    simulator.pay(session)
    refused: list[Call] = [
        lambda: client.expire_session(session),
        lambda: client.retrieve_session("cs_test_nobody_knows"),
        lambda: create("key-2", locale="tlh"),
    ]
    for call in refused:
        with pytest.raises(GatewayError) as raised:
            call()
        assert type(raised.value) is exceptions.GatewayRefused


def test_a_failure_that_passes_is_tried_again_under_the_same_key(
    simulator: Simulator, configure: Configure
) -> None:
    configure(MAX_NETWORK_RETRIES=1)
    simulator.fault("error", status=503)
    create("key-1")
    tries = simulator.requests("POST", "/v1/checkout/sessions")
    assert [each["status"] for each in tries] == [503, 200]
    assert {each["headers"]["Idempotency-Key"] for each in tries} == {"key-1"}


def test_every_request_names_version_and_preview(simulator: Simulator, configure: Configure) -> None:
    session = create()["id"]
    client.retrieve_session(session)
    client.expire_session(session)
    assert [
        (
            each["method"],
            each["path"].replace(session, "ID"),
            each["status"],
            each["headers"]["Stripe-Version"],
        )
        for each in simulator.requests()
    ] == [
        ("POST", "/v1/checkout/sessions", 200, VERSION),
        ("GET", "/v1/checkout/sessions/ID", 200, VERSION),
        ("POST", "/v1/checkout/sessions/ID/expire", 200, VERSION),
    ]


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ({"PREVIEW": "vipps_preview=v2"}, "2026-04-22.preview; vipps_preview=v2"),
        ({"PREVIEW": None, "API_VERSION": "2027-03-31.fjord"}, "2027-03-31.fjord"),
    ],
)
def test_the_settings_decide_about_version_and_preview(
    simulator: Simulator, configure: Configure, changes: Json, version: str
) -> None:
    configure(**changes)
    with pytest.raises(GatewayError):
        client.retrieve_session("cs_test_1")
    assert [each["headers"]["Stripe-Version"] for each in simulator.requests()] == [version]


# Answers that are not Stripe's, say of a proxy


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that knows one answer; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>Bad gateway</html>"),
        (502, b""),
        (502, b'{"message": "Bad gateway"}'),
        (502, b'{"error": "Bad gateway"}'),
        (502, b'{"error": null}'),
        (200, b""),
        (200, b"<html>Please sign in</html>"),
        (200, b'{"id": "cs_test_1", "customer_email": "kari@example.com'),
        (200, b"[]"),
        (200, b"null"),
    ],
)
def test_an_answer_that_is_not_stripes_means_unavailable(
    configure: Configure, status: int, body: bytes
) -> None:
    with answering(status, body) as address:
        configure(API_BASE=address)
        with pytest.raises(exceptions.GatewayUnavailable) as raised:
            client.retrieve_session("cs_test_1")
    assert "kari@example.com" not in told(raised.value)
