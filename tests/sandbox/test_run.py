"""The life of ``make sandbox``: both processes start, answer and stop together."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import psutil
import pytest

from .sandbox import ROOT, Sandbox, answers, environment, free_port, started


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for this module: only the first start has tables to make."""
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture
def port() -> int:
    return free_port()


def sandbox(var: Path, port: int, **variables: str) -> AbstractContextManager[Sandbox]:
    command = [sys.executable, str(ROOT / "sandbox" / "run.py")]
    return started(command, ROOT, environment(SANDBOX_VAR=str(var), PORT=str(port), **variables))


def test_serves_the_shop_and_the_simulator_until_ctrl_c(var: Path, port: int) -> None:
    with sandbox(var, port) as running:
        url = running.wait_until_ready()
        assert url == f"http://127.0.0.1:{port}/"
        page = httpx.get(url, follow_redirects=True)
        assert "Ostehøvel" in page.text
        assert "/catalogue/ostehovel-i-bjork_" in page.text
        assert page.headers["Content-Language"] == "nb"
        assert running.simulator_url
        assert answers(running.simulator_url)
        children = running.children()
        assert running.interrupt() == 0
    assert not any(child.is_running() for child in children)
    assert not answers(url)
    assert not answers(running.simulator_url)


def test_says_where_to_click_in_one_line_and_who_is_staff(var: Path, port: int) -> None:
    with sandbox(var, port) as running:
        running.wait_until_ready()
        assert running.lines[-1].startswith(f"Open http://127.0.0.1:{port}/ ")
        assert any("staff@example.com, password: " in line for line in running.lines)


@pytest.mark.parametrize(
    ("dies", "remains"), [("stripe_simulator", "runserver"), ("runserver", "stripe_simulator")]
)
def test_when_one_process_dies_the_other_is_stopped(var: Path, port: int, dies: str, remains: str) -> None:
    with sandbox(var, port) as running:
        running.wait_until_ready()
        survivor = running.child(remains)
        running.child(dies).kill()
        assert running.wait() == 1
        assert not survivor.is_running()
        assert "has ended by itself" in running.lines[-1]


def test_termination_stops_both(var: Path, port: int) -> None:
    with sandbox(var, port) as running:
        running.wait_until_ready()
        children = running.children()
        running.process.send_signal(signal.SIGTERM)
        assert running.wait() == 0
        _gone, alive = psutil.wait_procs(children, timeout=0)
        assert alive == []


def test_a_taken_port_is_named(var: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), sandbox(var, port) as running:
        assert running.wait() == 1
    assert f"port {port} is taken" in running.lines[-1]


def test_with_a_key_there_is_no_simulator(var: Path, port: int) -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_of_an_account", "STRIPE_WEBHOOK_SECRET": "whsec_of_an_account"}
    with sandbox(var, port, **keys) as running:
        running.wait_until_ready()
        assert running.simulator_url is None
        assert len(running.children()) == 1


def test_a_key_without_a_webhook_secret_is_refused(var: Path, port: int) -> None:
    with sandbox(var, port, STRIPE_SECRET_KEY="sk_test_of_an_account") as running:
        assert running.wait() == 1
    assert "STRIPE_WEBHOOK_SECRET is missing" in running.lines[-1]
