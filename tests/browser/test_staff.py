"""What staff see and do in the dashboard, on a phone and at a desk."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from oscar_vipps.models import Flag, Payment, WebhookEvent
from oscar_vipps.payments.settlement import settle
from tests.integration.stripe_says import paid
from tests.support.factories import ProductFactory, UserFactory
from tests.support.fixtures import Shop
from tests.support.payment_factories import EventFactory, PaymentFactory
from tests.support.shopper import Shopper

from .visitor import Visitor

PASSWORD = "only for tests"
Reserve = Callable[[], Payment]


@pytest.fixture
def staff(visitor: Visitor) -> Visitor:
    user = UserFactory.create(is_staff=True, is_superuser=True)
    user.set_password(PASSWORD)
    user.save()
    visitor.open("dashboard:login")
    visitor.page.fill("[name$=username]", user.email)
    visitor.page.fill("[name$=password]", PASSWORD)
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(visitor.url("dashboard:index"))
    return visitor


@pytest.fixture
def reserve(live_shop: Shop, settings: Any) -> Reserve:
    """Somebody orders two of the goods, and the money is reserved."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    product = ProductFactory.create(stock=100)

    def one() -> Payment:
        payment = Shopper().go_to_vipps(product, product)
        return settle(payment.pk, paid(live_shop, payment))

    return one


@pytest.fixture
def reserved(reserve: Reserve) -> Payment:
    return reserve()


def act(staff: Visitor, action: str, said: str) -> None:
    """Open what is behind the button, and press the one in there; the page says what came of it."""
    form = f"form[action$='/{action}/']"
    staff.press(f"details:has({form}) > summary")
    staff.press(f"{form} button")
    expect(staff.page.locator("#messages")).to_contain_text(said)


def stands(live_shop: Shop, payment: Payment) -> tuple[str, str, int, int]:
    """The payment's state, its order's, and øre captured and refunded, once all is heard."""
    live_shop.simulator.wait_for_deliveries()
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    return payment.state, payment.order.status, payment.amount_captured, payment.amount_refunded


def test_staff_capture_and_refund(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    staff.open("vipps_dashboard:payment-list")
    staff.look("list")
    staff.press(f"a[href$='{reserved.reference}/']")
    expect(staff.page.locator("h1")).to_contain_text(reserved.order.number)
    staff.look("reserved")
    act(staff, "capture", "captured")
    staff.look("captured")
    # By an amount that isn't there: nothing of what was filled in is lost.
    staff.press("details:has(form[action$='/refund/']) > summary")
    staff.page.fill("#id_refund_amount", "1000.00")
    staff.page.select_option("#id_refund_reason", label="The shopper asked for it")
    staff.press("form[action$='/refund/'] button")
    form = staff.page.locator("form[action$='/refund/']")
    expect(form).to_contain_text("No more than NOK498.00 can be refunded.")
    expect(staff.page.locator("#id_refund_reason")).to_have_value("requested_by_customer")
    staff.look("refund-refused")
    # One of two, back in stock.
    line = reserved.order.lines.get()
    for_sale = line.stockrecord.net_stock_level
    staff.page.fill("#id_refund_amount", "")
    staff.page.fill(f"#id_refund_quantity_{line.pk}", "1")
    form.get_by_label("Yes", exact=True).check()
    staff.look("refund-filled-in")
    staff.press("form[action$='/refund/'] button")
    expect(staff.page.locator("#messages")).to_contain_text("Refunded")
    staff.look("refunded")
    assert stands(live_shop, reserved) == ("captured", "Partly refunded", 49800, 24900)
    line.stockrecord.refresh_from_db()
    assert line.stockrecord.net_stock_level == for_sale + 1
    staff.expect_to_fit()


def test_staff_capture_what_they_send(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    """The whole, for Vipps knows no part of it; what isn't sent goes back at once."""
    staff.open("vipps_dashboard:payment-detail", reserved.reference)
    staff.press("details:has(form[action$='/capture-part/']) > summary")
    staff.page.fill("#id_part_amount", "98.00")
    staff.look("part")
    staff.expect_to_fit()
    staff.press("form[action$='/capture-part/'] button")
    expect(staff.page.locator("#messages")).to_contain_text("The money is captured. Refund: Refunded.")
    assert stands(live_shop, reserved) == ("captured", "Partly refunded", 49800, 9800)


def test_staff_release(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    staff.open("vipps_dashboard:payment-detail", reserved.reference)
    act(staff, "release", "released")
    staff.look("released")
    assert stands(live_shop, reserved) == ("cancelled", "Cancelled", 0, 0)


def test_staff_ask_stripe(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    """What was done in Stripe's own Dashboard, and never told."""
    live_shop.simulator.set_endpoints([])
    live_shop.simulator.capture(reserved.payment_intent_id or "")
    staff.open("vipps_dashboard:payment-detail", reserved.reference)
    staff.press("form[action$='/refresh/'] button")
    expect(staff.page.locator("#messages")).to_contain_text("This is what Stripe says now.")
    assert stands(live_shop, reserved)[:3] == ("captured", "Paid", 49800)


def test_staff_never_leave_the_order(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    staff.open("dashboard:order-detail", reserved.order.number)
    staff.look("reserved")
    act(staff, "capture", "The money is captured.")
    assert staff.page.url == staff.url("dashboard:order-detail", reserved.order.number)
    staff.look("captured")
    assert stands(live_shop, reserved) == ("captured", "Paid", 49800, 0)


def test_staff_capture_many(live_shop: Shop, staff: Visitor, reserve: Reserve) -> None:
    first, lost, last = reserve(), reserve(), reserve()
    staff.open("vipps_dashboard:payment-list")
    staff.press("thead input[type=checkbox]")
    staff.press(staff.page.get_by_role("button", name="Capture selected"))
    staff.page.wait_for_url("**/capture/?*")
    expect(staff.page.locator("tfoot")).to_contain_text("1,494.00")
    staff.look("asked")
    # And while they think about it, one reservation lapses.
    live_shop.simulator.expire_hold(lost.payment_intent_id or "")
    live_shop.simulator.wait_for_deliveries()
    staff.press(staff.page.get_by_role("button", name="Capture NOK1,494.00"))
    expect(staff.page.get_by_role("status")).to_have_text("2 of 3 are captured.")
    staff.look("result")
    staff.expect_to_fit()
    rows = staff.page.locator("tbody tr")
    for payment, said in ((first, "is captured"), (lost, "Nothing is reserved"), (last, "is captured")):
        expect(rows.filter(has_text=payment.order.number)).to_contain_text(said)
        assert stands(live_shop, payment)[0] == ("cancelled" if payment is lost else "captured")


def test_staff_look_for_a_payment_and_take_the_list_away(staff: Visitor) -> None:
    now = timezone.now()
    for days, state in enumerate(["captured", "authorized", "open", "expired", "cancelled"] * 4):
        PaymentFactory.create(state=state, begun=now - timedelta(days=days))
    wanted = PaymentFactory.create(state="captured", order__number="777123")
    Flag.objects.create(payment=wanted, reason=Flag.Reason.MISMATCH, detail="amount")
    staff.open("vipps_dashboard:payment-list")
    staff.look("all")
    staff.expect_to_fit()
    staff.page.select_option("#id_state", "captured")
    staff.press(".vipps-filter [type=submit]")
    expect(staff.page.locator("tbody tr")).to_have_count(5)
    staff.page.fill("#id_q", "777")
    staff.press(".vipps-filter [type=submit]")
    expect(staff.page.locator("tbody tr")).to_have_count(1)
    expect(staff.page.locator("tbody tr")).to_contain_text("Needs attention")
    staff.look("found")
    with staff.page.expect_download() as download:
        staff.press(staff.page.get_by_role("link", name="Download as CSV"))
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert "777123" in row.values()
    staff.page.fill("#id_q", "nothing like it")
    staff.press(".vipps-filter [type=submit]")
    expect(staff.page.get_by_text("No payment is like that.")).to_be_visible()


def test_staff_attend_to_what_needs_them(staff: Visitor) -> None:
    payment = PaymentFactory.create(state="captured")
    Flag.objects.create(payment=payment, reason=Flag.Reason.MISMATCH, detail="amount: 24900 there, 100 here")
    event = EventFactory.create(status="failed", reason="KeyError in settlement.py, line 7")
    staff.open("vipps_dashboard:attention")
    staff.look("two")
    staff.expect_to_fit()
    staff.press(staff.page.get_by_role("button", name="Mark as done"))
    expect(staff.page.locator("#messages")).to_contain_text("Marked as done.")
    staff.press(staff.page.get_by_role("link", name="Open the event"))
    expect(staff.page.locator("h1")).to_have_text(event.type)
    staff.look("event")
    staff.expect_to_fit()
    staff.press(staff.page.get_by_role("button", name="Process again"))
    expect(staff.page.locator("#messages")).to_be_visible()
    assert WebhookEvent.objects.get().status != "failed"
    staff.open("vipps_dashboard:attention")
    expect(staff.page.locator(".alert-success")).to_contain_text("All is well")
    staff.look("none")
    staff.open("vipps_dashboard:event-list")
    staff.page.select_option("#id_status", "processed")
    staff.press(".vipps-filter [type=submit]")
    staff.look("events")
    staff.expect_to_fit()


def test_staff_see_a_dispute_and_its_end(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    simulator = live_shop.simulator
    simulator.capture(reserved.payment_intent_id or "")
    dispute = simulator.dispute(reserved.payment_intent_id or "", reason="product_not_received")
    simulator.wait_for_deliveries()
    staff.open("vipps_dashboard:payment-detail", reserved.reference)
    expect(staff.page.get_by_text("Nothing can be refunded while")).to_be_visible()
    staff.look("begun")
    staff.expect_to_fit()
    simulator.decide_dispute(dispute, "won")
    simulator.wait_for_deliveries()
    staff.page.reload()
    expect(staff.page.locator("details:has(form[action$='/refund/'])")).to_be_visible()
    staff.look("won")


def test_staff_see_how_it_goes(staff: Visitor) -> None:
    now = timezone.now()
    for day in range(40):
        for number in range(day % 4 + 1):
            state = ["captured", "authorized", "expired", "captured"][number]
            declined = "generic_decline" if state == "expired" and day % 3 else ""
            PaymentFactory.create(
                state=state,
                decline_code=declined,
                amount=10000 + 7919 * day,
                begun=now - timedelta(days=day),
            )
    for payment in Payment.objects.filter(state="captured")[:9:2]:
        payment.refunds.create(amount=payment.amount // 2, status="succeeded")
    staff.open("vipps_dashboard:figures")
    expect(staff.page.get_by_role("img", name="Money")).to_be_visible()
    staff.look("days")
    staff.expect_to_fit()
    staff.page.select_option("#id_by", "week")
    staff.page.fill("#id_date_from", (now - timedelta(days=50)).date().isoformat())
    staff.press(".vipps-filter [type=submit]")
    expect(staff.page.locator("tbody tr")).to_have_count(8)
    staff.look("weeks")
    staff.page.emulate_media(media="print")
    staff.look("print")
