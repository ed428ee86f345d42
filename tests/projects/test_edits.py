"""How much an owner has to write: what in a project's own files has to do with Vipps, and ``migrate``.

An edit is a place: the list of apps, the settings, or one more file.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECTS = Path(__file__).parent
NAMES = sorted(path.parent.name for path in PROJECTS.glob("*/settings.py"))

STOCK = {"settings.py: INSTALLED_APPS", "settings.py: OSCAR_VIPPS and statuses", "urls.py", "migrate"}
#: What these have beyond that: the files of their own checkouts.
MORE = {
    "own_checkout": {"checkout/views.py", "checkout/methods.py"},
    "own_payment_page": {"checkout/views.py"},
    "another_method": {"methods.py"},
}


def edits(name: str) -> set[str]:
    """The places; what a project takes over from the stock shop's files counts as if it stood in its own."""
    found = set()
    for path in (PROJECTS / name).rglob("*.py"):
        file = path.relative_to(PROJECTS / name).as_posix()
        tree = ast.parse(path.read_text())
        found |= {place(file, statement) for statement in tree.body if is_of_vipps(statement)}
        if takes_from_stock(tree):
            found |= edits("stock")
    return found - {""}


def is_of_vipps(statement: ast.stmt) -> bool:
    is_docstring = isinstance(statement, ast.Expr)
    return not is_docstring and "vipps" in ast.unparse(statement).lower()


def place(file: str, statement: ast.stmt) -> str:
    if file != "settings.py":
        return file
    if isinstance(statement, ast.ImportFrom):
        return ""
    assert isinstance(statement, ast.Assign)
    is_apps = ast.unparse(statement.targets[0]) == "INSTALLED_APPS"
    return f"{file}: {'INSTALLED_APPS' if is_apps else 'OSCAR_VIPPS and statuses'}"


def takes_from_stock(tree: ast.Module) -> bool:
    imports = [each for each in tree.body if isinstance(each, ast.ImportFrom)]
    return any(each.module == "tests.projects.stock.settings" for each in imports)


def test_oscar_alone_knows_nothing_of_it() -> None:
    assert edits("oscar_alone") == set()


#: Without the app, with too little of it, with as much of its own as can be, and the guide's own words.
OTHERS = {"oscar_alone", "not_set_up", "customized", "documented"}


@pytest.mark.parametrize("name", sorted({*NAMES} - OTHERS))
def test_four_edits_are_enough_and_six_where_the_checkout_is_the_shops_own(name: str) -> None:
    found = edits(name) | {"migrate"}
    assert found == STOCK | MORE.get(name, set())
    assert len(found) <= (6 if name in MORE else 4)
