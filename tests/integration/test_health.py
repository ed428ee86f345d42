"""``vipps/health/``: one word for monitoring, from the database alone."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oscar_vipps.diagnosis import health
from oscar_vipps.models import Payment, Refund, WebhookEvent
from tests.support.fixtures import Shop
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper

HOUR = timedelta(hours=1)


def ask(**more: Any) -> tuple[int, str]:
    response = Client().get("/vipps/health/", **more)
    assert response["Content-Type"].startswith("text/plain")
    assert "no-store" in response["Cache-Control"]
    return response.status_code, response.content.decode()


OK, NOT_OK = (200, "ok"), (503, "not ok")


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """Open, for an hour, and nobody asked Stripe."""
    payment = shopper.go_to_vipps(product)
    let_time_pass(payment)
    Payment.objects.update(updated_at=timezone.now() - HOUR)
    return payment


@pytest.mark.django_db
def test_a_shop_in_which_nothing_happens_is_well() -> None:
    assert reverse("vipps:health") == "/vipps/health/"
    assert ask() == OK


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "minutes", "expected"),
    [
        ("failed", 16, NOT_OK),
        ("failed", 14, OK),
        ("received", 16, NOT_OK),
        ("received", 14, OK),
        ("processed", 600, OK),
        ("ignored", 600, OK),
    ],
)
def test_an_event_that_waits_for_too_long_is_not(
    status: str, minutes: int, expected: tuple[int, str]
) -> None:
    WebhookEvent.objects.create(event_id="evt_1", type="x", livemode=False, payload={}, status=status)
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(minutes=minutes))
    assert ask() == expected


def test_nor_is_a_payment_that_the_reconciler_should_have_looked_at(payment: Payment) -> None:
    assert ask() == NOT_OK
    Payment.objects.update(checked_at=timezone.now() - timedelta(minutes=10))
    assert ask() == OK


def test_what_has_only_just_become_due_is_not_overdue(payment: Payment) -> None:
    """A refund of an old payment, that nobody had to look at for weeks."""
    Payment.objects.update(
        state="captured",
        amount_authorized=payment.amount,
        amount_captured=payment.amount,
        confirmation_sent_at=timezone.now(),
    )
    assert ask() == OK
    refund = Refund.objects.create(payment=payment, amount=100, status="pending")
    assert ask() == OK
    Refund.objects.filter(pk=refund.pk).update(updated_at=timezone.now() - HOUR)
    assert ask() == NOT_OK


def test_it_takes_two_queries_and_no_call(
    payment: Payment, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("nobody is to be called")

    Payment.objects.update(checked_at=timezone.now())
    if connection.vendor == "sqlite":  # other databases are reached through a socket
        monkeypatch.setattr(socket.socket, "connect", refuse)
    with django_assert_max_num_queries(2):
        assert ask() == OK


@pytest.mark.django_db
def test_settings_that_cannot_be_used_are_not_well(settings: Any) -> None:
    settings.OSCAR_VIPPS = {"SECRET_KEY": 1}
    assert ask() == NOT_OK


def test_without_a_database_it_answers_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(now: object) -> None:
        raise OperationalError("secret words")

    monkeypatch.setattr(health, "unprocessed_events", gone)
    assert ask() == NOT_OK


@pytest.mark.django_db
def test_it_only_answers_questions() -> None:
    assert Client().post("/vipps/health/").status_code == 405
    assert Client().head("/vipps/health/").status_code == 200
