from decimal import Decimal
from typing import Any

from oscar.apps.partner import prices
from oscar.apps.partner import strategy as base


class Selector(base.Selector):
    def strategy(self, request: Any = None, user: Any = None, **kwargs: Any) -> "PartnerPrices":
        return PartnerPrices(request)


class PartnerPrices(base.UseFirstStockRecord, base.StockRequired, base.Structured):
    """Customers with an account pay a third less, which leaves fractions of an øre; tax comes on top."""

    def pricing_policy(self, product: Any, stockrecord: Any) -> Any:
        if not stockrecord:
            return prices.Unavailable()
        price = stockrecord.price * (Decimal(2) / 3 if self.user else 1)
        return prices.FixedPrice(
            currency=stockrecord.price_currency, excl_tax=price, tax=price * Decimal("0.25")
        )

    parent_pricing_policy = base.NoTax.parent_pricing_policy
