"""Webhooks, return pages, the reconciler and staff at the same payment in the same moment. Run on SQLite,
PostgreSQL and MariaDB, each thread with a connection of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from io import StringIO
from itertools import count
from threading import Event
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_delete, post_save
from oscar.core.loading import get_class, get_model

from oscar_vipps.models import Payment
from oscar_vipps.payments import operations, refunds
from oscar_vipps.payments.settlement import settle
from tests.integration.stripe_says import at_stripe, paid
from tests.support.factories import voucher
from tests.support.fixtures import Shop
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper
from tests.support.threads import at_once

EventHandler = get_class("order.processing", "EventHandler")
Order = get_model("order", "Order")
StockRecord = get_model("partner", "StockRecord")
Transaction = get_model("payment", "Transaction")
VoucherApplication = get_model("voucher", "VoucherApplication")

ROUNDS = range(3)


def reconcile() -> None:
    call_command("vipps_reconcile", stdout=StringIO(), stderr=StringIO())


def staff_cancel(payment: Payment) -> None:
    """As Oscar's dashboard does, from the order as it was loaded."""
    order = Order.objects.get(pk=payment.order_id)
    if "Cancelled" in order.available_statuses():
        EventHandler().handle_order_status_change(order, "Cancelled")


def deliveries(shop: Shop, *types: str) -> list[Callable[[], Any]]:
    return [
        partial(shop.post_event, event["id"]) for event in shop.simulator.events() if event["type"] in types
    ]


PAID = ("payment_intent.succeeded", "checkout.session.completed")


@pytest.mark.parametrize("round", ROUNDS)
def test_everybody_hears_of_the_money_at_once(shop: Shop, shopper: Shopper, product: Any, round: int) -> None:
    """Field failure 4: one capture, one mail, no deadlock."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    let_time_pass(payment)
    asking = [partial(Shopper().visit, payment, "return") for _ in range(3)]
    answers = at_once(*deliveries(shop, *PAID) * 2, *asking, reconcile, reconcile)

    assert {answer.status_code for answer in answers if answer is not None} == {200}
    payment.refresh_from_db()
    assert payment.state == Payment.State.CAPTURED
    assert Counter(Transaction.objects.values_list("txn_type", flat=True)) == {"Authorise": 1, "Debit": 1}
    assert (payment.order.notes.count(), payment.order.status_changes.count()) == (1, 1)
    assert len(mail.outbox) == 1
    assert not payment.flags.exists()


@pytest.mark.parametrize("round", ROUNDS)
def test_staff_cancel_while_everybody_hears_of_the_money(
    shop: Shop, shopper: Shopper, product: Any, round: int
) -> None:
    """Whoever comes first: the money is booked once, and a cancelled order that has it is flagged."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    let_time_pass(payment)
    asking = [partial(Shopper().visit, payment, "return") for _ in range(3)]
    at_once(*deliveries(shop, *PAID), *asking, reconcile, partial(staff_cancel, payment), reconcile)

    payment.refresh_from_db()
    assert payment.state == Payment.State.CAPTURED
    assert Counter(Transaction.objects.values_list("txn_type", flat=True)) == {"Authorise": 1, "Debit": 1}
    assert product.stockrecords.get().num_allocated == 1
    is_cancelled = payment.order.status == "Cancelled"
    assert len(mail.outbox) in ([0, 1] if is_cancelled else [1])
    reasons = set(payment.flags.filter(resolved_at=None).values_list("reason", flat=True))
    assert ("order_cancelled" in reasons) is is_cancelled


@pytest.mark.parametrize("round", ROUNDS)
def test_the_shopper_approves_while_staff_and_shopper_cancel(
    shop: Shop, shopper: Shopper, product: Any, round: int
) -> None:
    """Field failures 2 and 24: in the end, both sides say the same."""
    payment = shopper.go_to_vipps(product)
    let_time_pass(payment)
    at_once(
        partial(shop.simulator.try_to_pay, payment.session_id or ""),
        partial(staff_cancel, payment),
        partial(shopper.press, payment, "cancel"),
        *(partial(Shopper().visit, payment, "return") for _ in range(3)),
        reconcile,
        reconcile,
    )
    shop.deliver()
    payment.refresh_from_db()
    ended = {"complete": Payment.State.CAPTURED, "expired": Payment.State.CANCELLED}
    assert payment.state == ended[shop.session(payment)["status"]]
    assert product.stockrecords.get().num_allocated == (1 if payment.is_paid else 0)
    is_confirmed = payment.is_paid and payment.order.status != "Cancelled"
    assert len(mail.outbox) <= payment.is_paid
    assert not is_confirmed or len(mail.outbox) == 1


@pytest.mark.parametrize("round", ROUNDS)
def test_late_money_goes_back_once(shop: Shop, shopper: Shopper, product: Any, round: int) -> None:
    """Field failure 22."""
    payment = shopper.go_to_vipps(product)
    open_session = at_stripe(payment)
    settle(payment.pk, open_session.__class__(**{**vars(open_session), "session_ended": True}))
    late = paid(shop, payment)
    let_time_pass(payment)
    at_once(
        *deliveries(shop, *PAID) * 2,
        *(partial(settle, payment.pk, late) for _ in range(2)),
        reconcile,
        reconcile,
    )
    shop.deliver()
    let_time_pass(payment)
    reconcile()
    payment.refresh_from_db()
    assert [refund["amount"] for refund in shop.simulator.state()["refunds"]] == [24900]
    assert (payment.amount_held, payment.refunds.count()) == (0, 1)
    assert not payment.flags.filter(resolved_at=None).exists()


def test_no_more_is_refunded_than_there_is(shop: Shop, shopper: Shopper, product: Any) -> None:
    """Field failure 19: what is left is promised under a lock."""
    payment = shopper.go_to_vipps(product)
    payment = settle(payment.pk, paid(shop, payment))

    def refund() -> bool:
        try:
            refunds.send(refunds.request_refund(payment, refunds.Wish(10000)))
        except ValueError:
            return False
        return True

    assert Counter(at_once(*[refund] * 8)) == {True: 2, False: 6}
    assert operations.refresh(payment).amount_refunded == 20000


# Locks that are taken in one order


def blocked() -> int:
    """How many connections to this database wait for a lock."""
    queries = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()",
        "mysql": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    }
    with connection.cursor() as cursor:
        cursor.execute(queries[connection.vendor])
        found: int = cursor.fetchone()[0]
    return found


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks the whole database")
def test_an_order_is_placed_while_another_is_given_up(shop: Shop, product: Any) -> None:
    """Both take vouchers, offers and stock; the second waits for the first, and there is no deadlock.

    The order that is given up stops as soon as it has taken or given back the first of these, until the
    other waits for a lock.
    """
    voucher(usage="Multi-use")
    first, second = Shopper(), Shopper()
    for shopper in (first, second):
        shopper.add(product)
        shopper.add_voucher("TEN")
    payment = first.go_to_vipps()
    second.identify()
    second.choose()
    has_begun = Event()

    def stop(**kwargs: Any) -> None:
        if has_begun.is_set():
            return
        has_begun.set()
        # Bounded, should the other not need what is locked here.
        for _look in count():
            if blocked() or _look > 2000:
                return

    def give_up() -> Any:
        post_delete.connect(stop, sender=VoucherApplication)
        post_save.connect(stop, sender=StockRecord)
        try:
            return first.press(payment, "cancel")
        finally:
            post_delete.disconnect(stop, sender=VoucherApplication)
            post_save.disconnect(stop, sender=StockRecord)
            has_begun.set()

    def place() -> Any:
        has_begun.wait()
        return second.submit()

    given_up, placed = at_once(give_up, place)
    assert (given_up.status_code, placed.status_code) == (303, 303)
    payment.refresh_from_db()
    assert payment.state == Payment.State.CANCELLED
    assert Order.objects.count() == 2
    assert product.stockrecords.get().num_allocated == 1
