"""Oscar's own page of an order in the dashboard: how its payment stands, and what can be done, for shops that
never leave it.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from oscar.core.loading import get_model

from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from tests.integration.stripe_says import paid
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper
from tests.support.staff import soup, text_of

ACTIONS = {"capture", "capture-part", "release", "refund", "refresh"}


@pytest.fixture
def reserved(shop: Shop, shopper: Shopper, product: Any, settings: Any) -> Payment:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payment = shopper.go_to_vipps(product)
    return settle(payment.pk, paid(shop, payment))


@pytest.fixture
def captured(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    payment = shopper.go_to_vipps(product)
    return settle(payment.pk, paid(shop, payment))


def somebody(*codes: str) -> Shopper:
    """A member of staff who may see orders, and do just that with payments."""
    user = UserFactory.create(is_staff=True)
    ours = Permission.objects.filter(codename__in=codes, content_type__app_label="oscar_vipps")
    assert ours.count() == len(codes)
    user.user_permissions.set([*ours, *Permission.objects.filter(content_type__app_label="order")])
    return Shopper(user)


@pytest.fixture
def everything() -> Shopper:
    return Shopper(UserFactory.create(is_staff=True, is_superuser=True))


def address(payment: Payment) -> str:
    return reverse("dashboard:order-detail", kwargs={"number": payment.order.number})


def order_page(staff: Shopper, payment: Payment) -> Any:
    response = staff.client.get(address(payment))
    assert response.status_code == 200
    return response


def offered(staff: Shopper, payment: Payment) -> set[str]:
    forms = soup(order_page(staff, payment)).select("form[action]")
    return {str(form["action"]).rstrip("/").rpartition("/")[2] for form in forms} & ACTIONS


def headings(page: Any) -> list[str]:
    return [heading.get_text(strip=True) for heading in soup(page).select("h2")]


def filled_in(staff: Shopper, page: Any, action: str, **more: str) -> Any:
    """The page's form for this, sent as it stands there, with what is filled in."""
    form = soup(page).select_one(f"form[action$='/{action}/']")
    assert form
    fields = {str(field["name"]): str(field.get("value", "")) for field in form.select("input[type=hidden]")}
    return staff.client.post(str(form["action"]), {**fields, **more}, follow=True)


def test_the_order_shows_its_payment(captured: Payment, everything: Shopper) -> None:
    page = order_page(everything, captured)
    assert "Vipps payment" in headings(page)
    assert "The shop has NOK249.00" in text_of(page)


def test_it_offers_what_makes_sense(reserved: Payment, everything: Shopper) -> None:
    assert offered(everything, reserved) == {"capture", "capture-part", "release", "refresh"}
    filled_in(everything, order_page(everything, reserved), "capture")
    assert offered(everything, reserved) == {"refund", "refresh"}


@pytest.mark.parametrize(
    ("codes", "actions"),
    [
        (["view_payment"], {"refresh"}),
        (["view_payment", "capture_payment"], {"refresh", "capture"}),
        (["view_payment", "cancel_payment"], {"refresh", "release"}),
        (["view_payment", "capture_payment", "refund_payment"], {"refresh", "capture", "capture-part"}),
        (["capture_payment", "cancel_payment"], set()),
    ],
)
def test_it_offers_to_each_what_they_may(reserved: Payment, codes: list[str], actions: set[str]) -> None:
    assert offered(somebody(*codes), reserved) == actions


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("capture", "The money is captured."),
        ("release", "The reservation is released."),
        ("refresh", "This is what Stripe says now."),
    ],
)
def test_whoever_acts_there_stays_there(
    reserved: Payment, everything: Shopper, action: str, said: str
) -> None:
    response = filled_in(everything, order_page(everything, reserved), action)
    assert response.redirect_chain == [(address(reserved), 303)]
    assert [str(message) for message in response.context["messages"]] == [said]


def test_a_refund_that_was_filled_in_wrongly_is_put_right_and_leads_back(
    captured: Payment, everything: Shopper
) -> None:
    wrong = filled_in(everything, order_page(everything, captured), "refund", amount="300")
    assert wrong.status_code == 400
    assert "No more than NOK249.00 can be refunded." in text_of(wrong)
    # What is wrong is seen at once.
    form = soup(wrong).select_one("form[action$='/refund/']")
    assert form
    assert form.parent
    assert form.parent.has_attr("open")
    right = filled_in(everything, wrong, "refund", amount="30")
    assert right.redirect_chain == [(address(captured), 303)]
    captured.refresh_from_db()
    assert captured.amount_refunded == 3000


def test_it_leads_nowhere_else(captured: Payment, everything: Shopper) -> None:
    """The form names a page of ours, and no address."""
    refresh = reverse("vipps_dashboard:payment-refresh", args=[captured.reference])
    for page in ("https://example.com/", "//example.com", "/", "list"):
        response = everything.client.post(refresh, {"back_to": page})
        assert response["Location"] == reverse("vipps_dashboard:payment-detail", args=[captured.reference])


def test_an_order_that_is_paid_otherwise_shows_none(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, everything: Shopper
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "OTHER_METHODS": ["shop.invoice.Invoice"]}
    shopper.order(product, method="invoice")
    number = get_model("order", "Order").objects.get().number
    response = everything.client.get(reverse("dashboard:order-detail", kwargs={"number": number}))
    assert response.status_code == 200
    assert "Vipps payment" not in headings(response)


def test_staff_who_may_not_see_payments_see_the_order_alone(captured: Payment) -> None:
    assert "The shop has" not in text_of(order_page(somebody(), captured))


def test_the_dashboard_goes_on_where_the_addresses_are_forgotten(
    captured: Payment, everything: Shopper, settings: Any
) -> None:
    """A system check says what is missing; Oscar's own pages don't fail for it."""
    settings.ROOT_URLCONF = "tests.projects.oscar_alone.urls"
    assert "Needs attention" not in text_of(everything.get("dashboard:index"))
    page = order_page(everything, captured)
    assert "The shop has NOK249.00" in text_of(page)
    assert not soup(page).select("form[action*=vipps]")
