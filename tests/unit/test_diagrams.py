"""The pictures in the docs show what the code says."""

from __future__ import annotations

import html
import re
import runpy
from pathlib import Path

from oscar_vipps.payments.states import TRANSITIONS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_picture_of_the_states_is_drawn_from_the_table() -> None:
    """After a change, ``make diagrams`` draws it anew."""
    drawn = runpy.run_path(str(DOCS / "diagrams.py"))["payment_states"]()
    assert (DOCS / "images/payment-states.dot").read_text(encoding="utf-8") == drawn
    svg = html.unescape((DOCS / "images/payment-states.svg").read_text(encoding="utf-8"))
    arrows = set(re.findall(r"<title>(\w+)->(\w+)</title>", svg))
    assert arrows == {(before.name, after.name) for (before, _fact), after in TRANSITIONS.items()} | {
        ("EXPIRED", "OPEN")
    }
