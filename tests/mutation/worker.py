"""What a mutant's process needs, as a pytest plugin: mutmut forks one for each mutant, ready to run tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import NoReturn

import pytest
from django.conf import settings
from django.db import connections

#: As mutmut reads it.
TOOK_TOO_LONG = 24

#: Modules that need no database and no Stripe. Their own tests judge them: every test of the integration
#: passes through them, too, and takes its time.
PURE = {
    "oscar_vipps.money",
    "oscar_vipps.gateway.session",
    "oscar_vipps.gateway.snapshot",
    "oscar_vipps.payments.states",
}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # Files of its own: the settings were loaded, and named them, before the fork.
    settings.RUN_DIR = settings.RUN_DIR.with_name(f"oscar-vipps-tests-{os.getpid()}")
    settings.MEDIA_ROOT = settings.RUN_DIR / "media"
    connections["default"].settings_dict["TEST"]["NAME"] = str(settings.RUN_DIR / "test.sqlite3")
    signal.signal(signal.SIGXCPU, _leave)
    if _module() in PURE:
        config.args = [test for test in config.args if test.startswith("tests/unit/")]
    killers = _killers().read_text().split("\n") if _killers().exists() else []
    # Otherwise in the order that mutmut chose: fast ones first.
    config.args.sort(key=lambda test: test not in killers)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What notices one mutant of a function is likely to notice the next."""
    if report.failed and _module().startswith("oscar_vipps"):
        with _killers().open("a") as file:
            file.write(f"{report.nodeid}\n")


def _module() -> str:
    return os.environ["MUTANT_UNDER_TEST"].rpartition(".")[0]


def _killers() -> Path:
    """Beside the mutants, one file for each function."""
    return Path(os.environ["MUTANT_UNDER_TEST"].rpartition("__mutmut_")[0] + ".killers")


def _leave(*_arguments: object) -> NoReturn:
    """How mutmut ends a mutant that takes too long. Fixtures are undone, so that the simulator ends."""
    pytest.exit("took too long", returncode=TOOK_TOO_LONG)
