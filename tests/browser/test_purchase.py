"""A shopper buys: from the product's page to the thank-you page."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from oscar.core.loading import get_model
from playwright.sync_api import Route, expect

from oscar_vipps.models import Payment
from tests.support.customer import EMAIL
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.shopper import personal

from .visitor import DESKTOP, NARROW, PHONE, Device, Meet, Visitor, state_of

Order = get_model("order", "Order")

PAID = (Payment.State.CAPTURED, "Paid")


def test_a_guest_buys_and_approves(visitor: Visitor, product: Any) -> None:
    visitor.add(product)
    visitor.say_who()
    visitor.fill_in_address()
    expect(visitor.page.locator("#method-vipps")).to_be_visible()
    visitor.look("1-preview")
    payment = visitor.place_order()
    visitor.look("2-hosted-page")
    visitor.continue_to_vipps()
    visitor.look("3-vipps")
    visitor.answer("authorize")
    visitor.expect_thanks(payment)
    expect(visitor.page.get_by_text("is paid with Vipps.")).to_be_visible()
    visitor.look("4-thanks")
    assert state_of(payment) == PAID
    assert [message.to for message in mail.outbox] == [[EMAIL]]


def test_a_customer_who_is_signed_in_buys_and_approves(visitor: Visitor, product: Any) -> None:
    user = UserFactory.create()
    user.set_password("fjord-and-fell")
    user.save()
    visitor.sign_in(user, "fjord-and-fell")
    visitor.add(product)
    visitor.open("checkout:index")
    visitor.fill_in_address()
    payment = visitor.place_order()
    visitor.approve()
    visitor.expect_thanks(payment)
    assert state_of(payment) == PAID
    assert payment.order.user == user
    visitor.open("customer:order", payment.order.number)
    visitor.look("order")
    assert [message.to for message in mail.outbox] == [[user.email]]


@pytest.mark.parametrize("device", [DESKTOP], ids=str)
def test_a_double_click_places_one_order(visitor: Visitor, product: Any) -> None:
    """Field failure 10."""
    visitor.go_to_preview(product)
    visitor.page.dblclick("#place-order")
    payment = visitor.at_stripe()
    assert (Order.objects.get(), Payment.objects.get()) == (payment.order, payment)
    visitor.approve()
    visitor.expect_thanks(payment)


@pytest.mark.parametrize("device", [DESKTOP], ids=str)
def test_two_tabs_lead_to_one_payment(visitor: Visitor, product: Any) -> None:
    """Field failure 10: the same preview twice, and both are pressed."""
    visitor.go_to_preview(product)
    second = visitor.in_another_tab()
    second.open("checkout:preview")
    payment = visitor.place_order()
    assert second.place_order() == payment
    visitor.approve()
    visitor.expect_thanks(payment)
    # The tab that was left on the hosted page finds out.
    second.page.reload()
    second.press(".card a")
    expect(second.page.get_by_text("is paid with Vipps.")).to_be_visible()


def test_a_shopper_who_reads_norwegian_pays_in_norwegian(
    meet: Meet, device: Device, product: Any, live_shop: Shop
) -> None:
    visitor = meet(device, locale="nb-NO")
    visitor.go_to_preview(product)
    expect(visitor.page.locator("html")).to_have_attribute("lang", "nb")
    visitor.look("1-preview")
    payment = visitor.place_order()
    assert live_shop.session(payment)["locale"] == "nb"
    expect(visitor.page.locator("html")).to_have_attribute("lang", "nb")
    expect(visitor.page.get_by_role("button", name="Betal med Vipps")).to_be_visible()
    visitor.look("2-hosted-page")
    visitor.turn_back(payment)
    visitor.look("3-unfinished")
    visitor.press(".page form[action$='/pay/'] [type=submit]")
    visitor.at_stripe()
    visitor.approve()
    visitor.expect_thanks(payment)
    visitor.look("4-thanks")


def test_a_declined_payment_succeeds_at_the_next_try_on_the_same_page(visitor: Visitor, product: Any) -> None:
    """Field failure 9: another try is no other order."""
    payment = visitor.order(product)
    visitor.decline()
    visitor.look("declined")
    assert visitor.page.url == payment.session_url
    assert state_of(payment) == (Payment.State.OPEN, "Pending")
    visitor.approve()
    visitor.expect_thanks(payment)
    assert state_of(payment) == PAID


@pytest.mark.parametrize("device", [PHONE], ids=str)
def test_the_webhook_finishes_the_order_although_the_tab_was_closed(
    visitor: Visitor, product: Any, live_shop: Shop
) -> None:
    """Field failure 1: the shopper approves and is not seen again."""
    payment = visitor.order(product)
    visitor.continue_to_vipps()
    visitor.page.route(visitor.page.url, send_without_reading_the_answer)
    with visitor.page.expect_event("requestfailed"):
        visitor.answer("authorize")
    visitor.page.close()
    live_shop.simulator.wait_for_deliveries()
    assert state_of(payment) == PAID
    assert [message.to for message in mail.outbox] == [[EMAIL]]


@pytest.mark.parametrize("device", [NARROW, DESKTOP], ids=str)
def test_another_browser_is_told_how_it_went_and_nothing_personal(
    meet: Meet, device: Device, product: Any, live_shop: Shop
) -> None:
    """Field failure 8: Vipps' app opens the phone's standard browser, which has no cookies of the shop."""
    visitor, stranger = meet(PHONE), meet(device)
    payment = visitor.order(product)
    live_shop.simulator.pay(payment.session_id or "", "start")
    stranger.visit(payment, "return")
    stranger.expect_heading("Waiting for Vipps")
    expect_nothing_personal(stranger, product)
    live_shop.simulator.pay(payment.session_id or "", "authorize")
    stranger.expect_heading("Thank you for your order")
    expect(stranger.page.get_by_text(f"Order number {payment.order.number}")).to_be_visible()
    expect_nothing_personal(stranger, product)
    stranger.look("paid")
    stranger.expect_to_fit()
    # Whoever ordered still has the whole page.
    visitor.visit(payment, "return")
    visitor.expect_thanks(payment)


def send_without_reading_the_answer(route: Route) -> None:
    """As when a tab is closed just then: what was pressed arrives, and nobody goes back to the shop."""
    route.fetch(max_redirects=0)
    route.abort()


def expect_nothing_personal(visitor: Visitor, product: Any) -> None:
    source = visitor.page.content()
    assert (personal(source), product.title in source) == ([], False)
