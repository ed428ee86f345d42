"""``vipps_reconcile`` and ``vipps_process_events``: what nobody told is found out, and nothing is undone that
Stripe hasn't confirmed.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone
from oscar.apps.order.signals import order_status_changed

from oscar_vipps.management.commands import vipps_reconcile
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.payments import reconcile
from oscar_vipps.payments import sessions as payment_sessions
from oscar_vipps.payments.settlement import settle
from oscar_vipps.webhooks import inbox
from tests.integration.books import books, differences, mails
from tests.integration.stripe_says import paid
from tests.simulator.orders import client_for, order
from tests.support.customer import EMAIL
from tests.support.fixtures import Shop
from tests.support.mail import DOWN
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper

SESSIONS = "/v1/checkout/sessions"


@pytest.fixture(autouse=True)
def impatient(settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0, "TIMEOUT": 0.5}


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """A payment whose session is open."""
    return shopper.go_to_vipps(product)


def run(*arguments: str, command: str = "vipps_reconcile", verbosity: int = 1) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=out, verbosity=verbosity)
    return out.getvalue()


def fails(*arguments: str, command: str = "vipps_reconcile") -> str:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command(command, *arguments, stdout=out, stderr=out)
    return out.getvalue()


# Payments


def test_a_payment_of_which_nobody_told_is_found(shop: Shop, payment: Payment) -> None:
    """Field failures 1 and 3: no webhook came, and the shopper never returned."""
    shop.simulator.pay(payment.session_id or "")
    let_time_pass(payment)
    said = run()
    found = books(payment)
    assert (found["payment"]["state"], found["status"], mails()) == ("captured", "Paid", [EMAIL])
    assert "1 payments had news that no webhook told" in said
    # And what comes afterwards is no news.
    shop.deliver()
    assert "no webhook" not in run()
    assert differences(found, books(payment)) == {}
    assert mails() == [EMAIL]


def test_a_paid_order_is_not_cancelled_when_its_time_is_over(shop: Shop, payment: Payment) -> None:
    """Field failure 2."""
    shop.simulator.pay(payment.session_id or "")
    shop.simulator.advance(3600)
    Payment.objects.update(session_expires_at=timezone.now() - timedelta(hours=1))
    let_time_pass(payment)
    run()
    assert books(payment)["status"] == "Paid"


def test_nothing_is_cancelled_while_stripe_cannot_be_asked(shop: Shop, payment: Payment) -> None:
    """Field failure 2: unreachable means leave it."""
    shop.simulator.advance(3600)
    Payment.objects.update(session_expires_at=timezone.now() - timedelta(hours=1))
    let_time_pass(payment)
    before = books(payment)
    shop.simulator.fault("close", f"{SESSIONS}/{payment.session_id}")
    assert f"Order {payment.order.number}: No answer from Stripe." in fails()
    assert differences(before, books(payment)) == {"payment.checked_at": (False, True)}
    payment.refresh_from_db()
    assert (payment.state, books(payment)["status"]) == ("open", "Pending")
    let_time_pass(payment)
    run()
    assert (books(payment)["status"], books(payment)["lines"]) == ("Expired", [(1, 0, (10, 0))])


def test_a_payment_that_stripe_says_is_open_stays_open(shop: Shop, payment: Payment) -> None:
    """Whatever our own clock says."""
    Payment.objects.update(session_expires_at=timezone.now() - timedelta(hours=1))
    let_time_pass(payment)
    run()
    assert books(payment)["payment"]["state"] == "open"


def test_a_payment_that_is_young_is_left_to_the_webhook(shop: Shop, payment: Payment) -> None:
    asked = len(shop.simulator.requests("GET", f"{SESSIONS}/{payment.session_id}"))
    run()
    assert len(shop.simulator.requests("GET", f"{SESSIONS}/{payment.session_id}")) == asked


@pytest.mark.parametrize("is_over", [False, True])
def test_an_order_whose_shopper_never_got_to_stripe_ends_with_its_time(
    shop: Shop, shopper: Shopper, product: Any, is_over: bool
) -> None:
    """Field failure 24: its stock is free again."""
    shopper.order(product)
    payment = Payment.objects.get()
    if is_over:
        Payment.objects.update(session_expires_at=timezone.now() - timedelta(seconds=1))
    let_time_pass(payment)
    run()
    found = books(payment)
    assert found["status"] == ("Expired" if is_over else "Pending")
    assert found["lines"] == [(1, 0 if is_over else 1, (10, 0 if is_over else 1))]


def test_a_shopper_who_gave_up_while_stripe_was_down_gets_that_done(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    shop.simulator.fault("error", f"{SESSIONS}/{payment.session_id}", "*", status=503, count=2)
    shopper.press(payment, "cancel")
    shop.simulator.clear_faults()
    let_time_pass(payment)
    run()
    assert books(payment)["status"] == "Cancelled"
    assert shop.session(payment)["status"] == "expired"


def test_a_reservation_that_lapsed_is_noticed(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payment = shopper.go_to_vipps(product)
    settle(payment.pk, paid(shop, payment))
    shop.simulator.advance(8 * 24 * 3600)
    let_time_pass(payment, timedelta(days=8))
    run()
    assert books(payment)["status"] == "Cancelled"


def test_a_confirmation_that_failed_is_sent(shop: Shop, payment: Payment) -> None:
    """Field failure 6: the mail server was down."""
    with override_settings(**DOWN):
        shop.simulator.pay(payment.session_id or "")
        shop.deliver()
        assert books(payment)["status"] == "Paid"
        let_time_pass(payment)
        assert "the mail could not be sent" in fails()
    let_time_pass(payment)
    run()
    let_time_pass(payment)
    run()
    assert mails() == [EMAIL]


def test_one_odd_order_stops_none_of_the_later_ones(shop: Shop, product: Any) -> None:
    """Field failure 25."""
    odd, *others = (Shopper().go_to_vipps(product) for _ in range(3))
    for each in (odd, *others):
        shop.simulator.pay(each.session_id or "")
        let_time_pass(each)
    Payment.objects.filter(pk=odd.pk).update(session_id="cs_test_gone")
    assert f"Order {odd.order.number}: " in fails()
    assert [books(each)["status"] for each in others] == ["Paid", "Paid"]


def test_after_some_payments_without_an_answer_the_rest_is_left_for_later(shop: Shop, product: Any) -> None:
    payments = [Shopper().go_to_vipps(product) for _ in range(7)]
    for each in payments:
        let_time_pass(each)
    shop.simulator.fault("error", f"{SESSIONS}/", "GET", status=503, count=99)
    assert "the rest is left to the next run" in fails()
    asked = [each for each in shop.simulator.requests("GET") if each["path"].startswith(f"{SESSIONS}/cs_")]
    assert len(asked) == 5
    shop.simulator.clear_faults()
    assert "2 payments" in run()


def test_payments_that_fail_again_and_again_stand_in_nobodys_way(shop: Shop, product: Any) -> None:
    """Field failure 25."""
    *odd, good = [Shopper().go_to_vipps(product) for _ in range(7)]
    shop.simulator.pay(good.session_id or "")
    for each in odd:
        shop.simulator.fault("error", f"{SESSIONS}/{each.session_id}", "GET", status=503, count=99)
    for _ in range(2):
        for each in (*odd, good):
            let_time_pass(each)
        fails()
    assert books(good)["status"] == "Paid"


def test_payments_of_the_other_mode_are_left_alone(shop: Shop, payment: Payment, settings: Any) -> None:
    """The shop has gone live since, and this key can't ask about them."""
    let_time_pass(payment)
    Payment.objects.update(livemode=True)
    asked = len(shop.simulator.requests("GET", f"{SESSIONS}/{payment.session_id}"))
    assert "0 payments" in run()
    assert len(shop.simulator.requests("GET", f"{SESSIONS}/{payment.session_id}")) == asked


def test_two_runs_take_each_payment_once(shop: Shop, payment: Payment) -> None:
    let_time_pass(payment)
    now = timezone.now()
    assert reconcile.take(payment.pk, payment.checked_at, now) is not None
    assert reconcile.take(payment.pk, payment.checked_at, now) is None
    assert not reconcile.due(now).exists()


@pytest.mark.parametrize("was_looked_at", [False, True])
def test_a_run_leaves_alone_what_another_that_takes_long_has_taken(
    shop: Shop, payment: Payment, was_looked_at: bool
) -> None:
    """Each reservation is asked about once in six hours, also where a run takes longer than cron waits."""
    if was_looked_at:
        Payment.objects.update(checked_at=timezone.now())
    let_time_pass(payment, timedelta(hours=7))
    first, second = timezone.now(), timezone.now() + timedelta(minutes=6)
    [(found, checked_at)] = reconcile.due(second).values_list("pk", "checked_at")
    assert reconcile.take(payment.pk, payment.checked_at, first) is not None
    assert reconcile.take(found, checked_at, second) is None


def test_a_dry_run_says_what_is_due_and_touches_nothing(shop: Shop, payment: Payment, product: Any) -> None:
    Shopper().order(product)
    never_opened = Payment.objects.latest("pk")
    shop.simulator.pay(payment.session_id or "")
    shop.deliver("checkout.session.completed")
    WebhookEvent.objects.update(status="failed")
    Payment.objects.filter(pk=payment.pk).update(state="open")
    for each in (payment, never_opened):
        let_time_pass(each)
    before, asked = [books(payment), books(never_opened)], len(shop.simulator.requests())
    assert run("--dry-run").splitlines() == [
        f"Event {WebhookEvent.objects.get().event_id} (checkout.session.completed): process it again",
        f"Order {payment.order.number}: ask whether it was paid",
        f"Order {never_opened.order.number}: the time to pay is over, and no session was made",
    ]
    assert [books(payment), books(never_opened)] == before
    assert len(shop.simulator.requests()) == asked
    assert WebhookEvent.objects.get().status == "failed"


def test_without_a_key_it_says_so(shop: Shop, settings: Any) -> None:
    settings.OSCAR_VIPPS = {}
    with pytest.raises(CommandError, match="no usable SECRET_KEY"):
        run()


# Sessions that belong to no payment


@pytest.fixture
def crashed(shop: Shop, shopper: Shopper, product: Any) -> tuple[Payment, str]:
    """The process was killed between the making of the session and the saving of its id."""
    shopper.order(product)
    payment = payment_sessions._begin_attempt(Payment.objects.get())
    urls = {"success_url": "http://testserver/a", "cancel_url": "http://testserver/b"}
    made = payment_sessions._create_session(payment, urls)
    payment.refresh_from_db()
    assert payment.session_id is None
    return payment, made["id"]


def test_a_session_whose_payment_waits_becomes_its_own(shop: Shop, crashed: tuple[Payment, str]) -> None:
    payment, session_id = crashed
    said = run(verbosity=2)
    payment.refresh_from_db()
    assert (payment.state, payment.session_id) == ("open", session_id)
    assert f"{session_id} is the session of order {payment.order.number}" in said
    assert "belonged to no payment" not in run(verbosity=2)


def test_a_session_whose_payment_has_ended_is_expired(shop: Shop, crashed: tuple[Payment, str]) -> None:
    payment, session_id = crashed
    Payment.objects.update(session_expires_at=timezone.now() - timedelta(seconds=1), state="expired")
    run()
    assert shop.simulator.session(session_id)["status"] == "expired"
    payment.refresh_from_db()
    assert payment.session_id is None


def test_a_session_of_this_shop_without_any_payment_is_expired(
    shop: Shop, crashed: tuple[Payment, str]
) -> None:
    """A database was restored from yesterday's copy."""
    payment, session_id = crashed
    payment.delete()
    # A site that has Django's first name could be anybody's.
    run()
    assert shop.simulator.session(session_id)["status"] == "open"
    Site.objects.update(domain="butikk.example")
    client = client_for(shop.simulator)
    ours = {"oscar_vipps_payment": payment.reference, "oscar_vipps_site": "butikk.example"}
    session_id = client.v1.checkout.sessions.create(order(metadata=ours)).id
    run()
    assert shop.simulator.session(session_id)["status"] == "expired"


def test_sessions_of_others_on_the_same_account_are_left_alone(
    shop: Shop, crashed: tuple[Payment, str], payment: Payment
) -> None:
    """Field failure 28."""
    theirs = client_for(shop.simulator).v1.checkout.sessions.create(order())
    elsewhere = client_for(shop.simulator).v1.checkout.sessions.create(
        order(metadata={"oscar_vipps_payment": "x", "oscar_vipps_site": "another.example"})
    )
    run()
    for session_id in (theirs.id, elsewhere.id, payment.session_id):
        assert shop.simulator.session(session_id or "")["status"] == "open"


def test_that_sessions_cannot_be_listed_hinders_nothing_else(shop: Shop, payment: Payment) -> None:
    shop.simulator.pay(payment.session_id or "")
    let_time_pass(payment)
    shop.simulator.fault("error", SESSIONS, "GET", status=503)
    assert "Sessions at Stripe: Stripe answered 503." in fails()
    assert books(payment)["status"] == "Paid"


# Stored events


@pytest.fixture
def broken(shop: Shop, payment: Payment) -> WebhookEvent:
    """An event that failed while the database was out of order."""

    def fail(**kwargs: Any) -> None:
        raise OperationalError("disk full")

    shop.simulator.pay(payment.session_id or "")
    order_status_changed.connect(fail)
    shop.deliver("payment_intent.succeeded")
    order_status_changed.disconnect(fail)
    event = WebhookEvent.objects.get()
    assert event.status == "failed"
    return event


@pytest.mark.parametrize("command", ["vipps_reconcile", "vipps_process_events"])
def test_events_that_failed_are_processed(
    shop: Shop, payment: Payment, broken: WebhookEvent, command: str
) -> None:
    run(command=command)
    event = WebhookEvent.objects.get()
    assert (event.status, event.attempts, books(payment)["status"]) == ("processed", 2, "Paid")
    assert mails() == [EMAIL]


def test_an_event_whose_process_was_killed_is_processed(shop: Shop, payment: Payment) -> None:
    shop.simulator.pay(payment.session_id or "")
    [event] = shop.simulator.events("payment_intent.succeeded")
    inbox.store(event)
    run(command="vipps_process_events")
    assert WebhookEvent.objects.get().status == "received"
    let_time_pass(payment)
    run(command="vipps_process_events")
    assert WebhookEvent.objects.get().status == "processed"
    assert books(payment)["status"] == "Paid"


def test_an_event_that_fails_again_is_named(
    shop: Shop, payment: Payment, broken: WebhookEvent, caplog: pytest.LogCaptureFixture
) -> None:

    def fail(**kwargs: Any) -> None:
        raise OperationalError("disk still full")

    order_status_changed.connect(fail)
    with caplog.at_level(logging.CRITICAL, "oscar_vipps"):
        assert broken.event_id in fails()
        assert broken.event_id in fails(command="vipps_process_events")
    order_status_changed.disconnect(fail)


def test_events_can_be_named(shop: Shop, payment: Payment, broken: WebhookEvent) -> None:
    assert run(broken.event_id, command="vipps_process_events", verbosity=2) == (
        f"{broken.event_id} (payment_intent.succeeded): processed\n"
    )
    with pytest.raises(CommandError, match="Not stored here: evt_nowhere"):
        run("evt_nowhere", command="vipps_process_events")
    assert mail.outbox


# The bar


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_alone(shop: Shop, payment: Payment) -> None:
    let_time_pass(payment)
    terminal = Terminal()
    call_command("vipps_reconcile", stdout=StringIO(), stderr=terminal)
    assert f"Payments [{'#' * 30}] 1/1" in terminal.getvalue()
    let_time_pass(payment)
    quiet = StringIO()
    call_command("vipps_reconcile", stdout=StringIO(), stderr=quiet)
    assert quiet.getvalue() == ""


# Several payments at once


@pytest.mark.parametrize("at_once", ["1", "4"])
def test_each_of_many_payments_is_found(shop: Shop, product: Any, at_once: str) -> None:
    payments = [Shopper().go_to_vipps(product) for _ in range(6)]
    for each in payments:
        shop.simulator.pay(each.session_id or "")
        let_time_pass(each)
    assert "6 payments and 0 sessions looked after, 0 failed. 6 payments had news" in run(
        "--at-once", at_once
    )
    assert [books(each)["status"] for each in payments] == ["Paid"] * 6
    assert mails() == [EMAIL] * 6


def test_it_waits_when_stripe_says_that_it_is_asked_too_much(
    shop: Shop, product: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe's 429 is no failure of a payment: nothing is left to the next run."""
    monkeypatch.setattr(vipps_reconcile, "PAUSES", (0, 0, 0))
    payments = [Shopper().go_to_vipps(product) for _ in range(2)]
    for each in payments:
        shop.simulator.pay(each.session_id or "")
        let_time_pass(each)
    too_many = {"status": 429, "error": {"code": "rate_limit"}}
    shop.simulator.fault("error", f"{SESSIONS}/cs_", "GET", count=3, **too_many)
    assert "2 payments and 0 sessions looked after, 0 failed" in run()
    assert [books(each)["status"] for each in payments] == ["Paid", "Paid"]


def test_it_doesnt_wait_for_ever(shop: Shop, payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vipps_reconcile, "PAUSES", (0, 0))
    let_time_pass(payment)
    too_many = {"status": 429, "error": {"code": "rate_limit"}}
    shop.simulator.fault("error", f"{SESSIONS}/cs_", "GET", count=3, **too_many)
    assert "Stripe answered 429" in fails()


def test_without_an_answer_several_at_once_leave_the_rest_for_later(shop: Shop, product: Any) -> None:
    payments = [Shopper().go_to_vipps(product) for _ in range(9)]
    for each in payments:
        let_time_pass(each)
    shop.simulator.fault("error", f"{SESSIONS}/", "GET", status=503, count=99)
    assert "the rest is left to the next run" in fails("--at-once", "2")
    asked = [each for each in shop.simulator.requests("GET") if each["path"].startswith(f"{SESSIONS}/cs_")]
    # Five without an answer, and the one that was under way meanwhile.
    assert len(asked) in (5, 6)


@pytest.mark.parametrize("number", ["0", "33"])
def test_how_many_at_once_has_a_limit(shop: Shop, number: str) -> None:
    with pytest.raises(CommandError, match="from 1 to 32"):
        run("--at-once", number)


def test_what_a_webhook_has_settled_meanwhile_is_left_alone(shop: Shop, payment: Payment) -> None:
    let_time_pass(payment)
    now = timezone.now()
    assert reconcile.due(now).exists()
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    taken = reconcile.take(payment.pk, payment.checked_at, now)
    assert taken
    assert reconcile.why_due(taken) is None
