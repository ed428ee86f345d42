"""A shop that runs in a process of its own, and what its tests read of it: its database and its mail."""

from __future__ import annotations

import email
import email.policy
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.support.simulator import ROOT, Simulator

SECRET = "whsec_projects"


@dataclass(frozen=True)
class Shop:
    name: str
    directory: Path
    address: str
    #: Ids of what the system checks said of this app.
    checks: list[str]
    #: Addresses of the products by title, and of pages by name.
    goods: dict[str, str]
    simulator: Simulator
    #: What it was told by its environment.
    variables: dict[str, str]

    @property
    def webhook(self) -> str:
        return f"{self.address}/vipps/webhook/"

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What the database holds, without a word from the shop's own code."""
        with closing(sqlite3.connect(self.directory / "shop.sqlite3")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def row(self, query: str, *values: Any) -> dict[str, Any]:
        (found,) = self.rows(query, *values)
        return found

    def execute(self, statement: str) -> None:
        """For what goes wrong in the database."""
        with closing(sqlite3.connect(self.directory / "shop.sqlite3")) as connection, connection:
            connection.execute(statement)

    def mails(self) -> list[EmailMessage]:
        """All that was sent, oldest first."""
        files = sorted((self.directory / "mail").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        # Several of one connection stand in one file.
        texts = [text for file in files for text in file.read_text().split(f"\n{'-' * 79}\n") if text.strip()]
        return [email.message_from_string(text, policy=email.policy.default) for text in texts]

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails() if mail["To"] == address]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.projects.serve", *arguments]


def environment(name: str, directory: Path, stripe: str, **variables: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": f"tests.projects.{name}.settings",
        "SHOP_DIR": str(directory),
        "SHOP_STRIPE": stripe,
        **variables,
    }


@contextmanager
def running(name: str, directory: Path, simulator: Simulator, **variables: str) -> Iterator[Shop]:
    """The shop whose settings are ``tests.projects.<name>.settings``, on the database in ``directory``."""
    with (directory / f"{name}.log").open("w+") as log:
        process = subprocess.Popen(
            command(),
            cwd=directory,
            env=environment(name, directory, simulator.url, **variables),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                log.seek(0)
                raise AssertionError(f"The shop {name} did not start:\n{log.read()}")
            yield Shop(name, directory, simulator=simulator, variables=variables, **json.loads(line))
        finally:
            process.terminate()
            process.communicate(timeout=30)
