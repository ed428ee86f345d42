"""What staff see and do at a payment's page in the dashboard, on a phone and at a desk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from oscar_vipps.diagnosis.doctor import CHECKS
from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from tests.integration.stripe_says import paid
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

from .visitor import Visitor

PASSWORD = "only for tests"


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
def reserved(live_shop: Shop, product: Any, settings: Any) -> Payment:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payment = Shopper().go_to_vipps(product)
    return settle(payment.pk, paid(live_shop, payment))


def test_staff_capture_and_refund(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    staff.open("vipps_dashboard:payment-list")
    staff.look("list")
    staff.press(f"a[href$='{reserved.reference}/']")
    expect(staff.page.locator("h1")).to_contain_text(reserved.order.number)
    staff.look("reserved")
    staff.press("form[action$='/capture/'] button")
    expect(staff.page.locator("#messages")).to_contain_text("captured")
    staff.page.fill("#id_refund_amount", "100.00")
    staff.press("form[action$='/refund/'] button")
    expect(staff.page.locator("#messages")).to_contain_text("Refunded")
    staff.look("refunded")
    live_shop.simulator.wait_for_deliveries()
    reserved.refresh_from_db()
    assert (reserved.state, reserved.amount_refunded) == ("captured", 10000)
    assert reserved.order.status == "Partly refunded"
    assert staff.page.evaluate("document.documentElement.scrollWidth") <= staff.device.width


def test_staff_release(live_shop: Shop, staff: Visitor, reserved: Payment) -> None:
    staff.open("vipps_dashboard:payment-detail", reserved.reference)
    staff.press("form[action$='/release/'] button")
    expect(staff.page.locator("#messages")).to_contain_text("released")
    staff.look("released")
    live_shop.simulator.wait_for_deliveries()
    reserved.refresh_from_db()
    assert (reserved.state, reserved.order.status) == ("cancelled", "Cancelled")


def test_staff_ask_the_doctor(live_shop: Shop, staff: Visitor) -> None:
    staff.open("vipps_dashboard:doctor")
    staff.look("doctor")
    staff.press("form[action$='/doctor/'] button")
    expect(staff.page.locator("tbody tr")).to_have_count(len(CHECKS))
    staff.look("doctor, findings")
    with staff.page.expect_download() as begun:
        staff.page.click("form[action$='/doctor/bundle/'] button")
    content = json.loads(Path(begun.value.path()).read_text())
    assert [check["check"] for check in content["checks"]] == [check.name for check in CHECKS]
    assert staff.page.evaluate("document.documentElement.scrollWidth") <= staff.device.width
