"""Money, whatever is in the basket: the order, the payment and Stripe have the same integer øre.

Baskets are drawn by Hypothesis and made by Oscar (``tests.support.baskets``). What is expected is computed
here, with fractions, from the basket's own prices. ``AMOUNT_EXAMPLES`` says how many baskets are tried;
``--hypothesis-show-statistics`` how many of them were shown as one item, and why.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from oscar.core.loading import get_model

from oscar_vipps.conf import get_settings
from oscar_vipps.gateway.session import session_parameters
from oscar_vipps.models import Payment
from oscar_vipps.payments import sessions
from oscar_vipps.shop.eligibility import why_unavailable
from tests.contract import contract
from tests.support.baskets import (
    MANY,
    Checkout,
    Flat,
    Line,
    Offer,
    Percentage,
    Plan,
    Shelf,
    Shipping,
    checked_out,
    place,
    plans,
    stock_shelf,
    undone,
)
from tests.support.factories import ProductFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

Order = get_model("order", "Order")

EXAMPLES = int(os.environ.get("AMOUNT_EXAMPLES", "40"))
LEAST, MOST = 300, 99_999_999
HALF_AN_ORE = Decimal("0.005")
SESSIONS = "/v1/checkout/sessions"
URLS = {"success_url": "https://butikk.example/return/", "cancel_url": "https://butikk.example/cancel/"}

pytestmark = [
    pytest.mark.timeout(120 + 5 * EXAMPLES),
    # Oscar's pages use what the next treebeard doesn't have any more.
    pytest.mark.filterwarnings("ignore:Using Category.get_tree"),
]


def tried(share: float = 1) -> settings:
    """That share of the examples. Each takes back what it wrote, or bears what others did."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=max(1, round(EXAMPLES * share)), suppress_health_check=checks)


@pytest.fixture
def shelf(db: None) -> Shelf:
    return stock_shelf()


@pytest.fixture
def stocked_shop(shop: Shop) -> tuple[Shop, Shelf]:
    return shop, stock_shelf()


# What is expected, in øre


def exact(amount: Decimal) -> Fraction:
    return Fraction(amount) * 100


def half_up(ore: Fraction) -> int:
    return floor(ore + Fraction(1, 2))


def stored(amount: Decimal) -> int:
    """What the database gives back: whole øre."""
    ore = exact(amount)
    assert ore.denominator == 1
    return ore.numerator


def expected_total(plan: Plan, checkout: Checkout) -> int:
    """The basket's lines are rounded once, as Oscar does it, and once the whole with what is added."""
    lines = [line.line_price_incl_tax_incl_discounts for line in checkout.basket.all_lines()]
    goods_and_shipping = half_up(sum(map(exact, lines), Fraction(0))) + exact(
        checkout.shipping_charge.incl_tax
    )
    total = goods_and_shipping
    for surcharge in plan.surcharges:
        if isinstance(surcharge, Percentage):
            total += goods_and_shipping * Fraction(surcharge.percent) / 100
        else:
            total += exact(surcharge.amount)
    return half_up(total)


@dataclass(frozen=True)
class Rows:
    """What the order shows in the shop: øre of each line, and of each charge that isn't nothing."""

    lines: list[int]
    charges: list[int]

    def why_one_item(self, total: int) -> str | None:
        """What keeps Stripe's page from showing these rows; None where nothing does."""
        if len(self.lines) + len(self.charges) > 100:
            return "more than 100 rows"
        if any(charge < 0 for charge in self.charges):
            return "a negative charge"
        difference = total - sum(self.lines) - sum(self.charges)
        if abs(difference) > sum(line > 0 for line in self.lines):
            return "more øre to spread than lines to take them"
        return None


def rows_of(order: Any) -> Rows:
    charges = [order.shipping_incl_tax, *(surcharge.incl_tax for surcharge in order.surcharges.all())]
    return Rows(
        lines=[stored(line.line_price_incl_tax) for line in order.lines.all()],
        charges=[stored(charge) for charge in charges if charge],
    )


# What is sent


def parameters_of(payment: Payment) -> dict[str, Any]:
    return session_parameters(payment, settings=get_settings(), **URLS)


def sent_amounts(parameters: dict[str, Any]) -> list[int]:
    """Øre of each item; that Stripe takes them all is seen to."""
    items = parameters["line_items"]
    assert 1 <= len(items) <= 100
    for item in items:
        assert item["price_data"]["currency"] == "nok"
        for number in (item["price_data"]["unit_amount"], item["quantity"]):
            assert type(number) is int
        assert item["price_data"]["unit_amount"] >= 0
        assert item["quantity"] >= 1
    return [item["price_data"]["unit_amount"] * item["quantity"] for item in items]


def check_rows(rows: Rows, sent: Sequence[int], total: int) -> None:
    """Each row is shown to the øre, but for one more or less on lines that cost something."""
    if reason := rows.why_one_item(total):
        event(f"one item: {reason}")
        assert sent == [total]
        return
    event("all rows" if sent == rows.lines + rows.charges else "all rows, some an øre off")
    assert len(sent) == len(rows.lines) + len(rows.charges)
    shown_lines, shown_charges = sent[: len(rows.lines)], sent[len(rows.lines) :]
    assert shown_charges == rows.charges
    for shown, line in zip(shown_lines, rows.lines, strict=True):
        assert abs(shown - line) <= (1 if line else 0)


# Properties

FIELD_FAILURE_11 = Plan(
    lines=(Line(Decimal("33.33"), tax_rate=Decimal("0.25")),) * 3,
    prices="tax added",
    shipping=Shipping(Decimal("79.20"), Decimal("99.00")),
)
FIELD_FAILURE_12 = Plan(
    lines=(Line(Decimal("100.00")), Line(Decimal("25.00"), 3)),
    offers=(Offer("Absolute", Decimal("30.00"), by_voucher=True),),
    surcharges=(Flat(Decimal("-20.00")),),
)
FIELD_FAILURE_13 = Plan(lines=(Line(Decimal("249.00")),), shop_currency="EUR")
EVERY_ROW = Plan(lines=(Line(Decimal("10.00")),) * 99, shipping=Shipping(Decimal("39.20"), Decimal("49.00")))
ONE_ROW_TOO_MANY = replace(EVERY_ROW, surcharges=(Percentage(Decimal("2.5")),))
SURCHARGES_OF_LESS_THAN_AN_ORE = Plan(
    lines=(Line(Decimal("100.00")), Line(Decimal("0.00"))), surcharges=(Flat(Decimal("0.004")),) * 4
)


def check(plan: Plan, shelf: Shelf) -> None:
    """From the basket to what is sent, and all that has to be true of it."""
    with undone(), checked_out(plan, shelf) as checkout:
        total = expected_total(plan, checkout)
        reason = why_unavailable(checkout.basket, checkout.total)
        assert (reason is None) is (LEAST <= total <= MOST)
        if reason:
            event("refused: too little" if total < LEAST else "refused: too much")
            return
        if checkout.basket.total_discount:
            event("discount on goods")
        if checkout.shipping_method.is_discounted:
            event("discount on shipping")
        payment = place(checkout)
        sent = sent_amounts(parameters_of(payment))
        assert stored(payment.order.total_incl_tax) == payment.amount == sum(sent) == total
        assert payment.order.currency == payment.currency == "NOK"
        check_rows(rows_of(payment.order), sent, total)


@given(plan=plans())
@example(plan=FIELD_FAILURE_11)
@example(plan=FIELD_FAILURE_12)
@example(plan=FIELD_FAILURE_13)
@example(plan=SURCHARGES_OF_LESS_THAN_AN_ORE)
@tried()
def test_any_basket_comes_to_the_same_ore_in_the_order_and_at_stripe(shelf: Shelf, plan: Plan) -> None:
    """Field failures 11, 12 and 13: no øre too many, nothing negative, the order's currency."""
    check(plan, shelf)


@given(plan=plans(MANY))
@example(plan=EVERY_ROW)
@example(plan=ONE_ROW_TOO_MANY)
@tried(1 / 6)
def test_so_does_a_long_one(shelf: Shelf, plan: Plan) -> None:
    """Field failures 11 and 12: øre are spread over dozens of lines, and Stripe takes a hundred items."""
    check(plan, shelf)


@given(plan=plans())
@example(plan=FIELD_FAILURE_11)
@example(plan=FIELD_FAILURE_12)
@example(plan=EVERY_ROW)
@tried(1 / 6)
def test_stripe_asks_the_shopper_for_the_orders_total(stocked_shop: tuple[Shop, Shelf], plan: Plan) -> None:
    """Field failure 11, at Stripe's end."""
    shop, shelf = stocked_shop
    with checked_out(plan, shelf) as checkout:
        if why_unavailable(checkout.basket, checkout.total):
            event("refused")
            return
        payment = sessions.open_session(place(checkout), **URLS)
        asked_for = shop.session(payment)["amount_total"]
        assert asked_for == payment.amount == expected_total(plan, checkout)
        assert asked_for == stored(Order.objects.get(pk=payment.order_id).total_incl_tax)


@given(plan=plans())
@example(plan=FIELD_FAILURE_12)
@example(plan=EVERY_ROW)
@tried(1 / 6)
def test_what_is_sent_is_what_stripe_publishes(shelf: Shelf, plan: Plan) -> None:
    """Field failure 12: receipt lines are not rejected."""
    contract.require()
    with undone(), checked_out(plan, shelf) as checkout:
        if why_unavailable(checkout.basket, checkout.total) is None:
            contract.validate_form(contract.CREATE_SESSION, parameters_of(place(checkout)))


# Half an øre

WITH_HALF_AN_ORE = {
    "unit price": lambda ore: Plan((Line(Decimal(ore) + Decimal("0.5")),), prices="per hundred"),
    "shipping": lambda ore: Plan(
        (Line(Decimal(ore).scaleb(-2)),), shipping=Shipping(HALF_AN_ORE, HALF_AN_ORE)
    ),
    "flat surcharge": lambda ore: Plan((Line(Decimal(ore).scaleb(-2)),), surcharges=(Flat(HALF_AN_ORE),)),
    "surcharge of 0.5 %": lambda ore: Plan(
        (Line(Decimal(1)),), surcharges=(Flat(Decimal(ore - 100).scaleb(-2)), Percentage(Decimal("0.5")))
    ),
}


@pytest.mark.parametrize("where", WITH_HALF_AN_ORE)
@given(ore=st.integers(LEAST, MOST - 1))
@example(ore=1000)
@example(ore=1001)
@example(ore=MOST - 1)
@tried(1 / 6)
def test_half_an_ore_is_rounded_up(shelf: Shelf, where: str, ore: int) -> None:
    """Field failure 11: databases that are left to round it do it up or to even."""
    with undone(), checked_out(WITH_HALF_AN_ORE[where](ore), shelf) as checkout:
        payment = place(checkout)
        assert stored(payment.order.total_incl_tax) == payment.amount == ore + 1
        assert sum(sent_amounts(parameters_of(payment))) == ore + 1


# What may be paid


@pytest.mark.parametrize(
    ("total", "is_refused"),
    [
        ("0.00", True),
        ("2.99", True),
        ("2.9949", True),
        ("2.995", False),
        ("3.00", False),
        ("999999.99", False),
        ("999999.9949", False),
        ("999999.995", True),
        ("1000000.00", True),
    ],
)
def test_from_3_kroner_to_a_million(shelf: Shelf, total: str, is_refused: bool) -> None:
    """What the checkout refuses, the database would refuse as well."""
    kroner = Decimal(total) // 1
    charge = Decimal(total) - kroner
    with checked_out(Plan((Line(kroner),), shipping=Shipping(charge, charge)), shelf) as checkout:
        assert bool(why_unavailable(checkout.basket, checkout.total)) is is_refused
        if is_refused:
            with pytest.raises(IntegrityError), transaction.atomic():
                place(checkout)
        else:
            assert place(checkout).amount == half_up(exact(Decimal(total)))
    assert Payment.objects.exists() is not is_refused


@st.composite
def plans_with_a_foreign_line(draw: st.DrawFn) -> Plan:
    plan = draw(plans())
    foreign = st.sampled_from(["EUR", "SEK"])
    lines = [replace(line, currency=draw(st.just("NOK") | foreign)) for line in plan.lines]
    position = draw(st.integers(0, len(lines) - 1))
    lines[position] = replace(lines[position], currency=draw(foreign))
    return replace(plan, lines=tuple(lines))


@given(plan=plans_with_a_foreign_line())
@tried(1 / 4)
def test_a_line_that_is_not_in_kroner_keeps_a_basket_from_stripe(shelf: Shelf, plan: Plan) -> None:
    """Field failure 13: whatever the other lines, the shop's own currency, and the basket's."""
    with undone(), checked_out(plan, shelf) as checkout:
        event(f"the basket calls itself {checkout.basket.currency}")
        assert "Norwegian kroner" in str(why_unavailable(checkout.basket, checkout.total))


def test_an_order_in_euro_has_no_payment(shelf: Shelf) -> None:
    """Field failure 13: the order's currency counts, not the shop's."""
    plan = Plan((Line(Decimal("249.00"), currency="EUR"),), shop_currency="NOK")
    with checked_out(plan, shelf) as checkout, pytest.raises(IntegrityError), transaction.atomic():
        place(checkout)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_price_that_changes_to_euro_at_the_last_moment_stops_the_order(
    shop: Shop, shopper: Shopper, position: int
) -> None:
    """Field failure 13: the basket's lines still say NOK."""
    products = [ProductFactory.create() for _ in range(3)]
    for product in products:
        shopper.add(product)
    shopper.identify()
    shopper.choose("vipps")
    products[position].stockrecords.update(price_currency="EUR")
    shopper.submit()
    assert not Order.objects.exists()
    assert shop.simulator.requests("POST", SESSIONS) == []
