"""docs/privacy.rst names what is given out, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oscar_vipps.privacy.export import export_payment
from tests.docs.pages import snippet
from tests.support.payment_factories import OrderFactory, PaymentFactory

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).parents[2] / "docs" / "privacy.rst"


def test_every_name_in_the_export_is_documented() -> None:
    payment = PaymentFactory.create(state="captured")
    section = DOCS.read_text().partition("Give it out\n===")[2].partition("Erase it\n===")[0]
    documented = set(re.findall(r"``(\w+)``", section))
    assert set(export_payment(payment)) - documented == set()


def test_a_shops_own_routine() -> None:
    PaymentFactory.create(
        state="captured", order=OrderFactory.create(guest_email="kari@example.com"), language="nb"
    )
    found: dict[str, list[object]] = {}
    exec(snippet("privacy.rst", "erase_customer"), found)
    [outcome] = found["outcomes"]
    assert (getattr(outcome, "is_changed", None), found["left"]) == (True, [])
