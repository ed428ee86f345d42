"""Every failure of the field has a test that names it, and the list in the docs says which."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
LISTED = runpy.run_path(str(DOCS / "field_failures.py"))


def test_each_failure_has_a_test() -> None:
    shown = LISTED["shown_by"]()
    assert [number for number in LISTED["FAILURES"] if not shown.get(number)] == []


def test_the_list_in_the_docs_is_of_today() -> None:
    """After a change, ``make field-failures`` writes it anew."""
    assert LISTED["LIST"].read_text(encoding="utf-8") == LISTED["written"]()
