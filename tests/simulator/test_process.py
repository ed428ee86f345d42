"""The command line, and the process's own life."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
import stripe

from tests.simulator.orders import SECRET, client_for, order
from tests.simulator.receiver import Receiver
from tests.support.simulator import ROOT, Simulator


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stripe_simulator", *arguments]
    return subprocess.run(
        command, cwd=ROOT / "sandbox", capture_output=True, text=True, timeout=20, check=False
    )


def test_stops_at_once_and_cleanly() -> None:
    process = Simulator().start()
    assert process.stop() == 0


@pytest.mark.timeout(30)
def test_stops_although_a_request_is_held_without_an_answer() -> None:
    process = Simulator().start()
    process.fault("timeout_before")
    client = client_for(process)

    def ask() -> None:
        with pytest.raises(stripe.APIConnectionError):
            client.v1.checkout.sessions.create(order())

    thread = threading.Thread(target=ask)
    thread.start()
    while not process.requests():  # the log has it when it is held
        pass
    assert process.stop() == 0
    thread.join(5)
    assert not thread.is_alive()


def test_keeps_everything_in_its_database(tmp_path: Path) -> None:
    database = str(tmp_path / "stripe.sqlite")
    with Simulator("--database", database) as process:
        session = client_for(process).v1.checkout.sessions.create(order())
        process.pay(session.id)
        process.advance(60)
    with Simulator("--database", database) as process:
        assert client_for(process).v1.checkout.sessions.retrieve(session.id).status == "complete"
        assert process.state()["offset"] == pytest.approx(60, abs=1)


def test_sends_events_to_the_endpoint_of_the_command_line_also_after_a_reset() -> None:
    with Receiver() as shop, Simulator("--webhook-url", shop.url, "--webhook-secret", SECRET) as process:
        process.reset()
        process.pay(client_for(process).v1.checkout.sessions.create(order()).id)
        assert shop.received[-1].verify(SECRET).type == "checkout.session.completed"


@pytest.mark.parametrize("in_flight", [False, True])
def test_retries_outlive_the_process(tmp_path: Path, in_flight: bool) -> None:
    """Also one that was under way when the process ended."""
    with Receiver(answer=lambda number: 500 if number == 0 else 200) as shop:
        arguments = (
            *("--database", str(tmp_path / "stripe.sqlite")),
            *("--webhook-url", shop.url, "--webhook-secret", SECRET),
        )
        with Simulator(*arguments) as process:
            client = client_for(process)
            client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(order()).id)
            process.wait_for_deliveries()
            assert shop.arrived.acquire(timeout=5)
            if in_flight:
                shop.gate.clear()
                process.advance(5, timeout=0.2)
                assert shop.arrived.acquire(timeout=5)
        shop.gate.set()
        with Simulator(*arguments) as process:
            process.advance(5)
            [delivery] = process.wait_for_deliveries()
            assert delivery["status"] == "delivered"


def test_public_url_is_where_browsers_are_sent() -> None:
    with Simulator("--public-url", "https://stripe.example/") as process:
        session = client_for(process).v1.checkout.sessions.create(order())
        assert session.url == f"https://stripe.example/c/pay/{session.id}"
        url = process.pay(session.id, "start")["url"]
        assert url.startswith("https://stripe.example/vipps/test/pi_")


def test_each_url_needs_its_secret() -> None:
    result = run("--webhook-url", "http://127.0.0.1:1/")
    assert result.returncode == 2
    assert "--webhook-secret" in result.stderr


def test_says_when_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("--port", str(taken.getsockname()[1]))
    assert result.returncode == 1
    assert "cannot listen on 127.0.0.1" in result.stderr
    assert result.stdout == ""


def test_listens_on_loopback_only(simulator: Simulator) -> None:
    assert simulator.url.startswith("http://127.0.0.1:")


def test_imports_neither_the_app_nor_django() -> None:
    code = (
        "import sys, stripe_simulator.app\n"
        "others = {'oscar_vipps', 'django', 'oscar', 'stripe'}\n"
        "print([name for name in sys.modules if name.split('.')[0] in others])"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT / "sandbox", capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_reset_forgets_everything(simulator: Simulator, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"})
    simulator.pay(session.id)
    simulator.advance(3600)
    simulator.account(vipps_enrolled=False, vipps_enabled=False)
    simulator.fault("error")
    simulator.policy("drop")
    simulator.reset()
    state = simulator.state()
    assert state["offset"] == 0
    assert not any(
        state[name] for name in ("sessions", "payment_intents", "events", "deliveries", "faults", "policies")
    )
    assert simulator.requests() == []
    assert client.v1.checkout.sessions.create(order(), {"idempotency_key": "key"}).id != session.id


def test_control_refuses_what_it_does_not_know(simulator: Simulator) -> None:
    for path, body in {
        "faults": {"kind": "explode"},
        "events/policy": {"action": "drop", "colour": "red"},
        "clock": {"advance": -1},
        "webhooks": {"endpoints": [{"url": "http://127.0.0.1/"}]},
        "sessions/cs_test_unknown/pay": {"outcome": "authorize"},
    }.items():
        response = httpx.post(f"{simulator.url}/_simulator/{path}", json=body)
        assert response.status_code in (400, 404), path
        assert response.json()["error"]


def test_the_log_of_requests_never_has_the_key(simulator: Simulator, client: stripe.StripeClient) -> None:
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "order-1"})
    [entry] = simulator.requests()
    assert entry["method"] == "POST"
    assert entry["path"] == "/v1/checkout/sessions"
    assert entry["status"] == 200
    assert entry["parameters"]["line_items"][0]["price_data"]["currency"] == "nok"
    assert entry["headers"] == {
        "Stripe-Version": "2026-04-22.preview; vipps_preview=v1",
        "Idempotency-Key": "order-1",
    }
    assert "sk_test" not in str(entry)
