"""Every block of code in README and docs is run. One that nobody knows how to run is a failure."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.checks import run_checks
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError
from django.urls import reverse
from oscar.core.loading import get_model

from oscar_vipps.dashboard.navigation import add_to_navigation
from tests.docs.pages import Block, blocks, commands
from tests.support.customer import EMAIL
from tests.support.factories import ProductFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper
from tests.support.simulator import ROOT

BLOCKS = blocks()
COMMANDS = commands()
MANAGE = sorted(each.removeprefix("manage.py ") for each in COMMANDS if each.startswith("manage.py "))

#: Pictures made of letters, by their first words.
DRAWN = ('"Place order"',)
#: A line of a crontab, of which the command is looked at with the others.
CRON = re.compile(r"([\d*/]+\s+){5}cd /srv/shop && python manage\.py \w+")


def kind_of(block: Block) -> str:
    """What can be done with it; empty where nobody knows."""
    if block.kind == "shell":
        return "commands"
    if block.kind == "text" and block.text.startswith(DRAWN):
        return "picture"
    if block.kind == "text" and all(map(CRON.fullmatch, block.text.splitlines())):
        return "commands"
    if block.kind != "python":
        return ""
    tree = ast.parse(block.text)
    names = {
        target.id
        for each in tree.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    is_flat = all(isinstance(each, ast.Assign | ast.ImportFrom) for each in tree.body)
    if names & {"INSTALLED_APPS", "urlpatterns"}:
        return "project"
    return "settings" if is_flat and names and all(map(str.isupper, names)) else "module"


def of_kind(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", [each for each in BLOCKS if kind_of(each) == kind], ids=str)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_somebody_knows_what_to_do_with_it(block: Block) -> None:
    assert kind_of(block), f"nobody knows how to test a block of '{block.kind}'"


def test_the_readme_says_what_the_installation_guide_says() -> None:
    """``tests/projects/documented`` is made of the guide's, and buys."""
    in_guide = {block.text for block in BLOCKS if block.page == "installation.rst"}
    in_readme = [block for block in BLOCKS if block.page == "README.rst" and block.kind == "python"]
    assert len(in_readme) == 3
    assert {block.text for block in in_readme} <= in_guide


def written_settings(block: Block, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_documented")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_documented")
    found: dict[str, Any] = {"os": os, "timedelta": timedelta}
    exec(block.text, found)
    return {name: value for name, value in found.items() if name.isupper()}


@of_kind("settings")
def test_settings_can_be_used(block: Block, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what the shop has, the system checks find nothing wrong with them."""
    found = written_settings(block, monkeypatch)
    vipps = found.pop("OSCAR_VIPPS", {})
    if "ORDER_STATUS" in vipps:
        monkeypatch.setattr(get_model("order", "Order"), "pipeline", found["OSCAR_ORDER_STATUS_PIPELINE"])
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, **vipps}
    for name, value in found.items():
        assert hasattr(settings, name), f"nobody reads {name}"
        setattr(settings, name, value)
    if "CELERY_APP" in vipps:
        monkeypatch.setitem(sys.modules, "shop.celery", import_module("tests.workers.celery_app"))
    assert [str(message) for message in run_checks(tags=["oscar_vipps"])] == []


def test_a_navigation_of_the_shops_own_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (each for each in BLOCKS if "OSCAR_DASHBOARD_NAVIGATION" in each.text)
    (navigation,) = written_settings(block, monkeypatch).values()
    before = repr(navigation)
    add_to_navigation(navigation)
    assert repr(navigation) == before
    assert [reverse(each["url_name"]) for each in navigation[0]["children"]] == [
        "/dashboard/vipps/",
        "/dashboard/vipps/attention/",
    ]


@of_kind("module")
def test_code_can_be_imported(block: Block, db: None) -> None:
    """What it does then, ``test_customizing.py`` tests."""
    exec(compile(block.text, str(block), "exec"), {"__name__": "documented"})


# Commands


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists(command: str) -> None:
    program, *words = command.split()
    knows: dict[str, Callable[[list[str]], bool]] = {
        "make": is_target,
        "manage.py": is_management_command,
        "pytest": are_files,
        "pip": lambda words: words in (["install", "."], ["install", ".[celery]"]),
        "stripe": listens_to_our_webhook,
        "django-admin": lambda words: words[0] in get_commands(),
    }
    assert program in knows, f"nobody knows how to test '{command}'"
    assert knows[program](words), command


def is_target(words: list[str]) -> bool:
    target, *variables = words
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{variable.partition('=')[0]} ?=" in makefile for variable in variables)
    return re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE) is not None


def is_management_command(words: list[str]) -> bool:
    """It, and its options."""
    name, *arguments = words
    command: Any = load_command_class(get_commands()[name], name)
    # Raises CommandError where it doesn't know one.
    command.create_parser("manage.py", name).parse_args(arguments)
    return True


def are_files(words: list[str]) -> bool:
    return all((ROOT / word).exists() for word in words)


def listens_to_our_webhook(words: list[str]) -> bool:
    return words == ["listen", "--forward-to", f"http://127.0.0.1:8000{reverse('vipps:webhook')}"]


@pytest.fixture
def registered(shop: Shop, settings: Any) -> Any:
    """The older of two endpoints, as while a secret is rolled, of a shop that is about to go live."""
    settings.OSCAR_FROM_EMAIL = "shop@butikk.example"
    Site.objects.update(domain="butikk.example")
    Site.objects.clear_cache()
    for arguments in ([], ["--roll"]):
        call_command("vipps_register_webhook", *arguments, stdout=StringIO())
    yield shop.simulator.state()["endpoints"][0]["id"]
    Site.objects.clear_cache()


@pytest.fixture
def kari(shop: Shop, registered: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A customer whose payment is over; and whoever runs a command means it."""
    payment = Shopper().go_to_vipps(ProductFactory.create())
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    assert EMAIL == "kari@example.com"
    monkeypatch.setattr("builtins.input", lambda: "yes")


# Every project in tests/projects is migrated before it sells.
@pytest.mark.parametrize("command", sorted({*MANAGE} - {"migrate"}))
def test_a_management_command_runs(command: str, registered: str, kari: None, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.json"
    name, *arguments = command.replace("FILE", str(bundle)).replace("ID", registered).split()
    out = StringIO()
    # What the doctor finds wrong with the shop under test is not what is tested here.
    with suppress(CommandError) if name == "vipps_doctor" else nullcontext():
        call_command(name, *arguments, stdout=out, stderr=out)
    assert out.getvalue().strip() or name in ("vipps_deadlines", "vipps_process_events")
    assert bundle.exists() == ("FILE" in command)
    assert "Traceback" not in out.getvalue()
