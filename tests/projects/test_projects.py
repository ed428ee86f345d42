"""Shops as there are many, each a small project: with Vipps installed, they sell."""

from __future__ import annotations

from .conftest import Start
from .shopper import Shopper, buy_with_vipps, take_for_nothing


def test_a_stock_shop(start: Start) -> None:
    shop = start("stock")
    with Shopper(shop) as shopper:
        buy_with_vipps(shopper)
        take_for_nothing(shopper)
