"""The place in Oscar's navigation, and the count of what needs attention."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import Tag
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oscar_vipps.dashboard.navigation import PAYMENTS, add_to_navigation
from oscar_vipps.models import Flag
from tests.support.factories import PartnerFactory
from tests.support.payment_factories import EventFactory, PaymentFactory
from tests.support.shopper import Shopper
from tests.support.staff import partner_user, soup, staff

pytestmark = pytest.mark.django_db

SEES_ATTENTION = ("view_payment", "view_flag", "view_webhookevent")


def group(somebody: Shopper) -> Tag | None:
    """Vipps' part of the navigation."""
    # A page that any visitor of the dashboard may open.
    page = soup(somebody.client.get(reverse("vipps_dashboard:figures")))
    groups = page.select(".navbar-primary li.dropdown")
    found = [each for each in groups if "Vipps" in each.a.get_text()]  # type: ignore[union-attr]
    assert len(found) < 2
    return found[0] if found else None


def heading(somebody: Shopper) -> str:
    found = group(somebody)
    assert found is not None
    assert found.a is not None
    return found.a.get_text(" ", strip=True)


def pages(somebody: Shopper) -> list[str]:
    found = group(somebody)
    return [each.get_text(strip=True) for each in found.select(".dropdown-item")] if found else []


def test_each_sees_the_pages_that_are_theirs() -> None:
    assert pages(staff(*SEES_ATTENTION)) == ["Payments", "Needs attention", "Events", "Figures"]
    assert pages(staff(*SEES_ATTENTION, "change_webhookevent"))[-1] == "Doctor"
    assert pages(staff("view_payment")) == ["Payments", "Figures"]
    assert pages(partner_user(PartnerFactory.create())) == ["Payments", "Figures"]


def test_the_count_is_of_open_flags_and_undone_events() -> None:
    somebody = staff(*SEES_ATTENTION)
    assert heading(somebody) == "Vipps"
    payment = PaymentFactory.create()
    Flag.objects.create(payment=payment, reason=Flag.Reason.MISMATCH)
    assert heading(somebody) == "Vipps 1 needs attention"
    Flag.objects.create(payment=payment, reason=Flag.Reason.DISPUTED)
    EventFactory.create(status="failed")
    EventFactory.create(status="ignored")
    assert heading(somebody) == "Vipps 3 need attention"
    Flag.objects.update(resolved_at=timezone.now())
    assert heading(somebody) == "Vipps 1 needs attention"
    assert heading(staff("view_payment")) == "Vipps"


@pytest.mark.parametrize(("codes", "queries"), [(SEES_ATTENTION, 1), (("view_payment",), 0)])
def test_the_count_costs_one_query_where_it_is_shown(codes: tuple[str, ...], queries: int) -> None:
    somebody = staff(*codes)
    for address in (reverse("vipps_dashboard:payment-list"), reverse("vipps_dashboard:figures")):
        with CaptureQueriesContext(connection) as asked:
            somebody.client.get(address)
        counting = [query["sql"] for query in asked if "UNION ALL" in query["sql"]]
        assert len(counting) == queries


def test_the_shop_outside_the_dashboard_counts_nothing() -> None:
    somebody = staff(*SEES_ATTENTION)
    with CaptureQueriesContext(connection) as asked:
        somebody.get("catalogue:index")
    assert [query["sql"] for query in asked if "oscar_vipps" in query["sql"]] == []


def labels(navigation: list[dict[str, Any]]) -> list[str]:
    return [str(each.get("label")) for each in navigation]


def test_the_place_is_behind_oscars_orders() -> None:
    orders = {"label": "Fulfilment", "children": [{"label": "Orders", "url_name": "dashboard:order-list"}]}
    navigation: list[dict[str, Any]] = [
        {"label": "Home", "url_name": "dashboard:index"},
        orders,
        {"label": "Reports"},
    ]
    for _ in range(2):
        add_to_navigation(navigation)
        assert labels(navigation) == ["Home", "Fulfilment", "Vipps", "Vipps", "Reports"]


def test_a_navigation_of_another_kind_gets_it_at_the_end() -> None:
    for navigation, wanted in (([], 2), ([{"label": "Home", "url_name": "dashboard:index"}], 3)):
        found: list[dict[str, Any]] = list(navigation)
        add_to_navigation(found)
        assert (len(found), labels(found)[-1]) == (wanted, "Vipps")


def test_a_shop_that_placed_it_itself_is_left_alone() -> None:
    navigation = [{"label": "Money", "children": [{"label": "Vipps", "url_name": PAYMENTS}]}]
    add_to_navigation(navigation)
    assert len(navigation) == 1
