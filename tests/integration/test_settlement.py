"""What ``settle`` makes of single facts: what doesn't match, what comes late, what the order can't follow."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from datetime import timezone as datetime_timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone, translation
from oscar.apps.order.exceptions import InvalidOrderStatus
from oscar.apps.order.signals import order_status_changed

from oscar_vipps.gateway.snapshot import DisputeSnapshot, RefundSnapshot, Snapshot
from oscar_vipps.models import Flag, Payment
from oscar_vipps.payments.moments import as_stored
from oscar_vipps.payments.settlement import settle, settle_locked
from oscar_vipps.shop import ledger
from oscar_vipps.signals import payment_needs_attention
from tests.integration.books import Books, books, differences, mails
from tests.integration.stripe_says import at_stripe, paid
from tests.support.customer import EMAIL
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

PRICE = Decimal("249.00")
NOON = datetime(2026, 7, 2, 12, tzinfo=datetime_timezone.utc)


def settle_or_refuse(payment_id: int, snapshot: Snapshot) -> tuple[Payment, str]:
    """As events are settled, which note why nothing came of them."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        return payment, settle_locked(payment, snapshot)


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """A payment whose session is open."""
    return shopper.go_to_vipps(product)


def with_order_status(settings: Any, **statuses: str) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "ORDER_STATUS": statuses}


@contextmanager
def attention() -> Iterator[list[Flag.Reason]]:
    """The reasons that the signal gives."""
    reasons: list[Flag.Reason] = []

    def receive(reason: Flag.Reason, **kwargs: Any) -> None:
        reasons.append(reason)

    payment_needs_attention.connect(receive)
    yield reasons
    payment_needs_attention.disconnect(receive)


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [each for each in caplog.records if each.name == "oscar_vipps" and each.levelno == logging.WARNING]


# What doesn't match


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"amount": 24899}, "amount is 24899, expected 24900"),
        ({"amount": 24899, "amount_captured": 24899, "amount_authorized": 24899}, "captured amount is 24899"),
        ({"amount_captured": 100}, "captured amount is 100, expected 24900"),
        ({"amount_authorized": 24901}, "reserved amount is 24901, expected 24900"),
        ({"currency": "SEK"}, "currency is 'SEK', expected 'NOK'"),
        ({"currency": ""}, "currency is '', expected 'NOK'"),
        ({"livemode": True}, "livemode is True, expected False"),
        ({"order": "100999"}, "order is '100999'"),
        ({"order": ""}, "order is ''"),
        ({"site": "another.example"}, "site is 'another.example', expected 'example.com'"),
        ({"payment": "of-another-order"}, "payment is 'of-another-order'"),
        ({"session_id": "cs_test_another"}, "session is 'cs_test_another'"),
        ({"payment_intent_id": "pi_another"}, "payment intent is 'pi_another'"),
        ({"order": "100999", "livemode": True}, "order is '100999', expected '{number}'; livemode is True"),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)
def test_what_does_not_match_changes_nothing_and_is_flagged(
    shop: Shop, payment: Payment, caplog: pytest.LogCaptureFixture, wrong: dict[str, Any], told: str
) -> None:
    """Field failures 13, 14, 27."""
    shop.simulator.pay(payment.session_id or "", "start")
    settle(payment.pk, at_stripe(payment))
    before = books(payment)
    true = paid(shop, payment)
    told = told.format(number=payment.order.number)
    caplog.clear()

    with attention() as reasons:
        for _ in range(2):
            found, refusal = settle_or_refuse(payment.pk, replace(true, **wrong))
            assert found.state == Payment.State.OPEN
            assert told in refusal
    after = books(payment)
    [(reason, detail)] = after["flags"]
    assert (set(differences(before, after)), reason, mails()) == ({"flags"}, "mismatch", [])
    assert told in detail
    [record] = warnings(caplog)
    extra = vars(record)
    assert (extra["order_number"], extra["payment"]) == (payment.order.number, payment.reference)
    assert reasons == [Flag.Reason.MISMATCH]

    # The truth is not held back by that.
    assert settle(payment.pk, true).state == Payment.State.CAPTURED


@pytest.mark.parametrize("amount", [-1, 0, 1, 24900, 24901])
@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_no_more_is_refunded_or_disputed_than_was_paid_and_no_less_than_an_ore(
    shop: Shop, payment: Payment, kind: str, amount: int
) -> None:
    true = paid(shop, payment)
    if kind == "refund":
        told = replace(true, refunds=(RefundSnapshot("re_1", amount, "succeeded"),))
    else:
        told = replace(true, disputes=(DisputeSnapshot("du_1", amount, "needs_response"),))
    found, refusal = settle_or_refuse(payment.pk, told)
    is_possible = 1 <= amount <= 24900
    assert (refusal == "", found.state == Payment.State.CAPTURED) == (is_possible, is_possible)
    assert found.flags.filter(reason="mismatch").exists() is not is_possible
    assert found.refunds.exists() is (is_possible and kind == "refund")
    assert found.disputes.exists() is (is_possible and kind == "dispute")


def test_the_money_of_another_payment_is_not_this_ones(shop: Shop, payment: Payment, product: Any) -> None:
    another = Shopper().go_to_vipps(product)
    settle(another.pk, paid(shop, another))
    another.refresh_from_db()
    # What has no PaymentIntent yet is like all others that have none.
    assert settle_or_refuse(payment.pk, at_stripe(payment))[1] == ""

    stolen = replace(paid(shop, payment), payment_intent_id=another.payment_intent_id)
    found, refusal = settle_or_refuse(payment.pk, stolen)

    assert (found.state, found.payment_intent_id) == (Payment.State.OPEN, None)
    assert "payment intent of another payment is True, expected False" in refusal
    assert settle(payment.pk, at_stripe(payment)).state == Payment.State.CAPTURED


def test_the_address_at_stripe_is_kept_while_it_is_of_use(shop: Shop, payment: Payment) -> None:
    address = shop.session(payment)["url"]
    assert payment.session_url == address
    # Stripe shows it no more than necessary.
    assert settle(payment.pk, replace(at_stripe(payment), session_url=None)).session_url == address
    assert settle(payment.pk, paid(shop, payment)).session_url == ""


def test_a_flag_is_raised_again_by_other_news_and_after_it_was_resolved(shop: Shop, payment: Payment) -> None:
    true = paid(shop, payment)
    first, second = replace(true, amount=1), replace(true, amount=2)
    with attention() as reasons:
        for snapshot, times in ((first, 1), (first, 1), (second, 2), (second, 2), (first, 2)):
            settle(payment.pk, snapshot)
            assert len(reasons) == times
        Flag.objects.update(resolved_at=timezone.now())
        settle(payment.pk, first)
        assert len(reasons) == 3
    flag = Flag.objects.get()
    assert flag.resolved_at is None
    assert ("amount is 1," in flag.detail, "amount is 2," in flag.detail) == (True, True)


@pytest.mark.parametrize("ended", [False, True])
def test_another_session_that_nobody_was_sent_to_is_ignored(
    shop: Shop, payment: Payment, ended: bool
) -> None:
    before = books(payment)
    another = replace(at_stripe(payment), session_id="cs_test_another", session_ended=ended)
    found, refusal = settle_or_refuse(payment.pk, another)
    assert (found.state, refusal) == ("open", "About a Checkout Session that nobody was sent to.")
    assert differences(before, books(payment)) == {}


# Tries that fail


def test_a_declined_try_leaves_its_reason_and_ends_nothing(shop: Shop, payment: Payment) -> None:
    before = books(payment)
    shop.simulator.pay(payment.session_id or "", "fail")
    settle(payment.pk, at_stripe(payment))
    changed = differences(before, books(payment))
    assert changed.pop("payment.decline_code") == ("", "generic_decline")
    assert set(changed) == {"payment.payment_intent_id", "payment.payment_intent_created_at"}

    # The next try is under way; then the money comes.
    shop.simulator.pay(payment.session_id or "", "start")
    assert settle(payment.pk, at_stripe(payment)).decline_code == ""
    shop.deliver("payment_intent.payment_failed")
    shop.simulator.pay(payment.session_id or "")
    found = settle(payment.pk, at_stripe(payment))
    assert (found.state, found.decline_code) == ("captured", "")
    shop.deliver("payment_intent.payment_failed")
    assert books(payment)["payment"]["decline_code"] == ""


# Money that comes late


@pytest.mark.parametrize(
    ("given_up", "state", "status"), [(False, "expired", "Expired"), (True, "cancelled", "Cancelled")]
)
def test_late_money_is_recorded_and_flagged_and_the_order_stays_as_it_is(
    shop: Shop,
    payment: Payment,
    product: Any,
    caplog: pytest.LogCaptureFixture,
    given_up: bool,
    state: str,
    status: str,
) -> None:
    """Field failure 22."""
    if given_up:
        Payment.objects.filter(pk=payment.pk).update(cancel_requested_at=timezone.now())
    assert settle(payment.pk, replace(at_stripe(payment), session_ended=True)).state == state
    before = books(payment)
    late = paid(shop, payment)
    # So that it can't be sent back at once; test_late_money.py shows what becomes of it.
    shop.simulator.fault("error", "/v1/refunds", "POST", status=503, count=9)
    caplog.clear()
    with attention() as reasons:
        for _ in range(2):
            assert settle(payment.pk, late).state == state
    after = books(payment)
    assert (after["status"], after["lines"], mails()) == (status, [(1, 0, (10, 0))], [])
    assert after["source"] == (PRICE, PRICE, Decimal(0))
    assert [(kind, amount) for kind, amount, *_ in after["transactions"]] == [
        ("Authorise", PRICE),
        ("Debit", PRICE),
    ]
    assert after["flags"] == [("late_payment", f"NOK 249.00 at {late.payment_intent_id}")]
    assert len(after["notes"]) == len(before["notes"]) + 1
    assert "249.00 arrived after" in after["notes"][-1][0]
    assert after["history"] == before["history"]
    assert reasons == [Flag.Reason.LATE_PAYMENT]
    assert len(warnings(caplog)) == 1


# The order's status


def recorded(found: Books) -> tuple[Any, ...]:
    """What is said of the money."""
    return (found["payment"]["state"], found["source"][:2], len(found["transactions"]), len(found["notes"]))


CAPTURED = ("captured", (PRICE, PRICE), 2, 1)


@pytest.mark.parametrize("status", ["Shipped", "no status at all"])
def test_a_status_that_the_pipeline_refuses_is_flagged_and_the_money_recorded(
    shop: Shop, payment: Payment, settings: Any, status: str
) -> None:
    """Field failure 18."""
    with_order_status(settings, captured=status)
    with attention() as reasons:
        settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert (recorded(found), found["status"], found["history"], mails()) == (CAPTURED, "Pending", [], [EMAIL])
    assert found["flags"] == [("status_refused", f"the pipeline does not lead from 'Pending' to '{status}'")]
    assert reasons == [Flag.Reason.STATUS_REFUSED]


def test_a_receiver_that_fails_when_the_status_changes_is_flagged_and_the_money_recorded(
    shop: Shop, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError(f"can't tell {EMAIL}")

    order_status_changed.connect(fail)
    try:
        settle(payment.pk, paid(shop, payment))
    finally:
        order_status_changed.disconnect(fail)
    found = books(payment)
    assert (recorded(found), found["status"], found["history"], mails()) == (CAPTURED, "Pending", [], [EMAIL])
    [(reason, detail)] = found["flags"]
    assert (reason, detail) == ("status_refused", "RuntimeError while going to 'captured'")
    [record] = [
        each for each in caplog.records if each.name == "oscar_vipps" and "follow" in each.getMessage()
    ]
    told = f"Order {payment.order.number} could not follow its payment to 'captured': "
    assert record.getMessage().startswith(told)
    assert ("RuntimeError" in record.getMessage(), EMAIL in record.getMessage()) == (True, False)
    assert vars(record)["payment"] == payment.reference


def test_a_receiver_that_refuses_the_status_is_quoted(shop: Shop, payment: Payment) -> None:
    def refuse(**kwargs: Any) -> None:
        raise InvalidOrderStatus("Only on weekdays.")

    order_status_changed.connect(refuse)
    try:
        settle(payment.pk, paid(shop, payment))
    finally:
        order_status_changed.disconnect(refuse)
    found = books(payment)
    assert (recorded(found), found["status"]) == (CAPTURED, "Pending")
    assert found["flags"] == [("status_refused", "Only on weekdays.")]


def test_an_outcome_without_a_status_leaves_the_order_alone(
    shop: Shop, payment: Payment, settings: Any
) -> None:
    with_order_status(settings, expired="Expired")
    settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert (recorded(found), found["status"], found["history"], found["flags"]) == (
        CAPTURED,
        "Pending",
        [],
        [],
    )


def test_an_order_that_somebody_moved_already_is_not_moved_again(shop: Shop, payment: Payment) -> None:
    payment.order.set_status("Paid")
    settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert (recorded(found), found["history"], found["flags"]) == (CAPTURED, [("Pending", "Paid")], [])


def test_an_edit_of_the_order_that_came_first_is_not_lost(shop: Shop, payment: Payment) -> None:
    """``Order.set_status`` saves the whole row as it was loaded."""
    snapshot = paid(shop, payment)
    type(payment.order).objects.filter(pk=payment.order_id).update(guest_email="ola@example.com")
    settle(payment.pk, snapshot)
    payment.order.refresh_from_db()
    assert (payment.order.guest_email, payment.order.status) == ("ola@example.com", "Paid")


def test_the_payment_that_settle_returns_has_the_order_as_it_is_now(shop: Shop, payment: Payment) -> None:
    """Whoever saves it, as ``Order.set_status`` does, would otherwise undo the status."""
    found = settle(payment.pk, paid(shop, payment))
    assert found.order.status == books(payment)["status"] == "Paid"


def test_the_log_tells_of_each_state(shop: Shop, payment: Payment, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "oscar_vipps")
    settle(payment.pk, paid(shop, payment))
    number = payment.order.number
    [record] = [each for each in caplog.records if each.getMessage() == f"Order {number}: payment captured"]
    extra = vars(record)
    assert (extra["payment"], extra["order_number"], extra["state"]) == (
        payment.reference,
        number,
        "captured",
    )


def test_notes_are_in_the_shops_language_not_in_the_shoppers(
    shop: Shop, payment: Payment, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "nb"
    with translation.override("en"):
        settle(payment.pk, paid(shop, payment))
    assert [note for note, _kind in books(payment)["notes"]] == ["Vipps: NOK 249.00 er betalt."]


@pytest.mark.parametrize(
    ("uses_time_zones", "stored"),
    [(True, NOON), (False, NOON.replace(hour=14, tzinfo=None))],
)
def test_moments_are_stored_as_the_shop_stores_its_own(
    settings: Any, uses_time_zones: bool, stored: datetime
) -> None:
    """Without time zones that is local time in Oslo, wherever whoever asks may be."""
    settings.USE_TZ = uses_time_zones
    with timezone.override("America/New_York"):
        assert as_stored(NOON) == stored


# The books


def test_what_is_in_the_books_already_is_not_written_again(shop: Shop, payment: Payment) -> None:
    settle(payment.pk, paid(shop, payment))
    before = books(payment)
    payment.refresh_from_db()
    with transaction.atomic():
        ledger.record(payment)
    assert differences(before, books(payment)) == {}


def test_reserved_money_is_allocated_and_debited_when_it_is_captured(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    """Field failures 20, 21."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payment = shopper.go_to_vipps(product)
    reserved = paid(shop, payment)
    settle(payment.pk, reserved)
    found = books(payment)
    assert recorded(found) == ("authorized", (PRICE, Decimal(0)), 1, 1)
    assert (found["status"], [name for name, *_ in found["payment events"]]) == ("Reserved", ["Authorised"])
    assert found["payment"]["charge_id"] == reserved.charge_id
    assert "must be captured within seven days" in found["notes"][0][0]

    captured = replace(reserved, amount_captured=payment.amount)
    settle(payment.pk, captured)
    settle(payment.pk, reserved)
    found = books(payment)
    assert recorded(found) == ("captured", (PRICE, PRICE), 2, 2)
    assert [name for name, *_ in found["payment events"]] == ["Authorised", "Settled"]
    assert (found["status"], mails()) == ("Paid", [EMAIL])
