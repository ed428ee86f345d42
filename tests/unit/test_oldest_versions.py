"""The oldest versions that may be installed are those that are tried."""

from __future__ import annotations

import configparser
import os
import re
from importlib.metadata import requires, version
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What tox names the environment with the oldest versions.
OLDEST = "py310-oldest-sqlite"


def lower_bounds() -> dict[str, str]:
    """Of the runtime dependencies: name, version."""
    [declared] = re.findall(
        r"^dependencies = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL
    )
    return dict(re.findall(r'"([\w-]+)>=([\d.]+)', declared))


def pinned() -> dict[str, str]:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    return dict(re.findall(r"oldest: ([\w-]+)==([\d.]+)", tox["testenv"]["deps"]))


def numbers(found: dict[str, str]) -> dict[str, list[int]]:
    """Comparable: 5.2 is 5.2.0."""
    return {name: ([int(part) for part in each.split(".")] + [0, 0])[:3] for name, each in found.items()}


def test_the_lower_bounds_are_what_tox_installs() -> None:
    assert numbers(pinned()) == numbers(lower_bounds())
    required = [each for each in requires("django-oscar-vipps") or () if "extra ==" not in each]
    assert set(pinned()) == {re.split(r"[<>=]", each)[0] for each in required}


def test_what_is_installed_is_no_older_and_there_it_is_the_oldest() -> None:
    installed, oldest = numbers({name: version(name) for name in pinned()}), numbers(lower_bounds())
    assert [name for name in oldest if installed[name] < oldest[name]] == []
    assert os.environ.get("TOX_ENV_NAME") != OLDEST or installed == oldest
