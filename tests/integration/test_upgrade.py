"""The tables' first version with payments in it, brought to today's: on whichever database the tests run."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.apps import apps as django_apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils import timezone

from oscar_vipps.models import Flag, Payment, WebhookEvent
from oscar_vipps.payments import operations, reconcile, refunds
from oscar_vipps.payments.settlement import settle
from tests.integration.books import books, mails
from tests.integration.stripe_says import paid
from tests.support.fixtures import Shop
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper
from tests.support.staff import staff, text_of

APP = "oscar_vipps"
FIRST = "0001_payments_and_events"

Rows = dict[str, list[dict[str, Any]]]
#: In the order in which they can be deleted.
TABLES = ("flag", "webhookevent", "payment")
#: What they have in addition today, and what it is in an old row.
ADDED: dict[str, dict[str, Any]] = {
    "flag": {},
    "webhookevent": {"payment_intent_id": ""},
    "payment": {"amount_disputed": 0, "checked_at": None, "payment_intent_created_at": None},
}


def migrate(name: str | None = None) -> Any:
    """Bring this app's tables to that migration, or to the newest; the apps as they were then."""
    executor = MigrationExecutor(connection)
    if name is None:
        executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == APP])
        return django_apps
    return executor.migrate([(APP, name)]).apps


def rows_of(apps: Any) -> Rows:
    """All that is in the tables that the first version had."""
    return {name: list(apps.get_model(APP, name).objects.order_by("pk").values()) for name in TABLES}


def of_first(rows: Rows, first: Rows) -> Rows:
    """Of the newer rows, what the first version has, too."""
    return {
        name: [
            {key: value for key, value in row.items() if key in old}
            for row, old in zip(rows[name], first[name], strict=True)
        ]
        for name in TABLES
    }


@pytest.fixture
def tables(transactional_db: None) -> Iterator[None]:
    """Today's again afterwards, whatever happened."""
    if APP not in MigrationExecutor(connection).loader.migrated_apps:
        pytest.skip("the tables were made without migrations (--no-migrations)")
    yield
    migrate()


@pytest.fixture
def payments(tables: None, shop: Shop, product: Any, settings: Any) -> dict[str, Payment]:
    """One in each state, bought and told by Stripe; each with its session there."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0}
    found = {}
    for state in ("open", "captured", "cancelled", "expired"):
        found[state] = Shopper().go_to_vipps(product)
    shop.simulator.pay(found["captured"].session_id or "")
    operations.cancel(found["cancelled"])
    # Nobody told of it yet.
    shop.simulator.pay(found["expired"].session_id or "", "fail")
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    found["authorized"] = Shopper().go_to_vipps(product)
    shop.simulator.pay(found["authorized"].session_id or "")
    shop.deliver()
    Payment.objects.filter(pk=found["expired"].pk).update(state="expired")
    Shopper().order(product)
    found["created"] = Payment.objects.latest("pk")
    for state, payment in found.items():
        payment.refresh_from_db()
        assert payment.state == state
    # One event whose processing failed, one that nobody began, one that nothing came of.
    for number, status in enumerate(("failed", "received", "ignored")):
        event = WebhookEvent.objects.filter(type__startswith="payment_intent").order_by("pk")[number]
        WebhookEvent.objects.filter(pk=event.pk).update(status=status, reason="Why")
    Flag.objects.create(payment=found["expired"], reason="late_payment", detail="NOK 249.00")
    Flag.objects.create(
        payment=found["open"], reason="mismatch", detail="amount\nsite", resolved_at=timezone.now()
    )
    return found


@pytest.fixture
def upgraded(payments: dict[str, Payment]) -> tuple[dict[str, Payment], Rows]:
    """The same rows, written when the tables were of the first version, and upgraded; and how they were."""
    apps = migrate(FIRST)
    first = rows_of(apps)
    for name in TABLES:
        apps.get_model(APP, name).objects.all().delete()
    for name in reversed(TABLES):
        model = apps.get_model(APP, name)
        for row in first[name]:
            pk = model.objects.create(**row).pk
            # Moments that are set by themselves, too.
            model.objects.filter(pk=pk).update(**row)
    assert rows_of(apps) == first
    migrate()
    for payment in payments.values():
        payment.refresh_from_db()
    return payments, first


def test_all_rows_are_there_forward_back_and_forward_again(
    upgraded: tuple[dict[str, Payment], Rows],
) -> None:
    _payments, first = upgraded
    assert {row["state"] for row in first["payment"]} == set(Payment.State.values)
    assert {row["status"] for row in first["webhookevent"]} == set(WebhookEvent.Status.values)
    newest = rows_of(django_apps)
    assert of_first(newest, first) == first
    for name, added in ADDED.items():
        for row, old in zip(newest[name], first[name], strict=True):
            assert {key: row[key] for key in row.keys() - old.keys()} == added
    assert rows_of(migrate(FIRST)) == first
    migrate()
    assert rows_of(django_apps) == newest
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, Payment._meta.db_table)
    assert {constraint.name for constraint in Payment._meta.constraints} <= set(constraints)


def pay(shop: Shop, payment: Payment) -> None:
    assert settle(payment.pk, paid(shop, payment)).state == "captured"


def refund(shop: Shop, payment: Payment) -> None:
    payment = refunds.send(refunds.request_refund(payment, refunds.Wish(10000)))
    assert (payment.amount_refunded, books(payment)["source"][2]) == (10000, Decimal("100.00"))


def capture(shop: Shop, payment: Payment) -> None:
    assert operations.capture(payment).state == "captured"


def dispute(shop: Shop, payment: Payment) -> None:
    shop.simulator.dispute(payment.payment_intent_id or "", amount=14900)
    shop.deliver()
    payment.refresh_from_db()
    assert (payment.amount_disputed, payment.order.status) == (14900, "Disputed")


def test_todays_code_goes_on_with_them(shop: Shop, upgraded: tuple[dict[str, Payment], Rows]) -> None:
    payments, _first = upgraded
    viewer = staff("view_payment", "view_webhookevent", "view_flag")
    listed = text_of(viewer.client.get(reverse("vipps_dashboard:payment-list")))
    assert [payment for payment in payments.values() if payment.order.number not in listed] == []
    for payment in payments.values():
        page = viewer.client.get(reverse("vipps_dashboard:payment-detail", args=[payment.reference]))
        assert page.status_code == 200
    assert viewer.client.get(reverse("vipps_dashboard:attention")).status_code == 200
    told = len(mails())
    for payment in payments.values():
        let_time_pass(payment, reconcile.RESERVED_QUIET)
    out = StringIO()
    call_command("vipps_reconcile", stdout=out, stderr=out)
    assert "0 failed" in out.getvalue()
    assert not WebhookEvent.objects.exclude(status__in=["processed", "ignored"]).exists()
    # Nobody is told twice.
    assert len(mails()) == told
    reserved = payments["authorized"]
    reserved.refresh_from_db()
    # Which the first version didn't know.
    assert reserved.capture_before is not None

    refund(shop, payments["captured"])
    dispute(shop, payments["captured"])
    capture(shop, reserved)
    pay(shop, payments["open"])
