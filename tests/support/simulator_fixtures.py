"""Fixtures for the Stripe simulator: ``pytest_plugins = ["tests.support.simulator_fixtures"]``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.simulator import Simulator


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    """One process for the test run (one per worker)."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """The simulator with nothing in it. Tests that need it at another state set that themselves."""
    simulator_process.reset()
    return simulator_process
