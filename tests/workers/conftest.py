"""A shop whose events are left to workers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from oscar_vipps.models import Payment
from tests.conftest import lacking
from tests.support.celery_apps import left_to_workers
from tests.support.factories import ProductFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

from .processes import Process, broker, free_port, worker


@dataclass
class WorkingShop:
    shop: Shop
    directory: Path
    broker_port: int
    running: list[Process] = field(default_factory=list)

    @property
    def broker_url(self) -> str:
        return f"redis://127.0.0.1:{self.broker_port}/0"

    @property
    def mails(self) -> list[Path]:
        return list((self.directory / "mail").glob("*"))

    def start_broker(self) -> Process:
        return self._started(broker(self.directory, self.broker_port))

    def start_worker(self, *options: str) -> Process:
        variables = {
            "CELERY_BROKER_URL": self.broker_url,
            "WORKERS_DATABASE": str(connection.settings_dict["NAME"]),
            "WORKERS_STRIPE": self.shop.simulator.url,
            "WORKERS_MAIL": str(self.directory / "mail"),
        }
        return self._started(worker(self.directory, variables, *options))

    def _started(self, process: Process) -> Process:
        self.running.append(process)
        return process

    def paid(self) -> Payment:
        """A payment that the shopper has approved, of which the shop hasn't heard."""
        payment = Shopper().go_to_vipps(ProductFactory.create())
        self.shop.simulator.pay(payment.session_id or "")
        return payment

    def hear_of_it(self) -> Any:
        """What Stripe is answered when it tells of the money."""
        (answer,) = self.shop.deliver("payment_intent.succeeded")
        return answer


@pytest.fixture
def working_shop(shop: Shop, settings: Any, tmp_path: Path) -> Iterator[WorkingShop]:
    """Neither its broker nor a worker runs yet."""
    if shutil.which("redis-server") is None:
        lacking("Redis is not installed")
    working = WorkingShop(shop, tmp_path, free_port())
    with left_to_workers(settings, working.broker_url):
        yield working
    for process in working.running:
        process.kill()
