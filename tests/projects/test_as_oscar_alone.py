"""Where Vipps isn't chosen, or isn't set up, the checkout is Oscar's: each step, order and mail is the same.

Each test does the same in Oscar alone and in shops with our checkout, and compares.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.customer import ADDRESS, EMAIL
from tests.support.simulator import Simulator

from .browser import Answer
from .shop import Shop, running
from .shopper import NOT_SHIPPED, PASSWORD, SHIPPED, STAFF, Shopper

CARD = "form:has([name=method_code][value=card])"

Shopping = Callable[[Shopper], None]


def go_to_preview(shopper: Shopper) -> None:
    """Over Oscar's page of payment details, which asks nothing."""
    shopper.check_out()
    if shopper.page.select(CARD):
        shopper.submit(CARD)
    if shopper.path.endswith("/payment-details/"):
        shopper.follow("Continue")


def buy(shopper: Shopper, *products: str, vouchers: tuple[str, ...] = ()) -> None:
    for product in products:
        shopper.add(product)
    for code in vouchers:
        shopper.add_voucher(code)
    go_to_preview(shopper)
    shopper.place_order()
    assert shopper.path.endswith("/checkout/thank-you/")


def a_guest(shopper: Shopper) -> None:
    buy(shopper, SHIPPED)


def a_guest_with_nothing_to_send(shopper: Shopper) -> None:
    buy(shopper, NOT_SHIPPED)


def a_member(shopper: Shopper) -> None:
    shopper.register("ola@example.com")
    buy(shopper, SHIPPED, NOT_SHIPPED)


def one_who_signs_in_on_the_way(shopper: Shopper) -> None:
    shopper.add()
    shopper.open("/checkout/")
    shopper.submit("form:has([name=options])", username=STAFF, options="existing", password=PASSWORD)
    shopper.is_guest = False
    go_to_preview(shopper)
    shopper.place_order()


def a_voucher(shopper: Shopper) -> None:
    buy(shopper, SHIPPED, SHIPPED, vouchers=("TEN",))


def a_voucher_for_all_of_it(shopper: Shopper) -> None:
    buy(shopper, SHIPPED, vouchers=("ALL",))


def nothing_to_pay_and_nothing_to_send(shopper: Shopper) -> None:
    shopper.register("liv@example.com")
    buy(shopper, NOT_SHIPPED, vouchers=("ALL",))


def steps_that_are_left_out(shopper: Shopper) -> None:
    """Addresses that are typed in, with less and less missing."""
    steps = [
        "shipping-address",
        "shipping-method",
        "payment-method",
        "payment-details",
        "preview",
        "thank-you",
    ]

    def try_all() -> None:
        for step in steps:
            shopper.open(f"/checkout/{step}/")

    try_all()
    shopper.add()
    try_all()
    shopper.open("/checkout/")
    shopper.submit("form:has([name=options])", username=EMAIL, options="anonymous")
    try_all()
    shopper.open("/checkout/shipping-address/")
    shopper.submit("#new_shipping_address", **ADDRESS)
    try_all()


def the_button_pressed_twice(shopper: Shopper) -> None:
    shopper.add()
    go_to_preview(shopper)
    preview, url = shopper.page, shopper.url
    shopper.place_order()
    shopper.page, shopper.url = preview, url
    shopper.place_order()


def one_order_after_another(shopper: Shopper) -> None:
    buy(shopper, SHIPPED)
    buy(shopper, NOT_SHIPPED)
    shopper.open("/checkout/thank-you/")


def what_is_there(shop: Shop) -> dict[str, Any]:
    """All that a checkout leaves behind, but for moments and random keys."""
    tables = {
        "order_order": "number, status, currency, total_incl_tax, total_excl_tax, shipping_incl_tax,"
        " shipping_code, guest_email, user_id, basket_id",
        "order_line": "order_id, title, quantity, line_price_incl_tax, status",
        "order_shippingaddress": "first_name, last_name, line1, line4, postcode",
        "order_orderdiscount": "order_id, voucher_code, amount",
        "order_paymentevent": "order_id, amount",
        "payment_source": "order_id, amount_allocated, amount_debited",
        "payment_transaction": "source_id, amount",
        "basket_basket": "status, owner_id",
        "partner_stockrecord": "num_in_stock, num_allocated",
        "voucher_voucher": "code, num_orders, num_basket_additions, total_discount",
        "order_communicationevent": "order_id",
    }
    found: dict[str, Any] = {
        table: shop.rows(f"SELECT {names} FROM {table} ORDER BY id") for table, names in tables.items()
    }
    found["mails"] = [(mail["To"], mail["Subject"]) for mail in shop.mails()]
    return found


def steps_of(shopper: Shopper) -> list[Answer]:
    """Each request and what it led to; whether the shopper was asked how to pay makes no difference."""
    steps = []
    for answer in shopper.answers:
        step = answer._replace(location=answer.location.removeprefix(shopper.address))
        if not step.path.endswith("/payment-method/"):
            steps.append(step)
        elif step.location:
            steps.append(step._replace(method="any"))
    return steps


@pytest.fixture(scope="module")
def shops(
    simulator_process: Simulator, oscar_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Shop]]:
    """Oscar alone, and those that must do as it does."""
    with ExitStack() as running_shops:

        def begin(name: str) -> Shop:
            directory = tmp_path_factory.mktemp(name)
            shutil.copy(oscar_database, directory)
            return running_shops.enter_context(running(name, directory, simulator_process))

        yield [begin(name) for name in ("oscar_alone", "not_set_up", "another_method")]


@pytest.mark.parametrize(
    "shopping",
    [
        a_guest,
        a_guest_with_nothing_to_send,
        a_member,
        one_who_signs_in_on_the_way,
        a_voucher,
        a_voucher_for_all_of_it,
        nothing_to_pay_and_nothing_to_send,
        steps_that_are_left_out,
        the_button_pressed_twice,
        one_order_after_another,
    ],
    ids=lambda shopping: shopping.__name__.replace("_", " "),
)
def test_it_is_as_in_oscar_alone(simulator: Simulator, shops: list[Shop], shopping: Shopping) -> None:
    steps, left_behind = {}, {}
    for shop in shops:
        with Shopper(shop) as shopper:
            shopping(shopper)
        steps[shop.name] = steps_of(shopper)
        left_behind[shop.name] = what_is_there(shop)
    # A choice can't be left out where there is one.
    same = shops[:2] if shopping is steps_that_are_left_out else shops
    for shop in same:
        assert steps[shop.name] == steps["oscar_alone"], shop.name
        assert left_behind[shop.name] == left_behind["oscar_alone"], shop.name
    assert simulator.requests() == []
