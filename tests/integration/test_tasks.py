"""What Celery's workers run. ``tests/workers`` has them run it in processes of their own."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Task
from django.core.management.base import CommandError
from django.db import OperationalError

from oscar_vipps import tasks
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.webhooks import inbox
from tests.integration.books import mails
from tests.integration.test_webhook_failures import failing
from tests.support.celery_apps import left_to_workers
from tests.support.customer import EMAIL
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

PAID = "payment_intent.succeeded"


@pytest.fixture
def event(shop: Shop, shopper: Shopper, product: Any) -> WebhookEvent:
    """That the money is here; stored and not processed."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    with failing(payment.order):
        shop.deliver(PAID)
    WebhookEvent.objects.update(status=WebhookEvent.Status.RECEIVED, attempts=0, reason="")
    return WebhookEvent.objects.get()


def test_an_event_is_settled_once_however_often_it_comes(event: WebhookEvent) -> None:
    answers = [tasks.process_event.apply(args=(event.event_id,)).get() for _ in range(2)]
    assert answers == ["processed.", "processed."]
    event.refresh_from_db()
    assert event.attempts == 1
    assert Payment.objects.get().state == Payment.State.CAPTURED
    assert mails() == [EMAIL]


def test_an_event_that_is_pruned_meanwhile_is_nobodys_concern(db: None) -> None:
    assert tasks.process_event.apply(args=("evt_1",)).get() == "Not stored here."


def test_what_fails_is_tried_again_at_once_and_then_less_and_less_often(
    event: WebhookEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []
    retry = Task.retry

    def noted(task: Any, *, countdown: float) -> Any:
        pauses.append(countdown)
        return retry(task, countdown=countdown)

    monkeypatch.setattr(Task, "retry", noted)
    with failing(Payment.objects.get().order, times=3):
        answer = tasks.process_event.apply(args=(event.event_id,)).get()
    assert (answer, pauses) == ("processed.", [5, 10, 20])
    event.refresh_from_db()
    assert event.attempts == 4


def test_what_fails_for_longer_is_left_to_the_reconciler(event: WebhookEvent, shop: Shop) -> None:
    with failing(Payment.objects.get().order, times=100):
        answer = tasks.process_event.apply(args=(event.event_id,)).get()
    assert answer.startswith("failed. RuntimeError in ")
    event.refresh_from_db()
    assert (event.status, event.attempts) == (WebhookEvent.Status.FAILED, 1 + tasks.RETRIES)

    tasks.reconcile.apply(kwargs={"at_once": 1}).get()

    event.refresh_from_db()
    assert event.status == WebhookEvent.Status.PROCESSED


def test_a_database_that_is_gone_for_a_while_is_asked_again(
    event: WebhookEvent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    left = [OperationalError(f"the connection of {EMAIL} is closed")] * 2
    process = inbox.process

    def gone(event: WebhookEvent) -> WebhookEvent:
        if left:
            raise left.pop()
        return process(event)

    monkeypatch.setattr(inbox, "process", gone)
    assert tasks.process_event.apply(args=(event.event_id,)).get() == "processed."
    assert "could not be looked at: OperationalError in test_tasks.py" in caplog.text
    assert EMAIL not in caplog.text


def test_the_regular_tasks_are_the_commands(shop: Shop, settings: Any) -> None:
    for task in (tasks.reconcile, tasks.deadlines, tasks.prune_events):
        task.apply().get()
    # What a command says is wrong is what the task fails with.
    settings.OSCAR_VIPPS = {}
    with pytest.raises(CommandError, match="no usable SECRET_KEY"):
        tasks.reconcile.apply().get()


@pytest.mark.parametrize("is_there", [True, False])
def test_where_nobody_can_be_told_the_webhook_settles(
    event: WebhookEvent,
    shop: Shop,
    settings: Any,
    is_there: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with left_to_workers(settings):
        if not is_there:
            settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CELERY_APP": "shop.celery.app"}
        (answer,) = shop.deliver(PAID)
    assert (answer.status_code, answer.content) == (200, b"processed.")
    assert f"No worker could be told of event {event.event_id}" in caplog.text
    assert ("ConnectionError" if is_there else "ModuleNotFoundError") in caplog.text
    assert mails() == [EMAIL]
