"""When an event's processing fails, when events come oddly, and when the shopper never comes back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.signals import post_save
from oscar.apps.order.signals import order_status_changed
from oscar.core.loading import get_model

from oscar_vipps.models import Payment, WebhookEvent
from tests.integration.books import books, mails
from tests.support.customer import EMAIL
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper
from tests.support.threads import at_once

OrderNote = get_model("order", "OrderNote")

PAID = "payment_intent.succeeded"
COMPLETED = "checkout.session.completed"


def stored() -> list[tuple[str, str, int]]:
    return list(WebhookEvent.objects.order_by("pk").values_list("type", "status", "attempts"))


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """Paid at Stripe, and nobody here knows it yet."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    return payment


@contextmanager
def failing(order: Any, times: int = 1) -> Iterator[None]:
    """The shop's own code fails when a note is written on the order; the books are written already then."""
    left = [RuntimeError(f"can't tell {EMAIL}")] * times

    def fail(instance: Any, **kwargs: Any) -> None:
        if instance.order_id == order.pk and left:
            raise left.pop()

    post_save.connect(fail, sender=OrderNote)
    try:
        yield
    finally:
        post_save.disconnect(fail, sender=OrderNote)


def test_an_event_that_fails_is_kept_and_leaves_nothing_half_done(
    shop: Shop, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    before = books(payment)
    with failing(payment.order):
        [failed] = shop.deliver(PAID)
        assert (failed.status_code, books(payment), mails()) == (500, before, [])
        row = WebhookEvent.objects.get()
        assert (row.status, row.attempts) == ("failed", 1)
        # What and where, but not in the error's words, in which anything may stand.
        assert row.reason.startswith("RuntimeError in ")
        assert EMAIL not in row.reason
        errors = [each for each in caplog.records if each.levelno >= logging.ERROR]
        assert [getattr(each, "event_id", "") for each in errors if each.name == "oscar_vipps"] == [
            row.event_id
        ]

        [again] = shop.deliver(PAID)
    assert again.status_code == 200
    row.refresh_from_db()
    assert (row.status, row.reason, row.attempts, row.payment) == ("processed", "", 2, payment)
    found = books(payment)
    assert (found["history"], len(found["transactions"]), mails()) == ([("Pending", "Paid")], 2, [EMAIL])


def test_an_event_that_can_not_be_marked_as_processed_has_no_effect(shop: Shop, payment: Payment) -> None:
    """Either both are in the database or neither: its effects, and that they were brought about."""
    left = [RuntimeError("no room")]

    def fail(instance: WebhookEvent, **kwargs: Any) -> None:
        if instance.status == WebhookEvent.Status.PROCESSED and left:
            raise left.pop()

    before = books(payment)
    post_save.connect(fail, sender=WebhookEvent)
    try:
        assert [each.status_code for each in shop.deliver(PAID)] == [500]
        assert (stored(), books(payment), mails()) == ([(PAID, "failed", 1)], before, [])
        assert [each.status_code for each in shop.deliver(PAID)] == [200]
    finally:
        post_save.disconnect(fail, sender=WebhookEvent)
    assert (stored(), books(payment)["status"], mails()) == ([(PAID, "processed", 2)], "Paid", [EMAIL])


def test_an_event_that_fails_for_good_stays_failed_and_hinders_no_other(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    """Field failure 25."""
    stuck, other = shopper.go_to_vipps(product), Shopper().go_to_vipps(product)
    for payment in (stuck, other):
        shop.simulator.pay(payment.session_id or "")
    with failing(stuck.order, times=2):
        assert [each.status_code for each in shop.deliver(PAID)] == [500, 200]
        assert [each.status_code for each in shop.deliver(PAID)] == [500, 200]
    assert stored() == [(PAID, "failed", 2), (PAID, "processed", 1)]
    stuck.refresh_from_db()
    other.refresh_from_db()
    assert (stuck.state, other.state) == ("open", "captured")


def test_a_failure_of_the_database_is_tried_again_and_not_taken_for_the_shops(
    shop: Shop, payment: Payment
) -> None:
    """A deadlock passes. Were it noted as "the order could not follow", the paid order would stay pending."""
    left = [OperationalError("deadlock detected")]

    def fail(**kwargs: Any) -> None:
        if left:
            raise left.pop()

    order_status_changed.connect(fail)
    try:
        assert [each.status_code for each in shop.deliver(PAID)] == [500]
        assert [each.status_code for each in shop.deliver(PAID)] == [200]
    finally:
        order_status_changed.disconnect(fail)
    found = books(payment)
    assert (found["status"], found["flags"], mails()) == ("Paid", [], [EMAIL])


@pytest.mark.parametrize("atomic_requests", [False, True])
def test_an_event_is_kept_before_anything_is_done_for_it(
    shop: Shop, payment: Payment, monkeypatch: pytest.MonkeyPatch, atomic_requests: bool
) -> None:
    """So that it is there whatever happens then, also where each request has a transaction around it."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic_requests)
    seen: list[Any] = []

    def look(**kwargs: Any) -> None:
        # Through a connection of its own, which sees only what is committed.
        seen.extend(at_once(stored))

    post_save.connect(look, sender=OrderNote)
    try:
        with failing(payment.order):
            assert [each.status_code for each in shop.deliver(PAID)] == [500]
            assert stored() == [(PAID, "failed", 1)]
            assert [each.status_code for each in shop.deliver(PAID)] == [200]
    finally:
        post_save.disconnect(look, sender=OrderNote)
    assert seen == [[(PAID, "received", 0)], [(PAID, "failed", 1)]]
    assert stored() == [(PAID, "processed", 2)]


def test_what_failed_is_finished_when_stripe_tries_again(
    live_shop: Shop, shopper: Shopper, product: Any
) -> None:
    payment = shopper.go_to_vipps(product)
    live_shop.simulator.policy("drop", 1, [COMPLETED])
    with failing(payment.order):
        live_shop.simulator.pay(payment.session_id or "")
        live_shop.simulator.wait_for_deliveries()
        assert (PAID, "failed", 1) in stored()
        live_shop.simulator.advance(5)
    [delivery] = live_shop.simulator.deliveries(PAID)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 200]
    assert (PAID, "processed", 2) in stored()
    assert (books(payment)["status"], mails()) == ("Paid", [EMAIL])


# The webhook alone


def usual(shop: Shop) -> None:
    pass


def twice(shop: Shop) -> None:
    shop.simulator.policy("duplicate", 10)


def the_other_way_round(shop: Shop) -> None:
    shop.simulator.policy("reorder", 2, [PAID, COMPLETED])


def only_the_session(shop: Shop) -> None:
    shop.simulator.policy("drop", 1, [PAID])


def only_the_payment_intent(shop: Shop) -> None:
    shop.simulator.policy("drop", 1, [COMPLETED])


@pytest.mark.parametrize(
    "arrange", [usual, twice, the_other_way_round, only_the_session, only_the_payment_intent]
)
def test_the_webhook_alone_finishes_a_payment(
    live_shop: Shop, shopper: Shopper, product: Any, arrange: Callable[[Shop], None]
) -> None:
    """Field failure 1: the shopper closed the tab."""
    payment = shopper.go_to_vipps(product)
    arrange(live_shop)
    live_shop.simulator.pay(payment.session_id or "")
    attempts = [
        attempt["status"]
        for delivery in live_shop.simulator.wait_for_deliveries()
        for attempt in delivery["attempts"]
    ]
    assert set(attempts) == {200}
    found = books(payment)
    assert (found["payment"]["state"], found["status"], mails()) == ("captured", "Paid", [EMAIL])
    assert [kind for kind, *_ in found["transactions"]] == ["Authorise", "Debit"]
    assert not WebhookEvent.objects.filter(status__in=["received", "failed"]).exists()
