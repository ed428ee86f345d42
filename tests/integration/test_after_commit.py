"""What follows a commit, signals and mail: once, with what is in the database then, hindered by nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.dispatch import Signal
from django.test import override_settings
from django.utils import timezone
from oscar.apps.order.signals import order_status_changed

from oscar_vipps import signals
from oscar_vipps.models import Flag, Payment
from oscar_vipps.payments.settlement import settle
from oscar_vipps.shop.mail import send_confirmation
from tests.integration.books import books, mails
from tests.integration.stripe_says import at_stripe, paid
from tests.support.customer import EMAIL
from tests.support.fixtures import Shop
from tests.support.mail import DOWN
from tests.support.shopper import Shopper

PAID = "payment_intent.succeeded"


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """A payment whose session is open."""
    return shopper.go_to_vipps(product)


@contextmanager
def receiving(signal: Signal, receiver: Callable[..., None]) -> Iterator[None]:
    signal.connect(receiver)
    try:
        yield
    finally:
        signal.disconnect(receiver)


def fail(**kwargs: Any) -> None:
    raise RuntimeError("the shop's own code failed")


# Signals


each_signal = pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("payment_captured", {"amount_authorized": 24900, "amount_captured": 24900}, "Paid"),
        ("payment_authorized", {"amount_authorized": 24900}, "Reserved"),
        ("payment_expired", {"session_ended": True}, "Expired"),
        ("payment_cancelled", {"session_ended": True}, "Cancelled"),
        ("payment_needs_attention", {"amount": 1}, "Pending"),
    ],
)


def settle_for(payment: Payment, name: str, change: dict[str, Any]) -> None:
    """Let happen what ``name`` is about, and let it be heard of twice."""
    row = Payment.objects.filter(pk=payment.pk)
    if name == "payment_authorized":
        row.update(capture_method=Payment.CaptureMethod.MANUAL)
    if name == "payment_cancelled":
        row.update(cancel_requested_at=timezone.now())
    snapshot = replace(at_stripe(payment), **change)
    for _ in range(2):
        settle(payment.pk, snapshot)


@each_signal
def test_a_signal_is_sent_once_after_the_commit_with_the_documented_arguments(
    shop: Shop, payment: Payment, name: str, change: dict[str, Any], status: str
) -> None:
    received: list[dict[str, Any]] = []

    def receive(**kwargs: Any) -> None:
        received.append({**kwargs, "in a transaction": connection.in_atomic_block})

    with receiving(getattr(signals, name), receive):
        settle_for(payment, name, change)
    more = {"reason": Flag.Reason.MISMATCH} if name == "payment_needs_attention" else {}
    assert received == [
        {
            "signal": getattr(signals, name),
            "sender": Payment,
            "payment": payment,
            "order": payment.order,
            "in a transaction": False,
            **more,
        }
    ]


@each_signal
def test_what_a_signal_brings_is_as_in_the_database(
    shop: Shop, payment: Payment, name: str, change: dict[str, Any], status: str
) -> None:
    """A receiver may save it, or call ``Order.set_status``, which saves the whole row."""
    received: list[dict[str, tuple[Any, ...]]] = []

    def receive(payment: Payment, order: Any, **kwargs: Any) -> None:
        there = Payment.objects.get(pk=payment.pk)
        columns = [field.attname for field in Payment._meta.concrete_fields]
        pairs = {each: (getattr(payment, each), getattr(there, each)) for each in columns}
        pairs["order's status"] = (order.status, there.order.status)
        pairs["payment's order's status"] = (payment.order.status, there.order.status)
        received.append({each: pair for each, pair in pairs.items() if pair[0] != pair[1]})

    with receiving(getattr(signals, name), receive):
        settle_for(payment, name, change)
    assert received == [{}]
    assert books(payment)["status"] == status


def test_nothing_is_sent_of_what_is_rolled_back(shop: Shop, payment: Payment) -> None:
    snapshot = paid(shop, payment)
    received: list[Any] = []
    with receiving(signals.payment_captured, lambda **kwargs: received.append(kwargs)):
        with suppress(RuntimeError), transaction.atomic():
            settle(payment.pk, snapshot)
            fail()
        assert (received, mails()) == ([], [])
        settle(payment.pk, snapshot)
    assert (len(received), mails()) == (1, [EMAIL])


@pytest.mark.parametrize("name", ["payment_captured", "payment_needs_attention"])
def test_a_receiver_that_fails_hinders_nobody(
    shop: Shop, payment: Payment, settings: Any, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "ORDER_STATUS": {"captured": "Shipped"}}
    shop.simulator.pay(payment.session_id or "")
    received: list[str] = []
    signal = getattr(signals, name)
    with receiving(signal, fail), receiving(signal, lambda **kwargs: received.append(name)):
        [response] = shop.deliver(PAID)
    assert (response.status_code, response.content, received) == (200, b"processed.", [name])
    assert (books(payment)["payment"]["state"], mails()) == ("captured", [EMAIL])
    # Django logs it.
    assert [
        each for each in caplog.records if each.exc_info and "the shop's own code" in str(each.exc_info[1])
    ]


def test_what_the_shop_does_after_the_commit_may_fail_and_hinders_nobody(
    shop: Shop, payment: Payment
) -> None:
    """The shop's handler registers something of its own, which stops all that Django does after it."""
    shop.simulator.pay(payment.session_id or "")
    received: list[Any] = []

    def register(**kwargs: Any) -> None:
        transaction.on_commit(fail)

    with (
        receiving(order_status_changed, register),
        receiving(signals.payment_captured, lambda **kwargs: received.append(kwargs)),
    ):
        [response] = shop.deliver(PAID)
    assert (response.status_code, response.content, len(received)) == (200, b"processed.", 1)
    assert (books(payment)["payment"]["state"], mails()) == ("captured", [EMAIL])


# Mail


def test_a_mail_server_that_is_down_changes_nothing_about_the_payment(
    shop: Shop, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    """Field failure 6."""
    shop.simulator.pay(payment.session_id or "")
    received: list[Any] = []
    with (
        override_settings(**DOWN),
        receiving(signals.payment_captured, lambda **kwargs: received.append(kwargs)),
    ):
        [response] = shop.deliver(PAID)
    assert (response.status_code, response.content, len(received)) == (200, b"processed.", 1)
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("captured", "Paid")
    assert found["payment"]["confirmation_sent_at"] is False
    [record] = [
        each for each in caplog.records if each.name == "oscar_vipps" and each.levelno == logging.ERROR
    ]
    assert "Error in " in record.getMessage()
    assert (vars(record)["order_number"], vars(record)["payment"]) == (
        payment.order.number,
        payment.reference,
    )


def test_a_mail_that_fails_oddly_hinders_nobody(
    shop: Shop, payment: Payment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as when the database is gone, just then."""

    def odd(*_arguments: Any) -> None:
        raise OperationalError(f"the connection is closed on {EMAIL}")

    heard: list[Payment] = []

    def receive(payment: Payment, **kwargs: Any) -> None:
        heard.append(payment)

    monkeypatch.setattr("oscar_vipps.shop.mail.send_once", odd)
    with receiving(signals.payment_captured, receive):
        settle(payment.pk, paid(shop, payment))
    assert heard == [payment]
    assert "After a commit, send_confirmation failed: OperationalError in test_after_commit.py" in caplog.text
    assert EMAIL not in caplog.text


@pytest.mark.parametrize("by", ["the next event", "the return page", "whoever looks for what is due"])
def test_a_mail_that_could_not_be_sent_is_sent_later(shop: Shop, payment: Payment, by: str) -> None:
    shop.simulator.pay(payment.session_id or "")
    with override_settings(**DOWN):
        shop.deliver(PAID)
    assert mails() == []
    if by == "the next event":
        shop.deliver("checkout.session.completed")
    elif by == "the return page":
        settle(payment.pk, at_stripe(payment))
    else:
        assert send_confirmation(payment.pk) is True
    assert mails() == [EMAIL]
    assert books(payment)["payment"]["confirmation_sent_at"] is True
    assert send_confirmation(payment.pk) is False
    shop.deliver()
    assert mails() == [EMAIL]


@pytest.mark.parametrize(("minutes", "sent"), [(0, []), (9, []), (11, [EMAIL])])
def test_a_mail_that_somebody_else_is_sending_is_theirs_for_ten_minutes(
    shop: Shop, payment: Payment, minutes: int, sent: list[str]
) -> None:
    claimed = timezone.now() - timedelta(minutes=minutes)
    Payment.objects.filter(pk=payment.pk).update(confirmation_claimed_at=claimed)
    settle(payment.pk, paid(shop, payment))
    assert mails() == sent


def test_neither_log_nor_notes_show_who_the_shopper_is(
    shop: Shop, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    """Field failure 29."""
    caplog.set_level(logging.DEBUG, logger="oscar_vipps")
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    assert mails() == [EMAIL]
    ours = [each for each in caplog.records if each.name == "oscar_vipps"]
    assert len(ours) > 3
    shown = [f"{each.getMessage()} {vars(each)}" for each in ours] + [str(books(payment)["notes"])]
    assert not [text for text in shown if EMAIL in text or "Nordmann" in text]
