"""How parcels travel, with a price for each currency the shop sells in."""

from decimal import Decimal
from typing import Any, ClassVar

from oscar.apps.shipping.methods import Base
from oscar.core.prices import Price


class Parcel(Base):
    #: Currency -> charge without and with VAT.
    charges: ClassVar[dict[str, tuple[Decimal, Decimal]]]

    def calculate(self, basket: Any) -> Price:
        without_vat, with_vat = self.charges[basket.currency]
        return Price(currency=basket.currency, excl_tax=without_vat, incl_tax=with_vat)


class ToTheDoor(Parcel):
    code = "hjemlevering"
    name = "Levert hjem"
    description = "På døra i løpet av 2–4 virkedager."
    charges = {
        "NOK": (Decimal("63.20"), Decimal("79.00")),
        "EUR": (Decimal("9.60"), Decimal("12.00")),
    }


class PickUpPoint(Parcel):
    code = "hentested"
    name = "Hentested"
    description = "Hentes i butikk nær deg etter 2–3 virkedager."
    charges = {
        "NOK": (Decimal("39.20"), Decimal("49.00")),
        "EUR": (Decimal("6.40"), Decimal("8.00")),
    }
