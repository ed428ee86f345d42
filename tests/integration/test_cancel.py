"""A shopper gives up: only by saying so, only after Stripe agreed, and with the basket back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from oscar.apps.order.signals import order_placed
from oscar.core.loading import get_model

from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.models import Payment
from tests.support.factories import ProductFactory, UserFactory, digital_product, voucher
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper, told

Basket = get_model("basket", "Basket")
Order = get_model("order", "Order")
Voucher = get_model("voucher", "Voucher")

SESSIONS = "/v1/checkout/sessions/"
BASKET = "/basket/"
THANKS = "/checkout/thank-you/"
CONTENTS = ["2 Cheese slicer Kari & Ola", "TEN"]
BACK = "The payment is cancelled, and your basket is back."
SOME_BACK = (
    "The payment is cancelled. Some of what was in your basket can't be bought any more; the rest is back."
)
NOTHING_BACK = "The payment is cancelled. What was in your basket can't be bought any more."
NOT_NOW = "The payment could not be cancelled right now. Nothing has changed. Please try again."


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """The shopper stands at Stripe's door, having ordered all that a basket can hold."""
    shopper.fill_basket(product, voucher("TEN", usage="Single use").code)
    return shopper.go_to_vipps()


@pytest.fixture
def impatient(shop: Shop, settings: Any) -> None:
    """Failures are not tried again."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0, "TIMEOUT": 0.5}


def pay(shop: Shop, payment: Payment, outcome: str = "authorize") -> None:
    shop.simulator.pay(payment.session_id or "", outcome)


def expire_requests(shop: Shop, payment: Payment) -> int:
    return len(shop.simulator.requests("POST", f"{SESSIONS}{payment.session_id}/expire"))


def allocated(product: Any) -> int:
    return product.stockrecords.get().num_allocated or 0


def assert_waits(payment: Payment, product: Any) -> None:
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.OPEN, "Pending")
    assert (allocated(product), Voucher.objects.get().applications.count()) == (2, 1)


def assert_undone(shop: Shop, payment: Payment, product: Any) -> None:
    """Here and at Stripe, exactly once."""
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    assert shop.session(payment)["status"] == "expired"
    assert (payment.state, payment.order.status) == (Payment.State.CANCELLED, "Cancelled")
    assert allocated(product) == 0
    found = Voucher.objects.get()
    assert (found.applications.count(), found.num_orders, found.total_discount) == (0, 0, 0)
    offer = found.offers.get()
    assert (offer.num_applications, offer.num_orders, offer.total_discount) == (0, 0, 0)
    assert payment.order.basket.status == Basket.SUBMITTED
    assert [note.message for note in payment.order.notes.all()] == [
        "Vipps: the payment of NOK 448.20 was cancelled. The shop has no money."
    ]


def test_looking_cancels_nothing(shop: Shop, shopper: Shopper, payment: Payment, product: Any) -> None:
    """Field failure 26: a link that is followed by a browser, a scanner or a prefetcher changes nothing."""
    for browser in (shopper, Shopper()):
        response = browser.visit(payment, "cancel")
        assert response.status_code == 200
        assert "Your order is waiting for the payment." in response.content.decode()
    assert expire_requests(shop, payment) == 0
    assert shop.session(payment)["status"] == "open"
    assert_waits(payment, product)


def test_saying_so_ends_the_session_and_gives_everything_back(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any
) -> None:
    """Field failures 2, 23 and 24."""
    response = shopper.press(payment, "cancel", follow=True)
    assert response.redirect_chain == [(BASKET, 303)]
    assert told(response) == [BACK]
    assert shopper.basket_contents() == CONTENTS
    assert expire_requests(shop, payment) == 1
    assert_undone(shop, payment, product)
    # Stripe's events tell nothing new.
    assert {answer.status_code for answer in shop.deliver()} == {200}
    assert_undone(shop, payment, product)

    shopper.choose()
    shopper.open(shopper.submit().url)
    again = Payment.objects.latest("pk")
    assert again.order.number != payment.order.number
    assert (again.state, again.amount) == (Payment.State.OPEN, payment.amount)


def looked_around(shopper: Shopper) -> list[str]:
    """Oscar deletes the cookie of a basket that isn't open any more."""
    shopper.get("catalogue:index")
    assert shopper.basket_contents() == []
    return CONTENTS


def added_something_else(shopper: Shopper) -> list[str]:
    shopper.add(ProductFactory.create(title="Brown cheese"))
    return ["1 Brown cheese", *CONTENTS]


def added_the_same(shopper: Shopper) -> list[str]:
    product = get_model("catalogue", "Product").objects.get(title="Cheese slicer")
    shopper.add(product, 1, engraving="Kari & Ola")
    return ["3 Cheese slicer Kari & Ola", "TEN"]


def signed_in(shopper: Shopper) -> list[str]:
    user = UserFactory.create()
    user.set_password("a long secret")
    user.save()
    other = Shopper(user)
    other.add(ProductFactory.create(title="Brown cheese"))
    assert shopper.sign_in(user, "a long secret").status_code == 302
    assert "_auth_user_id" in shopper.client.session
    return ["1 Brown cheese", *CONTENTS]


@pytest.mark.parametrize("did", [looked_around, added_something_else, added_the_same, signed_in])
def test_the_basket_comes_back_whatever_the_shopper_did_meanwhile(
    shop: Shop,
    shopper: Shopper,
    payment: Payment,
    product: Any,
    did: Callable[[Shopper], list[str]],
) -> None:
    """Field failure 7, and the four cases in which Oscar's own way of thawing loses items or fails."""
    expected = did(shopper)
    response = shopper.press(payment, "cancel", follow=True)
    assert response.redirect_chain == [(BASKET, 303)]
    assert sorted(shopper.basket_contents()) == sorted(expected)
    assert_undone(shop, payment, product)


def test_what_can_not_be_bought_any_more_stays_behind(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any
) -> None:
    shopper.add(ProductFactory.create(title="Brown cheese"))
    product.stockrecords.update(num_in_stock=1)
    response = shopper.press(payment, "cancel", follow=True)
    assert response.redirect_chain == [(BASKET, 303)]
    assert shopper.basket_contents() == ["1 Brown cheese", "TEN"]


@pytest.mark.parametrize(
    ("also", "contents", "message"),
    [
        ([], [], NOTHING_BACK),
        (["Brown cheese"], ["1 Brown cheese"], SOME_BACK),
    ],
)
def test_nobody_is_told_that_the_basket_is_back_when_it_is_not(
    shop: Shop, shopper: Shopper, product: Any, also: list[str], contents: list[str], message: str
) -> None:
    payment = shopper.go_to_vipps(product, *(ProductFactory.create(title=title) for title in also))
    product.stockrecords.update(num_in_stock=0)
    response = shopper.press(payment, "cancel", follow=True)
    assert shopper.basket_contents() == contents
    assert told(response)[-1] == message


def test_another_browser_can_cancel_but_gets_nothing(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any
) -> None:
    """Field failure 26: what a stranger had in the basket is nobody's business."""
    other = Shopper()
    response = other.press(payment, "cancel", follow=True)
    assert response.redirect_chain == [(url_for(payment, "return"), 303)]
    assert "Cheese slicer" not in response.content.decode()
    assert "Get my basket back" not in response.content.decode()
    assert other.basket_contents() == []
    assert_undone(shop, payment, product)
    # It waits for the one who ordered.
    assert shopper.press(payment, "cancel").url == BASKET
    assert shopper.basket_contents() == CONTENTS
    assert expire_requests(shop, payment) == 1


def test_the_account_gets_its_basket_in_another_browser(shop: Shop, product: Any) -> None:
    """Field failure 8."""
    user = UserFactory.create()
    payment = Shopper(user).go_to_vipps(product)
    assert Shopper(UserFactory.create()).press(payment, "cancel").url == url_for(payment, "return")
    elsewhere = Shopper(user)
    assert elsewhere.press(payment, "cancel").url == BASKET
    assert elsewhere.basket_contents() == ["1 Cheese slicer"]


@pytest.mark.parametrize("capture", ["automatic", "manual"])
def test_money_that_came_just_before_wins(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, capture: str
) -> None:
    """Field failure 2: the shop didn't know yet."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": capture}
    payment = shopper.go_to_vipps(product)
    pay(shop, payment)
    response = shopper.press(payment, "cancel", follow=True)
    assert response.redirect_chain == [(url_for(payment, "return"), 303), (THANKS, 303)]
    payment.refresh_from_db()
    assert payment.is_paid
    assert payment.order.status == ("Paid" if capture == "automatic" else "Reserved")
    assert allocated(product) == 1
    assert shopper.basket_contents() == []
    # And stays, however often somebody tries.
    assert shopper.press(payment, "cancel").url == url_for(payment, "return")
    assert expire_requests(shop, payment) == 1


@pytest.mark.parametrize("outcome", ["start", "fail"])
def test_a_try_that_is_under_way_or_failed_can_be_cancelled(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any, outcome: str
) -> None:
    pay(shop, payment, outcome)
    assert shopper.press(payment, "cancel").url == BASKET
    assert_undone(shop, payment, product)
    with pytest.raises(RuntimeError, match="expired"):
        pay(shop, payment)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("kind", "status_there"),
    [
        ("close", "open"),
        ("timeout_before", "open"),
        # Done there, but the shop doesn't hear of it: it stays as it was until it does.
        ("timeout_after", "expired"),
    ],
)
def test_nothing_is_cancelled_while_stripe_can_not_be_reached(
    shop: Shop,
    shopper: Shopper,
    payment: Payment,
    product: Any,
    caplog: Any,
    kind: str,
    status_there: str,
) -> None:
    """Field failure 2."""
    shop.simulator.fault(kind, SESSIONS, "POST")
    answer = shopper.press(payment, "cancel")
    assert answer.url == url_for(payment, "cancel")
    assert shop.session(payment)["status"] == status_there
    assert_waits(payment, product)
    assert shopper.basket_contents() == []
    assert "could not be cancelled at Stripe" in caplog.text

    assert shopper.press(payment, "cancel").url == BASKET
    assert shopper.basket_contents() == CONTENTS
    assert_undone(shop, payment, product)


@pytest.mark.usefixtures("impatient")
def test_that_the_session_is_over_is_enough_to_know(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any
) -> None:
    shop.simulator.fault("close", SESSIONS, "GET")
    assert shopper.press(payment, "cancel").url == BASKET
    assert_undone(shop, payment, product)


@pytest.mark.usefixtures("impatient")
def test_the_shopper_is_told_that_nothing_was_cancelled(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    shop.simulator.fault("close", SESSIONS, "POST")
    response = shopper.press(payment, "cancel", follow=True)
    assert response.status_code == 200
    assert told(response) == [NOT_NOW]
    assert "Continue with Vipps" in response.content.decode()


def test_cancelling_twice_gives_the_basket_once(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any
) -> None:
    shopper.press(payment, "cancel")
    answer = shopper.press(payment, "cancel")
    assert answer.url == url_for(payment, "return")
    assert shopper.basket_contents() == CONTENTS
    assert expire_requests(shop, payment) == 1
    assert_undone(shop, payment, product)


def test_what_was_cancelled_can_not_be_paid(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any
) -> None:
    shopper.press(payment, "cancel")
    for answer in (shopper.visit(payment, "pay"), shopper.press(payment, "pay")):
        assert answer.url == url_for(payment, "return")
    assert "The payment is cancelled" in shopper.visit(payment, "return").content.decode()
    assert len(shop.simulator.state()["sessions"]) == 1
    assert_undone(shop, payment, product)


def test_an_order_without_a_session_is_cancelled_without_stripe(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    """The shopper closed the window before the shop had asked Stripe for anything."""
    shopper.order(product)
    payment = Payment.objects.get()
    assert shopper.press(payment, "cancel").url == BASKET
    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.CANCELLED, "Cancelled")
    assert allocated(product) == 0
    assert shopper.visit(payment, "pay").url == url_for(payment, "return")
    assert shop.simulator.requests() == []


def test_a_basket_that_has_an_order_is_never_opened_again(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any
) -> None:
    """Field failures 5 and 26: it could never be placed again, and its number is a guessable one."""
    ordered = payment.order.basket
    shopper.press(payment, "cancel")
    ordered.refresh_from_db()
    assert ordered.status == Basket.SUBMITTED
    assert ordered.lines.count() == 1
    assert Basket.open.get().pk != ordered.pk


def test_not_even_when_another_way_to_pay_fails_after_the_order_was_placed(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    """Field failures 5 and 6: Oscar thaws the basket of an order that exists."""

    def receiver(**details: Any) -> None:
        raise RuntimeError("the warehouse does not answer")

    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "OTHER_METHODS": ["shop.invoice.Invoice"]}
    order_placed.connect(receiver)
    try:
        response = shopper.order(product, method="invoice")
    finally:
        order_placed.disconnect(receiver)
    assert response.status_code == 200
    assert Order.objects.get().basket.status == Basket.FROZEN
    assert not Basket.open.exists()


@pytest.mark.parametrize("page", ["cancel", "pay"])
def test_a_form_of_another_site_cancels_nothing(
    shop: Shop, shopper: Shopper, payment: Payment, product: Any, page: str
) -> None:
    """Field failure 26."""
    shopper.client.handler.enforce_csrf_checks = True
    assert shopper.press(payment, page).status_code == 403
    assert expire_requests(shop, payment) == 0
    assert_waits(payment, product)


def test_the_buttons_carry_what_the_protection_wants(shop: Shop, shopper: Shopper, payment: Payment) -> None:
    shopper.client.handler.enforce_csrf_checks = True
    token = shopper.visit(payment, "cancel").context["csrf_token"]
    assert shopper.press(payment, "cancel", data={"csrfmiddlewaretoken": str(token)}).url == BASKET


def test_a_download_comes_back_too(shop: Shop, shopper: Shopper) -> None:
    payment = shopper.go_to_vipps(digital_product(title="Knitting pattern"))
    shopper.press(payment, "cancel")
    assert shopper.basket_contents() == ["1 Knitting pattern"]
