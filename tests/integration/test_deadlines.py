"""Reservations that run out soon are told to staff in time. Field failure 20: one expired unnoticed."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from oscar_vipps.models import HOLD, Payment
from tests.support.mail import managers
from tests.support.payment_factories import PaymentFactory

STAFF = "drift@butikk.example"


@pytest.fixture(autouse=True)
def somebody_to_mail(db: None, settings: Any) -> None:
    settings.MANAGERS = managers(STAFF)


def reserved(hours_left: int, **more: Any) -> Payment:
    begun = timezone.now() - HOLD + timedelta(hours=hours_left)
    found: Payment = PaymentFactory.create(state="authorized", payment_intent_created_at=begun, **more)
    return found


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("vipps_deadlines", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_what_runs_out_soon_is_mailed_soonest_first() -> None:
    later, sooner, far = reserved(47), reserved(5), reserved(49)
    PaymentFactory.create(state="captured", payment_intent_created_at=timezone.now() - HOLD)
    said = run()
    [message] = mail.outbox
    assert message.to == [STAFF]
    assert "2 Vipps reservations run out soon" in message.subject
    for text in (said, message.body):
        assert text.index(sooner.order.number) < text.index(later.order.number)
        assert far.order.number not in text
        assert text.count("249.00") == 2
    assert f"/dashboard/vipps/{sooner.reference}/" in message.body


def test_how_far_ahead_is_for_the_shop_to_say() -> None:
    reserved(47)
    assert run("--days", "1") == ""
    assert mail.outbox == []
    assert run("--days", "7", "--no-mail") != ""
    assert mail.outbox == []


def test_nobody_to_mail_is_said(settings: Any) -> None:
    settings.MANAGERS = []
    assert run("--days", "7") == ""
    reserved(5)
    assert "MANAGERS is empty" in run()


@pytest.mark.parametrize("days", ["0", "8", "-1", "two", "1.5", "²"])
def test_other_numbers_of_days_are_refused(days: str) -> None:
    with pytest.raises(CommandError, match="from 1 to 7"):
        run(f"--days={days}")
