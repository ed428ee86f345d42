"""Baskets of every kind: drawn by Hypothesis as plans, made from those by Oscar, in the database.

``checked_out(plan, shelf)`` takes a basket to the end of the checkout, ``place(checkout)`` orders it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import strategies as st
from oscar.apps.checkout.applicator import SurchargeApplicator
from oscar.apps.checkout.surcharges import FlatCharge, PercentageCharge
from oscar.apps.partner import prices
from oscar.apps.partner import strategy as pricing
from oscar.apps.shipping import methods, repository
from oscar.core.loading import get_class, get_model
from oscar.core.prices import Price

from oscar_vipps.checkout.views import PaymentDetailsView
from oscar_vipps.models import Payment
from oscar_vipps.payments import operations
from tests.support.factories import ClassFactory, PartnerFactory

Applicator = get_class("offer.applicator", "Applicator")
Basket = get_model("basket", "Basket")
Benefit = get_model("offer", "Benefit")
Condition = get_model("offer", "Condition")
ConditionalOffer = get_model("offer", "ConditionalOffer")
Option = get_model("catalogue", "Option")
OrderCreator = get_class("order.utils", "OrderCreator")
Product = get_model("catalogue", "Product")
Range = get_model("offer", "Range")
StockRecord = get_model("partner", "StockRecord")
Voucher = get_model("voucher", "Voucher")

MOST_LINES = 120
#: What it takes Oscar to add a line grows with the basket; longer ones are merged from parts.
LINES_OF_A_PART = 10

SHIPPING_BENEFITS = ("Shipping percentage", "Shipping absolute", "Shipping fixed price")
BENEFITS = ("Percentage", "Absolute", "Fixed", "Multibuy", "Fixed price", *SHIPPING_BENEFITS)


# Plans. Amounts are in kroner.


@dataclass(frozen=True)
class Line:
    """``engraved``: the product of the line before, once more, with an option."""

    price: Decimal
    quantity: int = 1
    tax_rate: Decimal = Decimal(0)
    engraved: bool = False
    currency: str = "NOK"


@dataclass(frozen=True)
class Offer:
    """``on_all``: on all products, otherwise on every other one. ``items``: on so many at most."""

    benefit: str
    value: Decimal | None = None
    condition: str = "Count"
    threshold: Decimal = Decimal(1)
    on_all: bool = True
    by_voucher: bool = False
    exclusive: bool = True
    times: int = 1
    items: int | None = None


@dataclass(frozen=True)
class Shipping:
    excl_tax: Decimal
    incl_tax: Decimal


@dataclass(frozen=True)
class Percentage:
    percent: Decimal


@dataclass(frozen=True)
class Flat:
    amount: Decimal


@dataclass(frozen=True)
class Plan:
    """``offers_incl_tax`` and ``shop_currency`` are settings of the shop."""

    lines: tuple[Line, ...]
    prices: str = "no tax"
    offers: tuple[Offer, ...] = ()
    shipping: Shipping | None = None
    surcharges: tuple[Percentage | Flat, ...] = ()
    offers_incl_tax: bool = False
    shop_currency: str = "NOK"


def amounts(least: int, most: int, decimals: int = 2) -> st.SearchStrategy[Decimal]:
    """``least`` to ``most`` of the last decimal."""
    return st.integers(least, most).map(lambda number: Decimal(number).scaleb(-decimals))


@st.composite
def lines(draw: st.DrawFn, most: int) -> Line:
    """A line of up to ``most`` øre, before tax."""
    engraved = draw(st.sampled_from([False, False, False, True]))
    many = st.nothing() if engraved else st.sampled_from([7, 144, 1000, 9999])
    quantity = draw(st.integers(1, 3) | many)
    dearest = most // quantity
    familiar = [price for price in (0, 1, 50, 333, 3333, 4990, 24900) if price <= dearest]
    return Line(
        price=draw(amounts(0, dearest) | st.sampled_from(familiar).map(lambda ore: Decimal(ore).scaleb(-2))),
        quantity=quantity,
        tax_rate=draw(st.sampled_from(["0", "0.12", "0.15", "0.25", "0.1111"]).map(Decimal)),
        engraved=engraved,
    )


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    benefit = draw(st.sampled_from(BENEFITS))
    condition = draw(st.sampled_from(["Count", "Value", "Coverage"]))
    value = amounts(1, 10_000) if "ercentage" in benefit else amounts(1, 50_000)
    return Offer(
        benefit=benefit,
        value=None if benefit == "Multibuy" else draw(value),
        condition=condition,
        threshold=draw(amounts(1, 20_000) if condition == "Value" else amounts(1, 3, decimals=0)),
        on_all=draw(st.booleans()),
        by_voucher=draw(st.booleans()),
        exclusive=draw(st.booleans()),
        times=draw(st.integers(1, 4)),
        items=draw(st.none() | st.integers(1, 3)) if benefit in ("Percentage", "Absolute", "Fixed") else None,
    )


@st.composite
def shippings(draw: st.DrawFn) -> Shipping:
    excl_tax = draw(amounts(0, 20_000) | amounts(0, 2_000_000, decimals=4))
    return Shipping(excl_tax, excl_tax * draw(st.sampled_from(["1", "1.15", "1.25"]).map(Decimal)))


SURCHARGES: st.SearchStrategy[Percentage | Flat] = st.one_of(
    st.builds(Percentage, amounts(0, 10_000, decimals=3)),
    st.builds(Flat, amounts(0, 10_000)),
    st.builds(Flat, amounts(0, 1_000_000, decimals=4)),
)
DISCOUNTS = st.builds(Flat, amounts(-10_000, -1))


#: How many lines: what people buy, and around and beyond the hundred that Stripe takes.
FEW = st.integers(1, 12)
MANY = st.integers(97, 103) | st.integers(13, MOST_LINES)


@st.composite
def plans(draw: st.DrawFn, counts: st.SearchStrategy[int] = FEW) -> Plan:
    """Some have a discount for a surcharge."""
    count = draw(counts)
    # So that nearly all of them stay below what may be paid.
    line = lines(most=30_000_000 // count)
    surcharges = draw(st.lists(SURCHARGES, max_size=2))
    if draw(st.integers(1, 12)) == 12:
        surcharges.append(draw(DISCOUNTS))
    return Plan(
        lines=tuple(draw(st.lists(line, min_size=count, max_size=count))),
        prices=draw(st.sampled_from(list(STRATEGIES))),
        offers=tuple(draw(st.lists(offers(), max_size=3 if count <= 12 else 1))),
        shipping=draw(st.none() | shippings()),
        surcharges=tuple(surcharges),
        offers_incl_tax=draw(st.booleans()),
        shop_currency=draw(st.sampled_from(["NOK", "EUR"])),
    )


# How a product's price comes about


class TaxAdded(pricing.UseFirstStockRecord, pricing.StockRequired, pricing.FixedRateTax, pricing.Structured):
    """Oscar's own way, with a rate for each product: the tax on a price has four decimals."""

    rates: dict[int, Decimal]

    def get_rate(self, product: Any, stockrecord: Any) -> Decimal:
        return self.rates[product.pk]


class TaxIncluded(TaxAdded):
    """The stock record's price has the tax in it; to four decimals it is taken out."""

    def pricing_policy(self, product: Any, stockrecord: Any) -> Any:
        incl_tax = stockrecord.price
        excl_tax = (incl_tax / (1 + self.rates[product.pk])).quantize(self.exponent)
        return prices.TaxInclusiveFixedPrice(stockrecord.price_currency, excl_tax, incl_tax - excl_tax)


class PricePerHundred(pricing.Default):
    """Unit prices of four decimals: the stock record's price is for a hundred."""

    def pricing_policy(self, product: Any, stockrecord: Any) -> Any:
        return prices.FixedPrice(stockrecord.price_currency, stockrecord.price / 100, Decimal(0))


STRATEGIES = {
    "no tax": pricing.Default,
    "tax added": TaxAdded,
    "tax included": TaxIncluded,
    "per hundred": PricePerHundred,
}


# From a plan to an order


@dataclass(frozen=True)
class Shelf:
    """The shop's products, each with one stock record, and an option. Prices are put up by each plan."""

    products: list[Any] = field(repr=False)
    engraving: Any


@dataclass(frozen=True)
class Checkout:
    """All that an order is placed with."""

    basket: Any
    shipping_method: Any
    shipping_charge: Price
    surcharges: Any
    total: Price


class OneMethod(repository.Repository):
    def __init__(self, method: Any) -> None:
        self.methods = (method,)


class PlannedSurcharges(SurchargeApplicator):
    def get_surcharges(self, basket: Any, **kwargs: Any) -> list[Any]:
        return [
            PercentageCharge(planned.percent)
            if isinstance(planned, Percentage)
            else FlatCharge(excl_tax=planned.amount, incl_tax=planned.amount)
            for planned in self.context
        ]


@contextmanager
def undone() -> Iterator[None]:
    """What is written within is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def stock_shelf() -> Shelf:
    """Products for the longest basket. They don't run out."""
    product_class = ClassFactory.create(track_stock=False)
    partner = PartnerFactory.create()
    names = [f"Product {number}" for number in range(MOST_LINES)]
    Product.objects.bulk_create(
        Product(title=name, slug=name.lower().replace(" ", "-"), upc=name, product_class=product_class)
        for name in names
    )
    products = list(Product.objects.filter(upc__in=names).order_by("pk"))
    StockRecord.objects.bulk_create(
        StockRecord(product=product, partner=partner, partner_sku=product.upc) for product in products
    )
    engraving = Option.objects.create(name="Engraving", code="engraving")
    product_class.options.add(engraving)
    return Shelf(products, engraving)


@contextmanager
def checked_out(plan: Plan, shelf: Shelf) -> Iterator[Checkout]:
    """The plan's basket with its offers, as Oscar's checkout has it when the order is placed. Within, the
    shop has the plan's settings.
    """
    with override_settings(
        OSCAR_OFFERS_INCL_TAX=plan.offers_incl_tax, OSCAR_DEFAULT_CURRENCY=plan.shop_currency
    ):
        basket = fill_basket(plan, shelf)
        make_offers(plan, shelf, basket)
        Applicator().apply(basket, AnonymousUser())
        method: Any = methods.Free()
        if plan.shipping:
            method = methods.FixedPrice(plan.shipping.excl_tax, plan.shipping.incl_tax)
        method = OneMethod(method).get_default_shipping_method(basket)
        charge = method.calculate(basket)
        applicator = PlannedSurcharges(context=plan.surcharges)
        surcharges = applicator.get_applicable_surcharges(basket, shipping_charge=charge)
        view = PaymentDetailsView(request=None)
        total = view.get_order_totals(basket, shipping_charge=charge, surcharges=surcharges)
        yield Checkout(basket, method, charge, surcharges, total)


def place(checkout: Checkout) -> Payment:
    """The payment of the basket's order, and with it the order, as they are in the database."""
    with transaction.atomic():
        order = OrderCreator().place_order(
            basket=checkout.basket,
            total=checkout.total,
            shipping_method=checkout.shipping_method,
            shipping_charge=checkout.shipping_charge,
            surcharges=checkout.surcharges,
            user=AnonymousUser(),
            guest_email="kari@example.com",
        )
        payment = operations.start(
            order, needs_shipping=checkout.basket.is_shipping_required(), language="nb"
        )
    return Payment.objects.get(pk=payment.pk)


def fill_basket(plan: Plan, shelf: Shelf) -> Any:
    """Baskets of one currency each, merged: Oscar compares no currencies then."""
    strategy = STRATEGIES[plan.prices]()
    strategy.rates = {}
    chosen = put_up_prices(plan, shelf, strategy.rates)
    basket: Any = None
    part: Any = None
    for number, (line, product) in enumerate(zip(plan.lines, chosen, strict=True)):
        if number % LINES_OF_A_PART == 0 or line.currency != plan.lines[number - 1].currency:
            basket = merged(basket, part)
            part = Basket.objects.create()
            part.strategy = strategy
        options = [{"option": shelf.engraving, "value": f"No. {number}"}] if line.engraved else []
        part.add_product(product, line.quantity, options)
    basket = merged(basket, part)
    basket.strategy = strategy
    return basket


def put_up_prices(plan: Plan, shelf: Shelf, rates: dict[int, Decimal]) -> list[Any]:
    """The product of each line, with what the plan asks for it."""
    unused = iter(shelf.products)
    chosen: list[Any] = []
    records: list[Any] = []
    for line in plan.lines:
        if line.engraved and chosen and line.currency == records[-1].price_currency:
            chosen.append(chosen[-1])
            continue
        product = next(unused)
        chosen.append(product)
        rates[product.pk] = line.tax_rate
        record = product.stockrecords.get()
        record.price, record.price_currency = line.price, line.currency
        records.append(record)
    StockRecord.objects.bulk_update(records, ["price", "price_currency"])
    return chosen


def merged(basket: Any, part: Any) -> Any:
    if basket is None or part is None:
        return basket or part
    basket.merge(part)
    return basket


def make_offers(plan: Plan, shelf: Shelf, basket: Any) -> None:
    """The shop's offers, and vouchers in the basket. Those of other plans are over."""
    ConditionalOffer.objects.update(status=ConditionalOffer.SUSPENDED)
    now = timezone.now()
    for number, planned in enumerate(plan.offers):
        name = f"Offer {basket.pk}-{number}"
        products = Range.objects.create(name=name, includes_all_products=planned.on_all)
        if not planned.on_all:
            products.included_products.set(shelf.products[::2])
        has_range = planned.benefit not in ("Fixed price", *SHIPPING_BENEFITS)
        offer = ConditionalOffer.objects.create(
            name=name,
            offer_type="Voucher" if planned.by_voucher else "Site",
            exclusive=planned.exclusive,
            max_basket_applications=planned.times,
            condition=Condition.objects.create(
                range=products, type=planned.condition, value=planned.threshold
            ),
            benefit=Benefit.objects.create(
                range=products if has_range else None,
                type=planned.benefit,
                value=planned.value,
                max_affected_items=planned.items,
            ),
        )
        if planned.by_voucher:
            voucher = Voucher.objects.create(
                name=name,
                code=name,
                usage="Multi-use",
                start_datetime=now - timedelta(days=1),
                end_datetime=now + timedelta(days=1),
            )
            voucher.offers.add(offer)
            basket.vouchers.add(voucher)
