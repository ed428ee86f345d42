"""The tutorial, step by step, in the sandbox that it starts."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import blocks
from tests.projects.browser import Browser
from tests.sandbox.sandbox import ROOT, Sandbox, environment, free_port, started
from tests.support.customer import ADDRESS, EMAIL

PRODUCT = re.compile(r"/catalogue/ostehovel[^\"]+")


class Reader(Browser):
    """Does what the tutorial says, in English."""

    def __init__(self, running: Sandbox, var: Path) -> None:
        super().__init__(running.wait_until_ready().rstrip("/"))
        self.var = var
        self.account = dict(re.findall(r"(account|password): (\S+?),?(?:\s|$)", "".join(running.lines)))
        self.simulator = Browser((running.simulator_url or "").rstrip("/"))

    def read(self, query: str) -> Any:
        with closing(sqlite3.connect(self.var / "shop.sqlite3")) as connection:
            return connection.execute(query).fetchone()

    def status(self) -> str:
        return str(self.read("SELECT status FROM order_order ORDER BY id DESC LIMIT 1")[0])

    def take_english(self) -> None:
        self.open(self.address)
        self.submit("#language_selector", language="en")

    def order(self, *, as_guest: bool = True) -> None:
        self.open(self.address)
        found = PRODUCT.search(str(self.page))
        assert found
        self.open(found[0])
        self.submit("#add_to_basket_form", quantity="2")
        self.open("/checkout/")
        if as_guest and self.page.select_one("form:has([name=options])"):
            self.submit("form:has([name=options])", username=EMAIL, options="anonymous")
        self.submit("#new_shipping_address", **ADDRESS)
        self.submit("form:has([name=method_code])")
        self.submit("form:has([name=method_code][value=vipps])")
        self.submit("#place_order_form")

    def pay(self, outcome: str) -> None:
        """At Stripe's page, as far as it leads back to the shop or to Stripe's page."""
        self.simulator.open(self.left_for)
        self.simulator.submit("form:has(.button-vipps)")
        self.simulator.submit("form.choices", outcome=outcome)


@pytest.fixture
def reader(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Reader]:
    port = free_port()
    variables = environment(SANDBOX_VAR=str(tmp_path), PORT=str(port))
    command = [sys.executable, str(ROOT / "sandbox" / "run.py")]
    with started(command, ROOT, variables) as running:
        yield Reader(running, tmp_path)


# It starts a shop from nothing.
@pytest.mark.timeout(600)
def test_the_tutorial(reader: Reader) -> None:
    reader.take_english()
    reader.order()
    assert reader.status() == "Pending"
    assert list((reader.var / "mail").glob("*")) == []
    stripes_page = reader.left_for
    reader.pay("fail")
    assert "/c/pay/" in reader.simulator.url
    # Back in the shop, and on with the same order.
    link = reader.simulator.page.select_one("a[href*='/vipps/']")
    assert link is not None
    reader.open(str(link["href"]))
    assert {"Continue with Vipps", "Cancel and get my basket back"} <= {
        button.get_text(strip=True) for button in reader.page.select("button")
    }
    assert "The card that is linked to Vipps was declined." in reader.text
    reader.submit("form[action$='/pay/']")
    assert reader.left_for == stripes_page
    reader.pay("authorize")
    reader.open(reader.simulator.left_for)
    assert reader.path == "/checkout/thank-you/"
    assert reader.status() == "Paid"
    assert len(list((reader.var / "mail").glob("*"))) == 1

    look_as_staff(reader)
    let_things_fail(reader)


def look_as_staff(reader: Reader) -> None:
    (number,) = reader.read("SELECT number FROM order_order")
    (reference,) = reader.read("SELECT reference FROM oscar_vipps_payment")
    reader.open("/dashboard/login/")
    reader.submit(
        "form:has([name=username])",
        username=reader.account["account"],
        password=reader.account["password"],
    )
    for page, what in (
        ("", number),
        ("attention/", "All is well"),
        ("events/", "checkout.session.completed"),
    ):
        reader.open(f"/dashboard/vipps/{page}")
        assert what in reader.text
    reader.open(f"/dashboard/vipps/{reference}/")
    reader.submit("form[action$='/refund/']", amount="10.00")
    assert "Refund: Refunded." in reader.text
    assert reader.status() == "Partly refunded"
    assert len(list((reader.var / "mail").glob("*"))) == 2


def let_things_fail(reader: Reader) -> None:
    control = reader.simulator
    control.open(control.address)
    home = control.url
    # The order that nobody pays.
    reader.order(as_guest=False)
    assert reader.status() == "Pending"
    control.submit("form:has([name=action][value=advance])", value="2100")
    assert reader.status() == "Expired"
    control.open(home)
    control.submit("form:has([name=action][value=clock_reset])")
    # The dispute.
    control.open(home)
    control.submit("form:has([value=dispute])", action="dispute")
    reader.open("/dashboard/vipps/attention/")
    assert "answer in Stripe's Dashboard" in reader.text
    # Vipps is off.
    control.open(home)
    control.submit("form:has([name=value][value=enabled])", value="enabled")
    reader.order(as_guest=False)
    assert reader.path == "/checkout/payment-method/"
    assert "Nothing has been charged, and your basket is as it was." in reader.text
    said = doctors_words(reader)
    assert "vipps is invalid" in said
    assert "SQLite" in said


def doctors_words(reader: Reader) -> str:
    """What the tutorial's command prints, with this sandbox's address and database."""
    commands = [block.text.strip() for block in blocks() if block.page == "tutorial.rst"]
    (command,) = (each for each in commands if each.startswith("cd sandbox"))
    command = command.replace("http://127.0.0.1:8001", reader.simulator.address)
    command = command.replace("../.venv/bin/python", sys.executable)
    variables = environment(SANDBOX_VAR=str(reader.var))
    told = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=100
    )
    # Something is wrong.
    assert told.returncode == 1
    return told.stdout
