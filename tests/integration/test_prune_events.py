"""``vipps_prune_events``: what is done and old goes, everything else stays."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.utils import timezone

from oscar_vipps.management.commands import vipps_prune_events
from oscar_vipps.models import WebhookEvent
from oscar_vipps.webhooks import inbox

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def event(status: str = "processed", days: float = 91, **more: Any) -> str:
    """One that came so many days ago."""
    id = f"evt_{WebhookEvent.objects.count()}"
    values = {"type": "payment_intent.succeeded", "livemode": False, "payload": {}, **more}
    made = WebhookEvent.objects.create(event_id=id, status=status, **values)
    moment = timezone.now() - timedelta(days=days)
    WebhookEvent.objects.filter(pk=made.pk).update(received_at=moment)
    return id


def run(*arguments: str, stderr: StringIO | None = None) -> str:
    out = StringIO()
    call_command("vipps_prune_events", *arguments, stdout=out, stderr=stderr or out)
    return out.getvalue()


def kept() -> list[str]:
    return list(WebhookEvent.objects.order_by("pk").values_list("event_id", flat=True))


def test_what_is_done_and_old_is_removed() -> None:
    event("processed")
    event("ignored")
    young = [event("processed", 89), event("ignored", 0)]
    assert run() == "2 events removed.\n"
    assert kept() == young


@pytest.mark.parametrize("status", ["failed", "received"])
def test_what_is_not_done_stays_however_old_it_is(status: str) -> None:
    old = event(status, 3000)
    run()
    assert kept() == [old]


def test_a_refund_that_waits_for_its_payment_stays() -> None:
    waiting = event("ignored", type="refund.created", payment_intent_id="pi_1")
    event("processed", type="refund.created", payment_intent_id="pi_1")
    event("ignored", type="refund.created")
    event("ignored", payment_intent_id="pi_1")
    run()
    assert kept() == [waiting]


def test_the_age_is_the_shops_to_choose(settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "EVENT_RETENTION": 10}
    event(days=11)
    young = event(days=9)
    run()
    assert kept() == [young]


def test_a_dry_run_removes_nothing() -> None:
    old = event()
    assert run("--dry-run") == "1 events are done and older than 90 days.\n"
    assert kept() == [old]


def test_batches_are_small_and_everything_goes() -> None:
    for _ in range(7):
        event()
    batches = list(vipps_prune_events.prune(timezone.now() - timedelta(days=90), 3))
    assert batches == [3, 3, 1]
    assert kept() == []


def test_progress_shows_on_a_terminal() -> None:
    for _ in range(3):
        event()
    terminal = Terminal()
    run("--batch-size", "2", stderr=terminal)
    assert terminal.getvalue().rstrip().endswith("] 2/2")


def test_two_runs_in_turns_share_the_work() -> None:
    for _ in range(6):
        event()
    before = timezone.now() - timedelta(days=90)
    one, other = vipps_prune_events.prune(before, 2), vipps_prune_events.prune(before, 2)
    assert [next(one), next(other), next(one)] == [2, 2, 2]
    assert (list(one), list(other), kept()) == ([], [], [])


@pytest.mark.parametrize("size", ["0", "-1", "1001"])
def test_a_batch_that_makes_no_sense_is_refused(size: str) -> None:
    with pytest.raises(CommandError, match="--batch-size"):
        run("--batch-size", size)


def test_what_was_removed_and_comes_again_is_harmless() -> None:
    """Stripe sends nothing again after three days; should it, nothing comes of it."""
    event()
    run()
    again = {
        "id": "evt_0",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "metadata": {}}},
    }
    assert inbox.process(inbox.store(again)).status == "ignored"


@pytest.mark.parametrize("times", [vipps_prune_events.PATIENCE - 1, vipps_prune_events.PATIENCE])
def test_a_batch_that_the_database_refuses_is_tried_again(times: int) -> None:
    """Two runs at once on MariaDB may deadlock."""
    event()
    left = [OperationalError("deadlock")] * times

    def refuse(execute: Any, sql: str, *arguments: Any) -> Any:
        if left and sql.startswith("DELETE"):
            raise left.pop()
        return execute(sql, *arguments)

    with connection.execute_wrapper(refuse):
        if times < vipps_prune_events.PATIENCE:
            assert run() == "1 events removed.\n"
        else:
            with pytest.raises(OperationalError):
                run()
    assert left == []
