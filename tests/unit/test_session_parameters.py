from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

import pytest
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from oscar_vipps.conf import VippsSettings
from oscar_vipps.gateway import session
from oscar_vipps.gateway.session import line_items, locale, payment_method_parameters, session_parameters
from oscar_vipps.money import to_decimal

Item = dict[str, Any]

MAX_QUANTITY = 10_000


@dataclass(frozen=True)
class Rows:
    """What a related manager is here: something to ask for ``all()``."""

    rows: tuple[Any, ...] = ()

    def all(self) -> tuple[Any, ...]:
        return self.rows


@dataclass(frozen=True)
class OrderLine:
    title: Any
    line_price_incl_tax: Decimal
    quantity: int = 1


@dataclass(frozen=True)
class Surcharge:
    name: Any
    incl_tax: Decimal


@dataclass(frozen=True)
class Order:
    lines: Rows
    shipping_incl_tax: Decimal = Decimal("0.00")
    shipping_method: Any = "Posten"
    surcharges: Rows = Rows()
    number: str = "100012"
    email: str | None = "kari@example.com"


@dataclass(frozen=True)
class Payment:
    order: Order
    amount: int
    reference: str = "q7m2x9c4v8b3n6k5j2h8g4f7"
    site: str = "butikk.example"
    language: str = "nb"
    capture_method: str = "automatic"
    session_expires_at: datetime = field(default=datetime(2026, 11, 2, 12, 35, tzinfo=timezone.utc))


def order_of(
    *lines: tuple[int, int], shipping: int = 0, surcharges: tuple[int, ...] = (), **more: Any
) -> Order:
    """An order with lines of (øre, quantity), named A, B, ... AA, BB ... and surcharges named S1, S2 ..."""
    return Order(
        lines=Rows(
            tuple(
                OrderLine(ascii_uppercase[index % 26] * (1 + index // 26), to_decimal(ore), quantity)
                for index, (ore, quantity) in enumerate(lines)
            )
        ),
        shipping_incl_tax=to_decimal(shipping),
        surcharges=Rows(
            tuple(Surcharge(f"S{index}", to_decimal(ore)) for index, ore in enumerate(surcharges, start=1))
        ),
        **more,
    )


def own_total(order: Order) -> int:
    """What an order's lines and charges come to, in øre; its total may be something else."""
    amounts = [line.line_price_incl_tax for line in order.lines.all()]
    amounts += [surcharge.incl_tax for surcharge in order.surcharges.all()]
    return int(sum(amounts, order.shipping_incl_tax) * 100)


def amount_of(item: Item) -> int:
    return int(item["price_data"]["unit_amount"] * item["quantity"])


def name_of(item: Item) -> str:
    return str(item["price_data"]["product_data"]["name"])


def shown(items: list[Item]) -> list[tuple[str, int, int]]:
    return [(name_of(item), item["price_data"]["unit_amount"], item["quantity"]) for item in items]


@pytest.fixture(autouse=True, scope="module")
def in_english() -> Any:
    with translation.override("en"):
        yield


# Line items, one rule at a time


def test_lines_are_shown_as_the_order_has_them() -> None:
    order = order_of((124900, 1), (39900, 2), shipping=9900, surcharges=(2500,))

    assert line_items(order, 177200) == [
        {
            "price_data": {"currency": "nok", "unit_amount": 124900, "product_data": {"name": "A"}},
            "quantity": 1,
        },
        {
            "price_data": {"currency": "nok", "unit_amount": 19950, "product_data": {"name": "B"}},
            "quantity": 2,
        },
        {
            "price_data": {"currency": "nok", "unit_amount": 9900, "product_data": {"name": "Posten"}},
            "quantity": 1,
        },
        {
            "price_data": {"currency": "nok", "unit_amount": 2500, "product_data": {"name": "S1"}},
            "quantity": 1,
        },
    ]


def test_field_failure_11_total_off_by_one_ore() -> None:
    """Three lines of 41.6625: the order's total is 124.99, its stored lines come to 124.98."""
    order = order_of((4166, 1), (4166, 1), (4166, 1))

    assert shown(line_items(order, 12499)) == [("A", 4167, 1), ("B", 4166, 1), ("C", 4166, 1)]


def test_field_failure_12_a_negative_line_is_never_sent() -> None:
    discounted = order_of((10000, 1), (-2500, 1))

    assert shown(line_items(discounted, 7500)) == [("Order 100012", 7500, 1)]


@pytest.mark.parametrize(
    ("total", "amounts"),
    [
        (6001, [1000, 3001, 2000]),
        (6002, [1000, 3001, 2001]),
        (6003, [1001, 3001, 2001]),
        (5999, [1000, 2999, 2000]),
        (5998, [1000, 2999, 1999]),
        (5997, [999, 2999, 1999]),
    ],
)
def test_a_difference_goes_to_the_largest_lines_one_ore_each(total: int, amounts: list[int]) -> None:
    order = order_of((1000, 1), (3000, 1), (2000, 1))

    assert [amount_of(item) for item in line_items(order, total)] == amounts


def test_among_equal_lines_the_first_takes_the_difference() -> None:
    assert [amount_of(item) for item in line_items(order_of((500, 1), (500, 1)), 999)] == [499, 500]


@pytest.mark.parametrize("total", [6004, 5996, 0, 1_000_000])
def test_a_difference_too_large_to_spread_makes_one_item(total: int) -> None:
    order = order_of((1000, 1), (3000, 1), (2000, 1))

    assert shown(line_items(order, total)) == [("Order 100012", total, 1)]


def test_shipping_and_surcharges_take_no_part_in_a_difference() -> None:
    order = order_of((1000, 1), shipping=9900, surcharges=(5000,))

    assert [amount_of(item) for item in line_items(order, 15901)] == [1001, 9900, 5000]
    assert shown(line_items(order, 15902)) == [("Order 100012", 15902, 1)]


def test_what_is_free_stays_free() -> None:
    gift = order_of((0, 2), (1000, 1))

    assert shown(line_items(gift, 1001)) == [("A", 0, 2), ("B", 1001, 1)]
    assert shown(line_items(gift, 999)) == [("A", 0, 2), ("B", 999, 1)]
    assert shown(line_items(gift, 1002)) == [("Order 100012", 1002, 1)]


def test_a_line_of_one_ore_can_give_it() -> None:
    assert shown(line_items(order_of((1, 1), (300, 1)), 299)) == [("A", 0, 1), ("B", 299, 1)]


def test_free_shipping_and_surcharges_of_nothing_are_left_out() -> None:
    order = order_of((1000, 1), shipping=0, surcharges=(0, 500, 0))

    assert shown(line_items(order, 1500)) == [("A", 1000, 1), ("S2", 500, 1)]


def test_a_line_that_its_quantity_does_not_divide_is_sold_as_one() -> None:
    assert shown(line_items(order_of((10000, 3)), 10000)) == [("3 × A", 10000, 1)]


def test_quantity_is_decided_after_the_difference_is_spread() -> None:
    assert shown(line_items(order_of((12498, 3)), 12499)) == [("3 × A", 12499, 1)]
    assert shown(line_items(order_of((12500, 3)), 12501)) == [("A", 4167, 3)]


@pytest.mark.parametrize(
    ("lines", "charges", "items"),
    [(100, 0, 100), (101, 0, 1), (98, 2, 100), (99, 2, 1), (120, 0, 1)],
)
def test_stripe_takes_a_hundred_items(lines: int, charges: int, items: int) -> None:
    shipping, surcharges = (9900, (100,)) if charges else (0, ())
    order = order_of(*[(1000, 1)] * lines, shipping=shipping, surcharges=surcharges)

    assert len(line_items(order, own_total(order))) == items


@pytest.mark.parametrize(
    "order",
    [
        order_of((10000, 1), surcharges=(-500,)),
        order_of((10000, 1), shipping=-500),
        order_of((10500, 1), (-1000, 1)),
        order_of((9500, 0)),
        order_of(),
    ],
    ids=["surcharge", "shipping", "line", "no quantity", "no lines"],
)
def test_orders_that_have_no_items_for_stripe_become_one(order: Order) -> None:
    assert shown(line_items(order, 9500)) == [("Order 100012", 9500, 1)]


def test_even_an_empty_order_has_an_item() -> None:
    assert shown(line_items(order_of(), 0)) == [("Order 100012", 0, 1)]


def test_a_negative_total_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 øre"):
        line_items(order_of((1000, 1)), -1)


def test_amounts_that_were_not_rounded_yet_are_rounded_as_the_total_is() -> None:
    order = Order(Rows((OrderLine("A", Decimal("10.005")),)), shipping_incl_tax=Decimal("0.004"))

    assert shown(line_items(order, 1001)) == [("A", 1001, 1)]


# Names


@pytest.mark.parametrize(
    ("title", "quantity", "name"),
    [
        ("  Fjellgenser \n", 1, "Fjellgenser"),
        ("", 1, "Item"),
        (" \t ", 1, "Item"),
        (None, 1, "Item"),
        ("", 3, "3 × Item"),
        ("x" * 250, 1, "x" * 250),
        ("x" * 251, 1, "x" * 249 + "…"),
        ("x" * 248 + "  y", 1, "x" * 248 + "…"),
        ("x" * 250, 3, "3 × " + "x" * 245 + "…"),
    ],
)
def test_names_are_stripped_short_and_never_empty(title: str | None, quantity: int, name: str) -> None:
    order = Order(Rows((OrderLine(title, Decimal("10.00"), quantity),)))

    assert name_of(line_items(order, 1000)[0]) == name


def test_charges_without_a_name() -> None:
    order = replace(order_of((1000, 1), shipping=9900, surcharges=(500,)), shipping_method=" ")
    order = replace(order, surcharges=Rows((Surcharge("", Decimal("5.00")),)))

    assert [name_of(item) for item in line_items(order, 11400)] == ["A", "Shipping", "Item"]


def test_lazy_names_are_read_in_the_active_language() -> None:
    """As an order has them between its placement and the next time it is read."""
    order = order_of((1000, 1), shipping=9900, shipping_method=translation.gettext_lazy("Yes"))

    with translation.override("nb"):
        items = line_items(order, 10900)

    assert name_of(items[1]) == "Ja"


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (order_of((1000, 1), (-1, 1)), "Order 100012"),
        (Order(Rows((OrderLine("", Decimal("9.99")),))), "Item"),
        (replace(order_of(shipping=999), shipping_method=""), "Shipping"),
    ],
    ids=["order", "item", "shipping"],
)
def test_own_texts_are_in_the_payments_language(
    monkeypatch: pytest.MonkeyPatch, order: Order, text: str
) -> None:
    monkeypatch.setattr(session, "_", lambda message: f"{translation.get_language()}: {message}")

    parameters = parameters_of(payment_of(order, 999, language="nn"))

    assert name_of(parameters["line_items"][0]) == f"nn: {text}"
    assert translation.get_language() == "en"


# Line items, whatever the order is


@st.composite
def orders(draw: st.DrawFn, *, min_amount: int = 0) -> Order:
    count = draw(st.integers(1, 120))
    line = st.tuples(st.integers(min_amount, 10_000_000), st.integers(1, MAX_QUANTITY))
    charge = st.integers(min_amount, 50_000)
    return order_of(
        *draw(st.lists(line, min_size=count, max_size=count)),
        shipping=draw(charge),
        surcharges=tuple(draw(st.lists(charge, max_size=3))),
    )


def paid_lines(order: Order) -> list[OrderLine]:
    return [line for line in order.lines.all() if line.line_price_incl_tax > 0]


def rows(order: Order) -> list[tuple[str, int, int]]:
    """(name, øre, quantity) of all that costs something, and of all lines."""
    found = [(line.title, line.line_price_incl_tax, line.quantity) for line in order.lines.all()]
    charges = [("Posten", order.shipping_incl_tax, 1)]
    charges += [(surcharge.name, surcharge.incl_tax, 1) for surcharge in order.surcharges.all()]
    found += [charge for charge in charges if charge[1]]
    return [(name, int(amount * 100), quantity) for name, amount, quantity in found]


@given(orders(min_amount=-1000), st.integers(-200, 200))
def test_any_order_becomes_items_that_stripe_takes_and_that_sum_to_the_total(
    order: Order, difference: int
) -> None:
    total = own_total(order) + difference
    assume(total >= 0)

    items = line_items(order, total)

    assert sum(map(amount_of, items)) == total
    assert 1 <= len(items) <= 100
    assert all(item["price_data"]["unit_amount"] >= 0 and item["quantity"] >= 1 for item in items)
    assert all(type(item["price_data"]["unit_amount"]) is int for item in items)
    assert all(item["price_data"]["currency"] == "nok" for item in items)
    assert all(1 <= len(name_of(item)) <= 250 for item in items)


@given(orders(), st.data())
def test_a_difference_of_up_to_an_ore_a_line_keeps_the_items(order: Order, data: st.DataObject) -> None:
    own = rows(order)
    assume(len(own) <= 100)
    most = len(paid_lines(order))
    total = own_total(order) + data.draw(st.integers(-most, most))

    items = line_items(order, total)

    assert len(items) == len(own)
    products = len(order.lines.all())
    for index, (item, (name, amount, quantity)) in enumerate(zip(items, own, strict=True)):
        assert abs(amount_of(item) - amount) <= (1 if index < products else 0)
        assert shown([item])[0] in {
            (name, amount_of(item) // quantity, quantity),
            (f"{quantity} × {name}", amount_of(item), 1),
        }


@given(orders(), st.integers(1, 1000), st.sampled_from([1, -1]))
def test_a_larger_difference_never_distorts_a_line(order: Order, beyond: int, sign: int) -> None:
    total = own_total(order) + sign * (len(paid_lines(order)) + beyond)
    assume(total >= 0)

    assert shown(line_items(order, total)) == [("Order 100012", total, 1)]


@given(orders())
def test_the_same_order_always_gives_the_same_items(order: Order) -> None:
    total = own_total(order) + 1

    assert line_items(order, total) == line_items(order, total)


# The session


def payment_of(order: Order | None = None, amount: int | None = None, **more: Any) -> Payment:
    order = order or order_of((124900, 1), (39900, 2), shipping=9900)
    return Payment(order, own_total(order) if amount is None else amount, **more)


def parameters_of(payment: Payment, **settings: Any) -> dict[str, Any]:
    return session_parameters(
        payment,
        success_url="https://butikk.example/vipps/t0ken/return/",
        cancel_url="https://butikk.example/vipps/t0ken/cancel/",
        settings=VippsSettings(**settings),
    )


def test_a_whole_session() -> None:
    payment = payment_of()
    metadata = {
        "oscar_vipps_payment": "q7m2x9c4v8b3n6k5j2h8g4f7",
        "oscar_vipps_order": "100012",
        "oscar_vipps_site": "butikk.example",
    }

    assert parameters_of(payment) == {
        "mode": "payment",
        "line_items": line_items(payment.order, payment.amount),
        "payment_method_types": ["vipps"],
        "client_reference_id": "q7m2x9c4v8b3n6k5j2h8g4f7",
        "customer_email": "kari@example.com",
        "metadata": metadata,
        "payment_intent_data": {
            "capture_method": "automatic",
            "description": "Ordre 100012",
            "metadata": metadata,
        },
        "locale": "nb",
        "expires_at": 1793622900,
        "success_url": "https://butikk.example/vipps/t0ken/return/",
        "cancel_url": "https://butikk.example/vipps/t0ken/cancel/",
    }


def test_the_items_come_to_the_payments_amount_not_to_the_orders_lines() -> None:
    parameters = parameters_of(payment_of(order_of((4166, 1), (4166, 1), (4166, 1)), 12499))

    assert sum(map(amount_of, parameters["line_items"])) == 12499


def test_a_numeric_order_number_is_sent_as_text() -> None:
    parameters = parameters_of(payment_of(order_of((1000, 1), number=100013)))

    assert parameters["metadata"]["oscar_vipps_order"] == "100013"


def test_the_payment_decides_how_it_is_captured() -> None:
    parameters = parameters_of(payment_of(capture_method="manual"), capture="automatic")

    assert parameters["payment_intent_data"]["capture_method"] == "manual"


@pytest.mark.parametrize("email", ["", None])
def test_an_order_without_an_address_leaves_it_to_stripe_to_ask(email: str | None) -> None:
    assert "customer_email" not in parameters_of(payment_of(order_of((1000, 1), email=email)))


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(2026, 11, 2, 12, 35, 0, 999_999, tzinfo=timezone.utc), 1793622900),
        (datetime(2026, 11, 2, 13, 35, tzinfo=timezone(timedelta(hours=1))), 1793622900),
    ],
    ids=["cut off", "another zone"],
)
def test_expiry_is_in_whole_seconds_and_never_later_than_the_shops(moment: datetime, seconds: int) -> None:
    expires_at = parameters_of(payment_of(session_expires_at=moment))["expires_at"]

    assert expires_at == seconds
    assert type(expires_at) is int


def test_a_moment_without_a_zone_is_local_time() -> None:
    aware = datetime(2026, 11, 2, 12, 35, tzinfo=timezone.utc)
    naive = aware.astimezone().replace(tzinfo=None)

    expected = parameters_of(payment_of(session_expires_at=aware))["expires_at"]
    assert parameters_of(payment_of(session_expires_at=naive))["expires_at"] == expected


def test_names_follow_the_payments_language_and_the_callers_is_restored() -> None:
    order = order_of((1000, 1), shipping=500, shipping_method=translation.gettext_lazy("Yes"))

    parameters = parameters_of(payment_of(order, language="nb"))

    assert name_of(parameters["line_items"][1]) == "Ja"
    assert translation.get_language() == "en"


def test_a_payment_without_a_language_is_offered_in_the_browsers() -> None:
    parameters = parameters_of(payment_of(language=""))

    assert parameters["locale"] == "auto"
    assert parameters["payment_intent_data"]["description"] == "Order 100012"


# Which methods are asked for


@pytest.mark.parametrize(
    ("api_version", "parameters"),
    [
        ("2026-04-22.preview", {"payment_method_types": ["vipps"]}),
        ("2026-09-29.preview", {"payment_method_types": ["vipps"]}),
        ("2026-09-30.preview", {"allowed_payment_method_types": ["vipps"]}),
        ("2026-09-30.endive", {"allowed_payment_method_types": ["vipps"]}),
        ("2026-09-30", {"allowed_payment_method_types": ["vipps"]}),
        ("2027-01-27.preview", {"allowed_payment_method_types": ["vipps"]}),
    ],
)
def test_the_api_versions_date_decides_how_vipps_is_asked_for(
    api_version: str, parameters: dict[str, Any]
) -> None:
    assert payment_method_parameters(VippsSettings(api_version=api_version)) == parameters
    assert parameters.items() <= parameters_of(payment_of(), api_version=api_version).items()


@pytest.mark.parametrize("api_version", ["2026-04-22.preview", "2026-09-30.preview"])
@pytest.mark.parametrize(
    ("configuration", "parameters"),
    [(None, {}), ("", {}), ("pmc_123", {"payment_method_configuration": "pmc_123"})],
)
def test_dynamic_methods_are_left_to_stripes_dashboard(
    api_version: str, configuration: str | None, parameters: dict[str, Any]
) -> None:
    settings = VippsSettings(
        payment_methods="dynamic", payment_method_configuration=configuration, api_version=api_version
    )

    assert payment_method_parameters(settings) == parameters


def test_a_configuration_is_not_sent_where_vipps_is_named() -> None:
    settings = VippsSettings(payment_methods="vipps", payment_method_configuration="pmc_123")

    assert payment_method_parameters(settings) == {"payment_method_types": ["vipps"]}


def test_an_api_version_without_a_date_is_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        payment_method_parameters(VippsSettings(api_version="endive"))


# Languages


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("nb", "nb"),
        ("nn", "nb"),
        ("no", "nb"),
        ("nb-no", "nb"),
        ("nn-no", "nb"),
        ("nb-NO", "nb"),
        ("en-GB", "en-GB"),
        ("en", "en"),
        ("en-gb", "en-GB"),
        ("en-us", "en"),
        ("pt-br", "pt-BR"),
        ("es-mx", "es"),
        ("fr-ca", "fr-CA"),
        ("de-at", "de"),
        ("zh-hans-sg", "zh"),
        ("sv", "sv"),
        ("sv-fi", "sv"),
        ("da", "da"),
        ("da-dk", "da"),
        ("se", "auto"),
        ("se-no", "auto"),
        ("", "auto"),
    ],
)
def test_locale(language: str, expected: str) -> None:
    assert locale(language) == expected
