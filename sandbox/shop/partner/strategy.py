"""Prices with Norwegian VAT. Stock records hold the price without it."""

from decimal import Decimal
from typing import Any

from oscar.apps.partner import strategy as base

VAT = Decimal("0.25")
#: Product classes with a rate of their own: electronic books are free of VAT.
VAT_OF_CLASS = {"e-bok": Decimal(0)}


class Selector(base.Selector):
    def strategy(self, request: Any = None, user: Any = None, **kwargs: Any) -> "NorwegianStrategy":
        return NorwegianStrategy(request)


class NorwegianStrategy(base.UseFirstStockRecord, base.FixedRateTax, base.StockRequired, base.Structured):
    exponent = Decimal("0.01")

    def get_rate(self, product: Any, stockrecord: Any) -> Decimal:
        return VAT_OF_CLASS.get(product.get_product_class().slug, VAT)
