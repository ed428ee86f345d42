"""A shop that can be killed: one process for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.support.factories import CountryFactory
from tests.support.simulator import Simulator

from .purchase import MortalShop
from .server import mail_directory, serving


@pytest.fixture(scope="package")
def mortal_process(
    django_db_setup: None, simulator_process: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MortalShop]:
    directory = tmp_path_factory.mktemp("mortal-shop")
    database = str(connection.settings_dict["NAME"])
    with serving(directory, database=database, stripe=simulator_process.url) as address:
        yield MortalShop(address, mail_directory(directory), simulator_process)


@pytest.fixture
def mortal_shop(mortal_process: MortalShop, transactional_db: None) -> MortalShop:
    """With an empty database."""
    CountryFactory.create()
    return mortal_process
