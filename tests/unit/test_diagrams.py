"""The pictures in the docs show what the code says."""

from __future__ import annotations

import html
import re
import runpy
from pathlib import Path

import pytest

from oscar_vipps.payments.states import TRANSITIONS

DOCS = Path(__file__).resolve().parents[2] / "docs"


DIAGRAMS = runpy.run_path(str(DOCS / "diagrams.py"))


@pytest.mark.parametrize("name", DIAGRAMS["PICTURES"])
def test_a_picture_is_of_today(name: str) -> None:
    """After a change, ``make diagrams`` draws it anew."""
    pytest.importorskip("tomllib")
    drawn = (DOCS / f"images/{name}.dot").read_text(encoding="utf-8")
    assert drawn == DIAGRAMS["PICTURES"][name]()
    arrow = r'^  "?([\w.]+)"? -> "?([\w.]+)"?( |$)'
    in_source = {(start, end) for start, end, _rest in re.findall(arrow, drawn, re.MULTILINE)}
    assert in_source == arrows(name)


def test_the_picture_of_the_states_shows_the_table() -> None:
    assert arrows("payment-states") == {
        (before.name, after.name) for (before, _fact), after in TRANSITIONS.items()
    } | {("EXPIRED", "OPEN")}


def arrows(name: str) -> set[tuple[str, str]]:
    """In the picture that is shown."""
    svg = html.unescape((DOCS / f"images/{name}.svg").read_text(encoding="utf-8"))
    return set(re.findall(r"<title>([\w.]+)->([\w.]+)</title>", svg))
