"""How many statements things take: the same whatever the number of lines, and of what is stored."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from oscar_vipps.models import Payment
from tests.support.factories import ProductFactory, UserFactory
from tests.support.fixtures import Shop
from tests.support.payment_factories import EventFactory, PaymentFactory
from tests.support.shopper import Shopper
from tests.support.statements import number_of


def statements(queries: CaptureQueriesContext) -> int:
    return number_of(each["sql"] for each in queries.captured_queries)


def to_deliver(shop: Shop, *types: str) -> list[str]:
    found = {event["type"]: event["id"] for event in shop.simulator.events()}
    return [found[type] for type in types]


def counted(shop: Shop, event: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert shop.post_event(event).status_code == 200
    return statements(queries)


@pytest.mark.parametrize("lines", [1, 7])
def test_an_event_takes_few_statements(shop: Shop, lines: int) -> None:
    """Oscar's own hook for payment events writes a row for each line; we add none."""
    Shopper().go_to_vipps(ProductFactory.create())
    # What is made once for a shop is made.
    shop.simulator.pay(Payment.objects.get().session_id or "")
    shop.deliver()
    payment = Shopper().go_to_vipps(*(ProductFactory.create() for _ in range(lines)))
    shop.simulator.pay(payment.session_id or "")
    succeeded, completed = to_deliver(shop, "payment_intent.succeeded", "checkout.session.completed")
    foreign = to_deliver(shop, "charge.succeeded")[0]
    found = [counted(shop, event) for event in (succeeded, completed, completed, foreign)]
    # Settled with books, status, note and mail; nothing new; a repetition; of no concern.
    assert found == [33 + 2 * lines, 7, 1, 2]


@pytest.mark.parametrize("page", ["payment-list", "attention", "event-list"])
def test_a_page_takes_as_many_for_any_number_of_rows(shop: Shop, page: str) -> None:
    staff = UserFactory.create(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="oscar_vipps"))
    viewer = Shopper(staff)
    address = reverse(f"vipps_dashboard:{page}")

    def fill(number: int) -> None:
        for _ in range(number):
            payment: Any = PaymentFactory.create(state="captured")
            payment.flags.create(reason="mismatch")
            EventFactory.create(payment=payment, status="failed")

    def ask() -> int:
        viewer.open(address)
        with CaptureQueriesContext(connection) as queries:
            assert viewer.open(address).status_code == 200
        return statements(queries)

    fill(2)
    few = ask()
    fill(10)
    assert ask() == few
