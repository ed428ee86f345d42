"""Shops to start: each in a process of its own, on a database that an Oscar shop has used before."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.simulator import Simulator

from .shop import SECRET, Shop, command, environment, running

Start = Callable[..., Shop]


@pytest.fixture(scope="package")
def oscar_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a shop that has Oscar's tables, and no others."""
    directory = tmp_path_factory.mktemp("oscar-alone")
    alone = environment("oscar_alone", directory, "")
    subprocess.run(command("--migrate-only"), env=alone, cwd=directory, check=True)
    return directory / "shop.sqlite3"


@pytest.fixture
def start(
    request: pytest.FixtureRequest, simulator: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """``start("stock")``: the shop of that name, and Stripe's events go to it.

    ``empty=True`` is for a shop that never had another's tables, ``beside`` for one that shares another's.
    """
    with ExitStack() as shops:

        def begin(name: str, *, empty: bool = False, beside: Shop | None = None, **variables: str) -> Shop:
            directory = beside.directory if beside else tmp_path_factory.mktemp(name)
            if not empty and not beside:
                shutil.copy(request.getfixturevalue("oscar_database"), directory)
            shop = shops.enter_context(running(name, directory, simulator, **variables))
            simulator.set_webhooks(shop.webhook, SECRET)
            return shop

        yield begin
