"""Who may open what in the dashboard: every address is tried by people who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from oscar_vipps.dashboard.access import FOR_PARTNERS, NEEDED
from oscar_vipps.models import Flag, Payment, WebhookEvent
from tests.support.factories import PartnerFactory, UserFactory
from tests.support.payment_factories import EventFactory, OrderFactory, PaymentFactory
from tests.support.shopper import Shopper
from tests.support.staff import partner_user, staff

pytestmark = pytest.mark.django_db

CONFIG: Any = apps.get_app_config("vipps_dashboard")
NAMES = [pattern.name for pattern in CONFIG.get_urls()]
#: Those that money moves by.
MONEY = {"payment-capture", "payment-capture-selected", "payment-release", "payment-refund"}
#: Those that only take a POST.
POSTED = MONEY - {"payment-capture-selected"} | {
    "payment-capture-part",
    "payment-refresh",
    "flag-done",
    "event-process",
    "doctor-bundle",
}


@pytest.fixture
def addresses() -> dict[str, str]:
    """Every address of the dashboard, about rows that exist."""
    order = OrderFactory.create(partner=PartnerFactory.create())
    payment = PaymentFactory.create(state="authorized", order=order)
    flag = Flag.objects.create(payment=payment, reason=Flag.Reason.MISMATCH)
    event = EventFactory.create(status="failed")
    found = {}
    for pattern in CONFIG.get_urls():
        of_event = {"pk": event.pk if pattern.name.startswith("event") else flag.pk}
        every = {"reference": payment.reference, **of_event}
        given = {name: every[name] for name in pattern.pattern.converters}
        found[pattern.name] = reverse(f"vipps_dashboard:{pattern.name}", kwargs=given)
    return found


def knock(who: Shopper, address: str) -> set[int]:
    return {who.client.get(address).status_code, who.client.post(address).status_code}


def untouched() -> bool:
    return (
        Payment.objects.get().state == "authorized"
        and Flag.objects.get().resolved_at is None
        and WebhookEvent.objects.get().attempts == 0
    )


def test_every_address_has_its_permissions() -> None:
    assert set(NAMES) == set(NEEDED) == set(CONFIG.permissions_map)
    assert not MONEY & set(FOR_PARTNERS)


def test_staff_without_permissions_get_a_403_from_every_address(addresses: dict[str, str]) -> None:
    nobody = staff()
    for name, address in addresses.items():
        assert knock(nobody, address) == {403}, name
    assert untouched()


@pytest.mark.parametrize("name", NAMES)
def test_all_other_permissions_are_not_enough(addresses: dict[str, str], name: str) -> None:
    every = {code for codes in NEEDED.values() for code in codes}
    for missing in NEEDED[name]:
        almost = staff(*every - {missing})
        assert knock(almost, addresses[name]) == {403}
    assert untouched()


@pytest.mark.parametrize("name", sorted(set(NAMES) - POSTED))
def test_the_permissions_are_enough(addresses: dict[str, str], name: str) -> None:
    assert staff(*NEEDED[name]).client.get(addresses[name]).status_code == 200


@pytest.mark.parametrize("name", sorted(POSTED))
def test_what_changes_something_takes_a_post(addresses: dict[str, str], name: str) -> None:
    somebody = staff(*NEEDED[name])
    for method in ("get", "put", "delete"):
        assert getattr(somebody.client, method)(addresses[name]).status_code == 405
    assert untouched()


def test_customers_and_strangers_open_nothing(addresses: dict[str, str]) -> None:
    customer, stranger = Shopper(UserFactory.create()), Shopper()
    for name, address in addresses.items():
        assert knock(customer, address) == {403}, name
        assert knock(stranger, address) == {302}, name
    assert untouched()


def test_permissions_are_nothing_without_being_staff(addresses: dict[str, str]) -> None:
    user = UserFactory.create(is_staff=False, is_superuser=True)
    every = Shopper(user)
    for name, address in addresses.items():
        assert name in FOR_PARTNERS or knock(every, address) == {403}, name
    assert untouched()


def test_partners_open_what_is_for_them_and_nothing_else(addresses: dict[str, str]) -> None:
    """Even with every permission of this app."""
    every = {code for codes in NEEDED.values() for code in codes}
    somebody = partner_user(PartnerFactory.create(), *every)
    for name, address in addresses.items():
        if name in FOR_PARTNERS:
            assert somebody.client.get(address).status_code == 200, name
        else:
            assert knock(somebody, address) == {403}, name
    assert untouched()


def test_a_partner_without_a_line_in_the_order_sees_nothing_of_it(addresses: dict[str, str]) -> None:
    somebody = partner_user(PartnerFactory.create(code="other"))
    assert somebody.client.get(addresses["payment-detail"]).status_code == 404
    assert list(somebody.client.get(addresses["payment-list"]).context["object_list"]) == []
    assert somebody.client.get(addresses["figures"]).context["total"].begun == 0
