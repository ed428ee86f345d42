"""A shopper comes back without having paid: by the page's own link, or by the browser's back button."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Playwright, expect

from oscar_vipps.models import Payment
from tests.support.fixtures import Shop

from .conftest import ARGUMENTS
from .visitor import PHONE, Device, Meet, Visitor, state_of


def test_a_declined_shopper_is_told_why_and_continues(visitor: Visitor, product: Any) -> None:
    payment = visitor.order(product)
    visitor.decline()
    visitor.turn_back(payment)
    visitor.expect_heading("The payment did not go through")
    expect(visitor.page.get_by_role("status")).to_have_text("The card that is linked to Vipps was declined.")
    visitor.look("declined")
    visitor.press(visitor.page.get_by_role("button", name="Continue with Vipps"))
    assert visitor.at_stripe() == payment
    visitor.approve()
    visitor.expect_thanks(payment)
    assert state_of(payment) == (Payment.State.CAPTURED, "Paid")


def test_a_shopper_who_turned_back_gets_the_basket_back(
    visitor: Visitor, product: Any, live_shop: Shop
) -> None:
    """Field failure 7: there is always a way on."""
    payment = visitor.order(product)
    visitor.turn_back(payment)
    visitor.expect_heading("The payment is not finished")
    visitor.look("1-unfinished")
    # Looking changes nothing.
    assert state_of(payment) == (Payment.State.OPEN, "Pending")
    visitor.press(visitor.page.get_by_role("button", name="Cancel and get my basket back"))
    visitor.page.wait_for_url(visitor.url("basket:summary"))
    expect(visitor.page.locator("#messages")).to_contain_text("your basket is back")
    expect(visitor.page.locator("#basket_formset")).to_contain_text(product.title)
    visitor.look("2-basket")
    assert state_of(payment) == (Payment.State.CANCELLED, "Cancelled")
    assert live_shop.session(payment)["status"] == "expired"
    # The address of the given up payment says so from now on.
    visitor.visit(payment, "return")
    visitor.expect_heading("The payment is cancelled")
    visitor.look("3-ended")


def way_on(visitor: Visitor) -> Locator:
    """Leads to the payment, be it on the preview or on the page of a payment that waits."""
    return visitor.page.locator("#place-order:enabled, .page form[action$='/pay/'] [type=submit]")


@pytest.mark.parametrize("device", [PHONE], ids=str)
def test_the_back_button_leads_to_the_same_payment_again(visitor: Visitor, product: Any) -> None:
    """Field failures 7 and 9: the basket is empty by now, and the order is there."""
    payment = visitor.order(product)
    visitor.page.go_back()
    visitor.look("back")
    visitor.press(way_on(visitor))
    assert visitor.at_stripe() == payment
    visitor.approve()
    visitor.expect_thanks(payment)


@pytest.mark.parametrize("device", [PHONE], ids=str)
def test_the_basket_page_tells_of_a_payment_that_waits(visitor: Visitor, product: Any) -> None:
    """Field failure 7: the shopper opens the shop again, and the basket is empty."""
    payment = visitor.order(product)
    visitor.open("basket:summary")
    visitor.look("basket")
    expect(way_on(visitor)).to_be_visible()
    visitor.press(way_on(visitor))
    assert visitor.at_stripe() == payment


@pytest.fixture(scope="module")
def remembering_browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """Keeps pages as they were left, as browsers do for people; Playwright switches that off."""
    browser = playwright.chromium.launch(
        executable_path=chromium_path, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.mark.parametrize("device", [PHONE], ids=str)
def test_the_back_button_leads_on_where_the_browser_kept_the_page(
    meet: Meet, device: Device, product: Any, remembering_browser: Browser
) -> None:
    """Field failure 7: Oscar's script disabled the button when it was pressed."""
    visitor = meet(device, browser=remembering_browser)
    payment = visitor.order(product)
    visitor.page.go_back(wait_until="commit")
    visitor.look("back")
    visitor.press(way_on(visitor))
    assert visitor.at_stripe() == payment
