"""The payment's page in Oscar's dashboard: staff capture, release, refund and ask Stripe, each with its own
permission, each once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.urls import reverse

from oscar_vipps.models import Payment, new_reference
from oscar_vipps.payments.settlement import settle
from tests.integration.books import books, differences, mails
from tests.integration.stripe_says import paid
from tests.support.customer import EMAIL
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

PRICE, NOTHING = Decimal("249.00"), Decimal(0)
ACTIONS = ("capture", "release", "refund", "refresh")


def somebody(*codes: str) -> Shopper:
    """A member of staff who may do just that."""
    user = UserFactory.create(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=codes, content_type__app_label="oscar_vipps")
    )
    return Shopper(user)


@pytest.fixture
def staff(shop: Shop) -> Shopper:
    return somebody("view_payment", "capture_payment", "refund_payment", "cancel_payment")


@pytest.fixture
def reserved(shop: Shop, shopper: Shopper, product: Any, settings: Any) -> Payment:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual", "MAX_NETWORK_RETRIES": 0}
    payment = shopper.go_to_vipps(product)
    return settle(payment.pk, paid(shop, payment))


@pytest.fixture
def captured(shop: Shop, shopper: Shopper, product: Any, settings: Any) -> Payment:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0}
    payment = shopper.go_to_vipps(product)
    return settle(payment.pk, paid(shop, payment))


def page(staff: Shopper, payment: Payment) -> BeautifulSoup:
    response = staff.get("vipps_dashboard:payment-detail", payment.reference)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def press(staff: Shopper, payment: Payment, action: str, **data: Any) -> list[str]:
    """What the page says after the button was pressed."""
    address = reverse(f"vipps_dashboard:payment-{action}", args=[payment.reference])
    response = staff.client.post(address, data, follow=True)
    assert response.redirect_chain == [
        (reverse("vipps_dashboard:payment-detail", args=[payment.reference]), 303)
    ]
    return [str(message) for message in response.context["messages"]]


def offered(staff: Shopper, payment: Payment) -> set[str]:
    forms = page(staff, payment).find_all("form", action=True)
    names = {str(form["action"]).rstrip("/").rpartition("/")[2] for form in forms}
    return names & set(ACTIONS)


def test_the_page_tells_the_story(shop: Shop, captured: Payment, staff: Shopper) -> None:
    shop.deliver()
    text = page(staff, captured).get_text(" ", strip=True)
    for words in (
        f"Vipps payment of order {captured.order.number}",
        "The order was placed.",
        "Stripe: the money is captured. (Processed)",
        "Order status: Pending → Paid",
        "Vipps: NOK 249.00 is paid.",
        "The confirmation was sent to the shopper.",
    ):
        assert words in text
    link = page(staff, captured).find("a", string="The payment in Stripe's Dashboard")
    assert link is not None
    assert link["href"] == f"https://dashboard.stripe.com/test/payments/{captured.payment_intent_id}"


def test_what_is_reserved_is_captured(shop: Shop, reserved: Payment, staff: Shopper) -> None:
    assert offered(staff, reserved) == {"capture", "release", "refresh"}
    assert reserved.capture_before is not None
    assert press(staff, reserved, "capture") == ["The money is captured."]
    found = books(reserved)
    assert (found["payment"]["state"], found["status"]) == ("captured", "Paid")
    assert found["source"] == (PRICE, PRICE, NOTHING)
    notes = reserved.order.notes.filter(user=staff.user)
    assert [note.message for note in notes] == ["Vipps: asked Stripe to capture NOK 249.00."]
    shop.deliver()
    assert differences(found, books(reserved)) == {}
    assert press(staff, reserved, "capture") == ["Nothing is reserved that could be captured."]
    assert mails() == [EMAIL]


def test_a_reservation_is_released(shop: Shop, reserved: Payment, staff: Shopper) -> None:
    assert press(staff, reserved, "release") == ["The reservation is released."]
    found = books(reserved)
    assert (found["payment"]["state"], found["status"]) == ("cancelled", "Cancelled")
    assert found["lines"] == [(1, 0, (10, 0))]
    assert press(staff, reserved, "release") == ["Nothing is reserved that could be released."]


def test_a_reservation_that_ran_out_cannot_be_captured(shop: Shop, reserved: Payment, staff: Shopper) -> None:
    """Field failures 20 and 21: what is shown is what Stripe confirmed."""
    shop.simulator.advance(8 * 24 * 3600)
    assert press(staff, reserved, "capture") == ["The money could not be captured: the reservation is gone."]
    assert books(reserved)["payment"]["state"] == "cancelled"


@pytest.mark.parametrize("action", ["capture", "release"])
def test_stripe_does_not_answer(shop: Shop, reserved: Payment, staff: Shopper, action: str) -> None:
    """Field failure 21."""
    shop.simulator.fault("error", "/v1/", status=503)
    [told] = press(staff, reserved, action)
    assert told.startswith("Stripe can't be reached")
    assert books(reserved)["payment"]["state"] == "authorized"


def test_a_refund_in_parts(shop: Shop, captured: Payment, staff: Shopper) -> None:
    assert offered(staff, captured) == {"refund", "refresh"}
    assert press(staff, captured, "refund", amount="100.00", reference=new_reference()) == [
        "Refund: Refunded."
    ]
    [refund] = captured.refunds.all()
    assert (refund.amount, refund.requested_by) == (10000, staff.user)
    assert books(captured)["status"] == "Partly refunded"
    assert "At most" in page(staff, captured).get_text()
    press(staff, captured, "refund", amount="149.00", reference=new_reference())
    shop.deliver()
    assert books(captured)["status"] == "Refunded"
    assert books(captured)["source"] == (PRICE, PRICE, PRICE)
    assert offered(staff, captured) == {"refresh"}


def test_a_button_that_is_pressed_twice_refunds_once(shop: Shop, captured: Payment, staff: Shopper) -> None:
    """Field failure 15."""
    form = page(staff, captured).find("input", attrs={"name": "reference"})
    assert form is not None
    for _ in range(2):
        press(staff, captured, "refund", amount="100.00", reference=form["value"])
    assert [refund["amount"] for refund in shop.simulator.state()["refunds"]] == [10000]


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("0", "greater than or equal to 0.01"),
        ("-5", "greater than or equal to 0.01"),
        ("", "Say how much, or which goods."),
        ("x", "Enter a number"),
        ("NaN", "Enter a number"),
        ("1.005", "2 decimal places"),
        ("249.01", "can be refunded"),
        ("1e9", "can be refunded"),
    ],
)
def test_an_amount_that_cannot_be_refunded(
    shop: Shop, captured: Payment, staff: Shopper, amount: str, told: str
) -> None:
    """Field failure 19."""
    said = refused(staff, captured, "refund", amount=amount, reference=new_reference())
    assert told in said.get_text()
    # What was typed is there still.
    field = said.find("input", attrs={"name": "amount"})
    assert field is not None
    assert field.get("value", "") == amount
    assert (captured.refunds.count(), shop.simulator.state()["refunds"]) == (0, [])


def refused(staff: Shopper, payment: Payment, action: str, **data: Any) -> BeautifulSoup:
    """The page with a form that wasn't taken."""
    address = reverse(f"vipps_dashboard:payment-{action}", args=[payment.reference])
    response = staff.client.post(address, data)
    assert response.status_code == 400
    return BeautifulSoup(response.content, "html.parser")


def test_goods_are_refunded_and_whether_they_come_back_is_asked(
    shop: Shop, captured: Payment, staff: Shopper
) -> None:
    name = f"quantity_{captured.order.lines.get().pk}"
    form: dict[str, Any] = {name: "1", "reason": "duplicate", "reference": new_reference()}
    assert "Say whether the goods go back in stock." in refused(staff, captured, "refund", **form).get_text()
    for _ in range(2):
        press(staff, captured, "refund", returns_stock="yes", **form)
    refund = captured.refunds.get()
    assert (refund.amount, refund.reason, refund.returns_stock) == (24900, "duplicate", True)
    assert [each.quantity for each in refund.lines.all()] == [1]
    assert "back in stock" in page(staff, captured).get_text()
    more = {name: "2", "returns_stock": "no", "reference": new_reference()}
    refused(staff, captured, "refund", **more)
    assert captured.refunds.count() == 1


def test_what_is_not_sent_is_refunded_at_once(shop: Shop, reserved: Payment, staff: Shopper) -> None:
    form = {"amount": "49.00", "reference": new_reference()}
    for _ in range(2):
        told = press(staff, reserved, "capture-part", **form)
        assert told == ["The money is captured. Refund: Refunded."]
    assert books(reserved)["source"] == (PRICE, PRICE, Decimal("49.00"))
    assert books(reserved)["status"] == "Partly refunded"
    notes = [note for note, _kind in books(reserved)["notes"]]
    assert "Vipps: asked Stripe to capture the whole, and to refund NOK 49.00 of it." in notes


def test_not_all_of_it_is_refunded_at_once(shop: Shop, reserved: Payment, staff: Shopper) -> None:
    refused(staff, reserved, "capture-part", amount="249.00", reference=new_reference())
    assert Payment.objects.get().state == "authorized"


def test_a_reservation_that_is_gone_refunds_nothing(shop: Shop, reserved: Payment, staff: Shopper) -> None:
    shop.simulator.expire_hold(reserved.payment_intent_id or "")
    form = {"amount": "49.00", "reference": new_reference()}
    assert press(staff, reserved, "capture-part", **form) == [
        "The money could not be captured: the reservation is gone."
    ]
    assert (reserved.refunds.get().status, shop.simulator.state()["refunds"]) == ("cancelled", [])


def test_nothing_is_refunded_while_the_bank_decides(shop: Shop, captured: Payment, staff: Shopper) -> None:
    opened = {"amount": "49.00", "reference": new_reference()}
    shop.simulator.dispute(captured.payment_intent_id or "")
    shop.deliver()
    assert offered(staff, captured) == {"refresh"}
    assert "while the shopper's bank disputes" in page(staff, captured).get_text()
    refused(staff, captured, "refund", **opened)
    assert not captured.refunds.exists()


def test_a_refund_of_which_stripe_said_nothing_is_kept(shop: Shop, captured: Payment, staff: Shopper) -> None:
    shop.simulator.fault("error", "/v1/refunds", "POST", status=503)
    [told] = press(staff, captured, "refund", amount="100.00", reference=new_reference())
    assert told.startswith("Stripe can't be reached")
    assert captured.refunds.get().status == "requested"
    assert "To be sent" in page(staff, captured).get_text()


def test_asking_stripe(shop: Shop, shopper: Shopper, product: Any, staff: Shopper) -> None:
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    assert press(staff, payment, "refresh") == ["This is what Stripe says now."]
    assert books(payment)["status"] == "Paid"


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_needs_its_permission(shop: Shop, reserved: Payment, action: str) -> None:
    codes = {"capture": "capture", "release": "cancel", "refund": "refund", "refresh": "view"}
    others = {f"{code}_payment" for name, code in codes.items() if name != action}
    address = reverse(f"vipps_dashboard:payment-{action}", args=[reserved.reference])
    before = books(reserved)
    for who in (Shopper(), Shopper(UserFactory.create()), somebody(*others)):
        assert who.client.post(address).status_code in (302, 403)
    assert somebody(*others).client.post(address).status_code == 403
    assert somebody("view_payment", "capture_payment").client.get(address).status_code in (403, 405)
    assert differences(before, books(reserved)) == {}


def test_only_what_a_person_may_do_is_offered(shop: Shop, reserved: Payment) -> None:
    assert offered(somebody("view_payment"), reserved) == {"refresh"}
    assert offered(somebody("view_payment", "cancel_payment"), reserved) == {"release", "refresh"}


def test_a_payment_that_does_not_exist(shop: Shop, staff: Shopper) -> None:
    for action in ("detail", *ACTIONS):
        address = reverse(f"vipps_dashboard:payment-{action}", args=["nowhere"])
        answer = staff.client.get(address) if action == "detail" else staff.client.post(address)
        assert answer.status_code == 404
