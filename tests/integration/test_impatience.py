"""Impatient fingers, and worse, don't use up the account's rate limit at Stripe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from oscar_vipps.checkout import pages
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper


def test_stripe_is_asked_once_however_often_the_pages_are_loaded(
    shop: Shop, shopper: Shopper, product: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = shopper.go_to_vipps(product)
    monkeypatch.setattr(pages, "ASK_AGAIN_AFTER", timedelta(hours=1))
    for name in ("return", "cancel", "return", "status"):
        assert shopper.visit(payment, name).status_code == 200
    assert len(shop.simulator.requests("GET", f"/v1/checkout/sessions/{payment.session_id}")) == 1
