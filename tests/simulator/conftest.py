"""The simulator as a process, the real Stripe SDK as its client, and a receiver of webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.simulator.orders import SECRET, VERSION, client_for
from tests.simulator.receiver import Receiver
from tests.support.simulator import Simulator
from tests.support.simulator_fixtures import simulator, simulator_process

__all__ = ["simulator", "simulator_process"]


@pytest.fixture
def client(simulator: Simulator) -> stripe.StripeClient:
    return client_for(simulator)


@pytest.fixture
def http(simulator: Simulator) -> Iterator[httpx.Client]:
    """The API without an SDK."""
    headers = {"Authorization": "Bearer sk_test_simulator", "Stripe-Version": VERSION}
    with httpx.Client(base_url=simulator.url, headers=headers, timeout=5, trust_env=False) as client:
        yield client


@pytest.fixture
def browser(simulator: Simulator) -> Iterator[httpx.Client]:
    """A browser as far as the pages need one."""
    with httpx.Client(base_url=simulator.url, timeout=15, trust_env=False) as client:
        yield client


@pytest.fixture
def shop(simulator: Simulator) -> Iterator[Receiver]:
    """Receives the simulator's events and answers 200."""
    with Receiver() as receiver:
        simulator.set_webhooks(receiver.url, SECRET)
        yield receiver
        simulator.set_endpoints([])
