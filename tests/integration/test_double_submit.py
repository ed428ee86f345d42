"""The button pressed twice, in one tab or two, and the back button: one order, one payment, one session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from oscar.core.loading import get_model

from oscar_vipps.checkout.methods import PaymentMethod
from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.models import Payment
from tests.support.customer import EMAIL
from tests.support.factories import ProductFactory, UserFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper, told

Basket = get_model("basket", "Basket")
Order = get_model("order", "Order")

BASKET = "/basket/"


class Meanwhile(PaymentMethod):
    """Never available, but asked in the middle of every request that looks at the ways to pay: what another
    request does at just that moment is put in here.
    """

    code = "meanwhile"
    name = "Meanwhile"
    happens: Callable[[], object] | None = None

    def why_unavailable(self, request: Any, basket: Any, order_total: Any) -> str | None:
        # The basket has been read from the database by now.
        assert not basket.is_empty
        happening, Meanwhile.happens = Meanwhile.happens, None
        if happening is not None:
            happening()
            # Whatever the other request wrote into the session, this one writes its own over it.
            request.session.modified = True
        return "Not here."


@pytest.fixture
def meanwhile(shop: Shop, settings: Any) -> Iterator[type[Meanwhile]]:
    path = f"{__name__}.Meanwhile"
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "OTHER_METHODS": [path]}
    before = connection.settings_dict["ATOMIC_REQUESTS"]
    # Two requests share this thread's connection: the inner one must be able to commit.
    connection.settings_dict["ATOMIC_REQUESTS"] = False
    yield Meanwhile
    Meanwhile.happens = None
    connection.settings_dict["ATOMIC_REQUESTS"] = before


def another_tab(shopper: Shopper) -> Shopper:
    """With the cookies as they are now."""
    tab = Shopper()
    tab.client.cookies.update(shopper.client.cookies)
    return tab


@pytest.fixture(params=["guest", "account"])
def ready(request: Any, shop: Shop, product: Any) -> Shopper:
    """A shopper before the button."""
    shopper = Shopper() if request.param == "guest" else Shopper(UserFactory.create(email=EMAIL))
    shopper.add(product)
    shopper.identify()
    shopper.choose()
    return shopper


def assert_one_of_everything(shop: Shop, product: Any) -> Payment:
    assert Order.objects.count() == Payment.objects.count() == 1
    assert len(shop.simulator.state()["sessions"]) == len(shop.simulator.requests("POST")) == 1
    assert product.stockrecords.get().num_allocated == 1
    return Payment.objects.get()


def follow_to_stripe(shopper: Shopper, answer: Any) -> str:
    """The address where the browser ends up."""
    assert answer.status_code == 303
    sent = shopper.open(answer.url)
    assert sent.status_code == 303
    return str(sent.url)


@pytest.mark.parametrize("left", [False, True], ids=["before leaving", "after leaving"])
def test_a_second_click_leads_to_the_same_payment(
    shop: Shop, ready: Shopper, product: Any, left: bool
) -> None:
    """Field failures 9 and 10."""
    first = ready.submit()
    if left:
        ready.open(first.url)
    second = ready.submit()
    assert second.url == first.url
    assert follow_to_stripe(ready, first) == follow_to_stripe(ready, second)
    assert_one_of_everything(shop, product)


def test_a_second_tab_leads_to_the_same_payment(shop: Shop, ready: Shopper, product: Any) -> None:
    """Field failure 10: it still has the cookie of the basket that is ordered."""
    tab = another_tab(ready)
    addresses = [follow_to_stripe(browser, browser.submit()) for browser in (ready, tab)]
    payment = assert_one_of_everything(shop, product)
    assert addresses == [payment.session_url] * 2

    shop.simulator.pay(payment.session_id or "")
    assert tab.visit(payment, "return", follow=True).redirect_chain == [("/checkout/thank-you/", 303)]


def test_a_submission_that_overtakes_another_wins_and_both_lead_to_its_payment(
    shop: Shop, ready: Shopper, product: Any, meanwhile: type[Meanwhile]
) -> None:
    """Field failure 10: both had read the open basket."""
    tab = another_tab(ready)
    overtaking: list[Any] = []
    meanwhile.happens = lambda: overtaking.append(tab.submit())
    answer = ready.submit()
    assert [found.url for found in overtaking] == [answer.url]
    assert follow_to_stripe(ready, answer) == follow_to_stripe(tab, overtaking[0])
    payment = assert_one_of_everything(shop, product)

    # The slower one wrote the session last, and has the payment in it all the same.
    shop.simulator.pay(payment.session_id or "")
    assert ready.visit(payment, "return", follow=True).redirect_chain == [("/checkout/thank-you/", 303)]


def test_a_basket_that_is_being_paid_otherwise_is_not_ordered_again(
    shop: Shop, ready: Shopper, product: Any, meanwhile: type[Meanwhile]
) -> None:
    """Field failure 5: frozen in another tab, for another way to pay."""
    meanwhile.happens = lambda: Basket.objects.get().freeze()
    response = ready.submit()
    assert response.url == BASKET
    assert told(ready.open(BASKET))[-1] == "Your basket is being ordered already."
    assert Basket.objects.earliest("pk").status == Basket.FROZEN
    assert not Order.objects.exists()
    assert shop.simulator.requests() == []


def test_the_next_order_is_an_order_of_its_own(shop: Shop, ready: Shopper, product: Any) -> None:
    """A payment that waits doesn't swallow what is ordered after it."""
    ready.open(ready.submit().url)
    ready.add(ProductFactory.create(title="Brown cheese", price="120.00"))
    answer = ready.submit()
    first, second = Payment.objects.order_by("pk")
    assert answer.url == url_for(second, "pay")
    follow_to_stripe(ready, answer)
    assert (first.amount, second.amount) == (24900, 12000)
    assert len(shop.simulator.state()["sessions"]) == 2
    # A click too many belongs to the newest.
    assert ready.submit().url == url_for(second, "pay")


@pytest.mark.parametrize("end", ["paid", "cancelled"])
def test_a_click_after_the_end_places_nothing(shop: Shop, ready: Shopper, product: Any, end: str) -> None:
    ready.open(ready.submit().url)
    payment = Payment.objects.get()
    if end == "paid":
        shop.simulator.pay(payment.session_id or "")
        ready.visit(payment, "return")
    else:
        Shopper().press(payment, "cancel")
    assert ready.submit().status_code in (302, 303)
    assert Order.objects.count() == 1


@pytest.mark.parametrize("end", ["paid", "expired"])
@pytest.mark.parametrize("step", ["place order", "back button"])
def test_who_was_away_when_it_ended_is_led_to_the_end(
    shop: Shop, shopper: Shopper, product: Any, end: str, step: str
) -> None:
    """Field failures 7 and 9: the phone has paid, or the time ran out, while the shop's tab stood still."""
    payment = shopper.go_to_vipps(product)
    if end == "paid":
        shop.simulator.pay(payment.session_id or "")
    else:
        shop.simulator.advance(36 * 60)
    shop.deliver()
    answer = shopper.submit() if step == "place order" else shopper.get("checkout:preview")
    assert answer.url == url_for(payment, "return")


def test_somebody_elses_click_leads_nowhere(shop: Shop, ready: Shopper, product: Any) -> None:
    """Field failure 26."""
    ready.submit()
    stranger = Shopper()
    assert stranger.submit().url == BASKET
    assert Order.objects.count() == 1


# The back button


@pytest.mark.parametrize("name", ["checkout:preview", "checkout:payment-method", "checkout:payment-details"])
def test_who_goes_back_can_continue_or_cancel(shop: Shop, ready: Shopper, product: Any, name: str) -> None:
    """Field failure 7: the basket is empty, but the payment waits."""
    ready.open(ready.submit().url)
    payment = Payment.objects.get()
    response = ready.get(name, follow=True)
    assert response.status_code == 200
    page = response.content.decode()
    assert url_for(payment, "pay") in page
    assert url_for(payment, "cancel") in page
    assert_one_of_everything(shop, product)


@pytest.mark.parametrize("end", ["paid", "cancelled"])
def test_the_basket_page_offers_the_payment_for_as_long_as_it_waits(
    shop: Shop, ready: Shopper, product: Any, end: str
) -> None:
    """Field failure 7: also to who has put something else into a new basket."""
    ready.open(ready.submit().url)
    payment = Payment.objects.get()

    def is_offered(browser: Shopper) -> bool:
        page = browser.open(BASKET).content.decode()
        assert (url_for(payment, "pay") in page) is (url_for(payment, "cancel") in page)
        return url_for(payment, "pay") in page

    assert is_offered(ready)
    ready.add(ProductFactory.create(title="Brown cheese"))
    assert is_offered(ready)
    assert not is_offered(Shopper())
    if end == "paid":
        shop.simulator.pay(payment.session_id or "")
        shop.deliver()
    else:
        ready.press(payment, "cancel")
    assert not is_offered(ready)


def test_a_payment_that_waits_is_offered_although_a_later_one_has_ended(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    """Field failure 7: whose basket nobody has asked back."""
    waiting = shopper.go_to_vipps(product)
    ended = shopper.go_to_vipps(ProductFactory.create(title="Brown cheese"))
    Shopper().press(ended, "cancel")
    assert url_for(waiting, "pay") in shopper.open(BASKET).content.decode()


def test_who_goes_back_after_paying_is_not_asked_to_pay_again(
    shop: Shop, ready: Shopper, product: Any
) -> None:
    ready.open(ready.submit().url)
    payment = Payment.objects.get()
    shop.simulator.pay(payment.session_id or "")
    ready.visit(payment, "return")
    response = ready.get("checkout:preview", follow=True)
    assert response.status_code == 200
    assert url_for(payment, "pay") not in response.content.decode()
    assert ready.visit(payment, "pay").url == url_for(payment, "return")
    assert_one_of_everything(shop, product)
