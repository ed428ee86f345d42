"""What staff see in the dashboard, for everybody: axe finds nothing, whatever they look with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oscar_vipps.dashboard.views import FilteredTableView
from oscar_vipps.models import Flag, Payment
from oscar_vipps.payments.settlement import settle
from tests.integration.stripe_says import paid
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.payment_factories import EventFactory, PaymentFactory
from tests.support.shopper import Shopper

from .accessibility import DASHBOARD, expect_accessible
from .visitor import DESKTOP, Meet, Visitor


@pytest.fixture
def reserved(live_shop: Shop, product: Any, settings: Any) -> list[Payment]:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payments = [Shopper().go_to_vipps(product) for _ in range(2)]
    return [settle(payment.pk, paid(live_shop, payment)) for payment in payments]


@pytest.fixture
def busy(reserved: list[Payment], monkeypatch: pytest.MonkeyPatch) -> list[Payment]:
    """Days of a shop: something of every kind that a page shows, and few on each, for axe looks at all."""
    monkeypatch.setattr(FilteredTableView, "paginate_by", 4)
    today = timezone.now()
    for days, state in enumerate(["captured", "expired", "authorized", "cancelled"] * 2):
        payment = PaymentFactory.create(state=state, begun=today - timedelta(days=days))
    Flag.objects.create(payment=payment, reason=Flag.Reason.REFUND_FAILED, detail="The account is closed")
    Flag.objects.create(payment=reserved[0], reason=Flag.Reason.MISMATCH, detail="The amount is another one")
    for status in ("processed", "ignored", "failed"):
        EventFactory.create(status=status, reason="Why it is so", payload={"object": "x" * 500})
    return reserved


class Walk:
    """Goes from page to page, and looks at each."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page

    def see(self, step: str) -> None:
        expect_accessible(self.visitor, step, known=DASHBOARD)

    def go(self, step: str, name: str, *arguments: Any, query: str = "") -> None:
        self.page.goto(self.visitor.url(f"vipps_dashboard:{name}", *arguments) + query)
        self.see(step)

    def press(self, step: str, button: str) -> None:
        with self.page.expect_navigation():
            self.page.click(button)
        self.see(step)


def test_everybody_can_use_the_dashboard(meet: Meet, live_shop: Shop, busy: list[Payment]) -> None:
    one, other = busy
    visitor = meet(DESKTOP, device_scale_factor=2)
    visitor.become(Shopper(UserFactory.create(is_staff=True, is_superuser=True)))
    walk = Walk(visitor)

    walk.go("01-list", "payment-list", query="?page=2&sort=-amount")
    wrong = "?q=900&state=lost&date_from=2026-02-02&date_to=2026-01-01"
    walk.go("02-list-wrong-question", "payment-list", query=wrong)
    walk.go("03-none-selected", "payment-capture-selected")
    walk.go("04-selected", "payment-capture-selected", query=f"?payment={one.reference}")
    walk.press("05-captured", "main form button")
    walk.go("06-flagged", "payment-detail", one.reference)
    walk.page.click("details:has(form[action$='/refund/']) > summary")
    walk.page.fill("#id_refund_amount", "999999")
    walk.press("07-refund-too-much", "form[action$='/refund/'] button")
    walk.page.fill("#id_refund_amount", "10")
    with walk.page.expect_navigation():
        walk.page.click("form[action$='/refund/'] button")
    live_shop.simulator.dispute(one.payment_intent_id or "")
    live_shop.simulator.wait_for_deliveries()
    walk.go("08-disputed", "payment-detail", one.reference)

    walk.go("09-reserved", "payment-detail", other.reference)
    walk.page.click("details:has(form[action$='/capture-part/']) > summary")
    walk.page.fill("[id^=id_part_quantity]", "1")
    walk.press("10-part-without-stock", "form[action$='/capture-part/'] button")
    walk.go("11-attention", "attention")
    walk.go("12-events", "event-list")
    failed = EventFactory.create(status="failed", reason="Why", payload={"object": "x" * 500})
    walk.go("13-event", "event-detail", failed.pk)
    week = f"?date_from={timezone.localdate() - timedelta(days=6)}&date_to={timezone.localdate()}"
    walk.go("14-figures", "figures", query=week)
    walk.go("15-figures-of-nothing", "figures", query="?date_from=2024-01-01&date_to=2024-01-02")

    walk.page.goto(visitor.url("dashboard:order-detail", other.order.number))
    expect_accessible(visitor, "16-order", part=".vipps")
