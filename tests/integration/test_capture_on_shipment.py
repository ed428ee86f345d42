"""Goods that leave are paid for first; where that fails, Oscar says why and marks nothing as sent.

Field failures 18 (changing a status should have moved money, and did not) and 20 (goods shipped unpaid).
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from oscar.core.loading import get_class, get_model

from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from oscar_vipps.payments.shipping import NotCaptured
from tests.integration.books import books
from tests.integration.stripe_says import paid
from tests.support.factories import ProductFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

EventHandler = get_class("order.processing", "EventHandler")
Order = get_model("order", "Order")
ShippingEvent = get_model("order", "ShippingEvent")
ShippingEventType = get_model("order", "ShippingEventType")

FAULTS = {
    "unreachable": "nothing was captured, for Stripe can't be reached",
    "gone": "the reservation is gone, and nothing was captured",
}


@pytest.fixture
def reserved(shop: Shop, shopper: Shopper, product: Any, settings: Any) -> Payment:
    """Three of one product and one of another, reserved."""
    settings.OSCAR_VIPPS = {
        **settings.OSCAR_VIPPS,
        "CAPTURE": "on_shipment",
        "CAPTURE_STATUSES": ["Packed"],
        "MAX_NETWORK_RETRIES": 0,
    }
    shopper.add(product, quantity=3)
    shopper.order(ProductFactory.create(title="Kettle"))
    payment = Payment.objects.get()
    shopper.visit(payment, "pay")
    payment.refresh_from_db()
    return settle(payment.pk, paid(shop, payment))


@pytest.fixture
def shipped() -> Any:
    return ShippingEventType.objects.create(name="Shipped")


def state(payment: Payment) -> tuple[str, str]:
    return Payment.objects.get(pk=payment.pk).state, books(payment)["status"]


def break_stripe(shop: Shop, payment: Payment, fault: str) -> None:
    if fault == "gone":
        shop.simulator.expire_hold(payment.payment_intent_id or "")
    else:
        shop.simulator.fault("error", f"/v1/payment_intents/{payment.payment_intent_id}/capture", status=503)


def ship(payment: Payment, event_type: Any, *quantities: int) -> Any:
    lines = list(payment.order.lines.order_by("pk"))
    chosen = [(line, quantity) for line, quantity in zip(lines, quantities) if quantity]
    return EventHandler().handle_shipping_event(payment.order, event_type, *map(list, zip(*chosen)))


def test_the_event_that_covers_the_last_lines_captures(reserved: Payment, shipped: Any) -> None:
    """Field failure 18."""
    for quantities in ((1, 1), (1, 0)):
        ship(reserved, shipped, *quantities)
        assert state(reserved) == ("authorized", "Reserved")
    ship(reserved, shipped, 1, 0)
    assert state(reserved) == ("captured", "Paid")
    assert ShippingEvent.objects.count() == 3


def test_only_the_events_that_the_shop_names(reserved: Payment, settings: Any) -> None:
    packed = ShippingEventType.objects.create(name="Packed")
    ship(reserved, packed, 3, 1)
    assert state(reserved) == ("authorized", "Reserved")
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE_SHIPPING_EVENTS": ["sendt"]}
    ship(reserved, ShippingEventType.objects.create(name="Shipped"), 3, 1)
    assert state(reserved) == ("authorized", "Reserved")
    ship(reserved, ShippingEventType.objects.create(name="Sendt"), 3, 1)
    assert state(reserved) == ("captured", "Paid")


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_sent_where_capture_fails(shop: Shop, reserved: Payment, shipped: Any, fault: str) -> None:
    """Field failure 20."""
    ship(reserved, shipped, 2, 1)
    break_stripe(shop, reserved, fault)
    with pytest.raises(NotCaptured, match=FAULTS[fault]):
        ship(reserved, shipped, 1, 0)
    assert ShippingEvent.objects.count() == 1
    assert state(reserved)[0] == ("cancelled" if fault == "gone" else "authorized")


def test_a_status_that_the_shop_names_captures(reserved: Payment) -> None:
    """Field failure 18."""
    order = Order.objects.get(pk=reserved.order_id)
    order.set_status("Packed")
    assert state(reserved) == ("captured", "Packed")
    assert [new for _old, new in books(reserved)["history"]] == ["Reserved", "Paid", "Packed"]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_status_stays_where_capture_fails(shop: Shop, reserved: Payment, fault: str) -> None:
    """Field failure 20."""
    break_stripe(shop, reserved, fault)
    order = Order.objects.get(pk=reserved.order_id)
    with pytest.raises(NotCaptured, match=FAULTS[fault]):
        order.set_status("Packed")
    assert state(reserved)[1] == ("Cancelled" if fault == "gone" else "Reserved")


def test_what_else_is_saved_of_an_order_captures_nothing(
    shop: Shop, reserved: Payment, settings: Any
) -> None:
    Order.objects.filter(pk=reserved.order_id).update(status="Packed")
    order = Order.objects.get(pk=reserved.order_id)
    order.guest_email = "ola@example.com"
    order.save()
    assert Payment.objects.get().state == "authorized"


def test_a_wrong_setting_hinders_no_order(reserved: Payment, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE_STATUSES": "Packed", "TIMEOUT": -1}
    order = Order.objects.get(pk=reserved.order_id)
    order.guest_email = "ola@example.com"
    order.save()
    assert Payment.objects.get().state == "authorized"


@pytest.fixture
def staff(client: Any) -> Any:
    user = get_user_model().objects.create_superuser("kasse", "kasse@butikk.example", "pass")
    client.force_login(user)
    return client


def told(staff: Any, reserved: Payment, data: dict[str, Any]) -> str:
    """What Oscar's own page of the order says."""
    address = reverse("dashboard:order-detail", args=[reserved.order.number])
    response = staff.post(address, data, follow=True)
    assert response.status_code == 200
    return " ".join(str(message) for message in response.context["messages"])


@pytest.mark.parametrize("fault", FAULTS)
def test_staff_read_why_in_oscars_dashboard(
    shop: Shop, reserved: Payment, shipped: Any, staff: Any, fault: str
) -> None:
    break_stripe(shop, reserved, fault)
    status = {"order_action": "change_order_status", "new_status": "Packed"}
    if fault == "unreachable":
        assert FAULTS[fault] in told(staff, reserved, status)
        assert state(reserved) == ("authorized", "Reserved")
        break_stripe(shop, reserved, fault)
    lines = list(reserved.order.lines.all())
    event = {f"selected_line_qty_{line.pk}": line.quantity for line in lines}
    event |= {"line_action": "create_shipping_event", "shipping_event_type": shipped.code, "reference": ""}
    event["selected_line"] = [line.pk for line in lines]
    assert FAULTS[fault] in told(staff, reserved, event)
    assert not ShippingEvent.objects.exists()
