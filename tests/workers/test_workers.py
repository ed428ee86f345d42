"""Events that Celery's workers process: nothing is lost, whatever is killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core import mail
from django.db import transaction
from django.db.models import F

from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.webhooks import inbox
from tests.workers.conftest import WorkingShop

SETTLED = ("oscar_vipps.process_event", "succeeded")
RECONCILED = "1 events, 0 payments and 0 sessions looked after, 0 failed."


def check_nothing_happened(payment: Payment) -> None:
    payment.refresh_from_db()
    assert payment.state == Payment.State.OPEN
    event = WebhookEvent.objects.get(type="payment_intent.succeeded")
    assert (event.status, event.attempts) == (WebhookEvent.Status.RECEIVED, 0)


def check_it_happened_once(payment: Payment, mails: int) -> None:
    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.CAPTURED, "Paid")
    event = WebhookEvent.objects.get(type="payment_intent.succeeded")
    assert (event.status, event.attempts) == (WebhookEvent.Status.PROCESSED, 1)
    assert payment.source.transactions.count() == 2
    assert mails == 1


def make_it_old() -> None:
    """So old that nobody can be at it any more."""
    WebhookEvent.objects.update(received_at=F("received_at") - 2 * inbox.BEGUN_WITHIN)


@contextmanager
def nobody_settles() -> Iterator[None]:
    """Whoever wants to waits."""
    with transaction.atomic():
        Payment.objects.select_for_update().get()
        yield


def test_the_webhook_stores_and_a_worker_settles(working_shop: WorkingShop) -> None:
    payment = working_shop.paid()
    working_shop.start_broker()

    answer = working_shop.hear_of_it()

    assert (answer.status_code, answer.content) == (200, b"Stored.")
    check_nothing_happened(payment)
    working_shop.start_worker().wait_for(*SETTLED)
    check_it_happened_once(payment, len(working_shop.mails))
    # A repetition is answered from what is stored.
    assert working_shop.hear_of_it().content == b"processed."
    assert mail.outbox == []


def test_what_is_about_something_else_wakes_nobody(working_shop: WorkingShop) -> None:
    """There is no broker, and nobody misses it."""
    working_shop.paid()
    answers = working_shop.shop.deliver("payment_intent.created", "charge.succeeded")
    assert answers
    assert {answer.content.split(b".")[0] for answer in answers} == {b"ignored"}


@pytest.mark.parametrize("victim", ["the worker", "its child"])
def test_a_worker_that_is_killed_at_work_loses_nothing(working_shop: WorkingShop, victim: str) -> None:
    payment = working_shop.paid()
    working_shop.start_broker()
    working_shop.hear_of_it()
    with nobody_settles():
        # What a child hasn't taken up yet when it dies, the next one takes up, and nobody says a word of it.
        worker = working_shop.start_worker()
        worker.wait_for("oscar_vipps.process_event", "begun")
        if victim == "its child":
            (child,) = worker.children()
            child.kill()
            worker.wait_for("exited prematurely")
        worker.kill()
        check_nothing_happened(payment)
    make_it_old()

    # Redis thinks for an hour that somebody is at it. The inbox knows better.
    working_shop.start_worker("--beat").wait_for(RECONCILED)

    check_it_happened_once(payment, len(working_shop.mails))


def test_a_broker_that_hangs_is_left_alone(
    working_shop: WorkingShop, caplog: pytest.LogCaptureFixture
) -> None:
    payment = working_shop.paid()
    broker = working_shop.start_broker()
    broker.process.send_signal(signal.SIGSTOP)

    assert working_shop.hear_of_it().content == b"processed."

    check_it_happened_once(payment, len(mail.outbox))
    assert "No worker could be told of event" in caplog.text


def test_a_broker_that_is_killed_loses_nothing(working_shop: WorkingShop) -> None:
    payment = working_shop.paid()
    broker = working_shop.start_broker()
    working_shop.hear_of_it()
    broker.kill()
    working_shop.start_broker()
    check_nothing_happened(payment)
    make_it_old()

    working_shop.start_worker("--beat").wait_for(RECONCILED)

    check_it_happened_once(payment, len(working_shop.mails))
