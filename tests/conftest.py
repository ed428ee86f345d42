"""What every test gets: the shared fixtures, and what happens where the machine lacks something.

A missing service or browser skips what needs it and says why. With ``CI=true`` it is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import OperationalError
from django.utils import translation
from pytest_django.plugin import blocking_manager_key

pytest_plugins = [
    "tests.support.simulator_fixtures",
    "tests.support.fixtures",
    "tests.support.healthy_shop",
]

# How fast an example runs says nothing about whether it is right.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")

FIGURE = "figure: "
IN_CI = os.environ.get("CI") == "true"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure() -> None:
    settings.RUN_DIR.mkdir(exist_ok=True)


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.RUN_DIR, ignore_errors=True)


def pytest_runtest_teardown() -> None:
    """What was asked for last in a language of its own leaves it to nobody."""
    translation.deactivate()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave at once when the chosen database doesn't answer, instead of failing in every test."""
    if connection.vendor == "sqlite" or hasattr(session.config, "workerinput"):
        return
    try:
        with session.config.stash[blocking_manager_key].unblock(), connection._nodb_cursor():
            pass
    except OperationalError as error:
        reason = f"{connection.display_name} does not answer, its tests are left out: {error}"
        pytest.exit(reason, returncode=1 if IN_CI else 0)


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """``figure("permutations", 24)``: counted over all tests, and printed at the end."""

    def count(name: str, number: int) -> None:
        record_property(f"{FIGURE}{name}", number)

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties if report.when == "call" else ():
            if name.startswith(FIGURE):
                figures[name.removeprefix(FIGURE)] += int(str(number))
    for name, number in sorted(figures.items()):
        terminalreporter.write_line(f"{number:>9,} {name}")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the browser is; without one the test is skipped."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or lacking("Chromium is not installed")


def lacking(reason: str) -> NoReturn:
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)
