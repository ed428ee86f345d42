"""Everything about a payment is done by keyboard alone, in high contrast."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from tests.integration.stripe_says import paid
from tests.support.customer import ADDRESS, EMAIL
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

from .keyboard import Keyboard
from .visitor import DESKTOP, Meet, Visitor, state_of


def test_a_shopper_turns_back_cancels_and_buys(meet: Meet, product: Any, with_invoice: None) -> None:
    visitor = meet(DESKTOP, forced_colors="active")
    page, keyboard = visitor.page, Keyboard(visitor)
    page.goto(visitor.url("home") + product.get_absolute_url().lstrip("/"))
    keyboard.press("#add_to_basket_form [type=submit]")
    keyboard.press("#messages a[href$='/checkout/']")
    keyboard.type("#id_username", EMAIL)
    keyboard.press("form [type=submit]:not([name=q])")
    for field, text in ADDRESS.items():
        keyboard.type(f"#id_{field}", text)
    keyboard.press("#new_shipping_address [type=submit]")
    payment = order(visitor, keyboard)

    keyboard.press(".back a")
    visitor.expect_heading("The payment is not finished")
    keyboard.press(page.get_by_role("button", name="Continue with Vipps"))
    visitor.at_stripe()
    keyboard.press(".back a")
    keyboard.press(page.get_by_role("button", name="Cancel and get my basket back"))
    page.wait_for_url(visitor.url("basket:summary"))
    assert state_of(payment) == (Payment.State.CANCELLED, "Cancelled")

    keyboard.press("#content_inner a[href$='/checkout/']")
    # What was filled in is still there.
    keyboard.press("form [type=submit]:not([name=q])")
    keyboard.press("#new_shipping_address [type=submit]")
    payment = order(visitor, keyboard)
    keyboard.press(".button-vipps")
    keyboard.press("[name=outcome][value=authorize]")
    visitor.expect_thanks(payment)
    assert state_of(payment) == (Payment.State.CAPTURED, "Paid")


def order(visitor: Visitor, keyboard: Keyboard) -> Payment:
    """From the payment step to Stripe's page."""
    visitor.page.wait_for_url(visitor.url("checkout:payment-method"))
    visitor.look("choice")
    keyboard.press("[value=vipps] ~ [type=submit]")
    keyboard.press("#place-order")
    return visitor.at_stripe()


def test_staff_find_capture_and_refund(meet: Meet, live_shop: Shop, product: Any, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    one, other = (Shopper().go_to_vipps(product) for _ in range(2))
    for payment in (one, other):
        settle(payment.pk, paid(live_shop, payment))
    visitor = meet(DESKTOP, forced_colors="active")
    page, keyboard = visitor.page, Keyboard(visitor)
    visitor.become(Shopper(UserFactory.create(is_staff=True, is_superuser=True)))

    visitor.open("vipps_dashboard:payment-list")
    keyboard.type("#id_q", one.order.number)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    keyboard.press(f"[value='{one.reference}']", "Space")
    visitor.look("1-list")
    keyboard.press(page.get_by_role("button", name="Capture selected"))
    keyboard.press(page.get_by_role("button", name="Capture NOK249.00"))
    # Read at once: the keyboard begins there.
    expect(page.get_by_role("status")).to_have_text("1 of 1 is captured.")
    expect(page.get_by_role("status")).to_be_focused()

    keyboard.press(f"tbody a[href$='{one.reference}/']")
    keyboard.press("details:has(form[action$='/refund/']) > summary")
    keyboard.type("#id_refund_amount", "999999")
    page.keyboard.press("Enter")
    errors = page.get_by_role("group", name="Please correct this:")
    text = "No more than NOK249.00 can be refunded."
    expect(errors).to_be_focused()
    expect(errors.get_by_role("listitem")).to_have_text(f"Amount to refund: {text}")
    visitor.look("2-errors")
    keyboard.press(errors.get_by_role("link"))
    amount = page.locator("#id_refund_amount")
    expect(amount).to_be_focused()
    expect(amount).to_have_value("999999")
    expect(amount).to_have_attribute("aria-invalid", "true")
    help_text = "At most NOK249.00. Leave it empty for what the goods cost."
    expect(amount).to_have_accessible_description(f"{help_text} {text}")
    page.keyboard.press("Control+a")
    page.keyboard.type("100")
    keyboard.press("form[action$='/refund/'] button")
    expect(page.get_by_role("alert")).to_contain_text("Refunded")

    visitor.open("vipps_dashboard:payment-detail", other.reference)
    keyboard.press("details:has(form[action$='/capture-part/']) > summary")
    keyboard.type("[id^=id_part_quantity]", "1")
    page.keyboard.press("Enter")
    keyboard.press(errors.get_by_role("link", name="Do the goods go back in stock?"))
    expect(page.get_by_role("group", name="Do the goods go back in stock?")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Yes")).to_be_checked()
    live_shop.simulator.wait_for_deliveries()
    one.refresh_from_db()
    assert (one.state, one.amount_refunded) == (Payment.State.CAPTURED, 10000)
