"""Refunds, whoever made them: told in whatever order and however often, they end in the same books.

Field failures 15 (recorded twice), 16 (failed, shown as done) and 17 (made in Stripe's Dashboard and missed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from itertools import accumulate, pairwise, permutations
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from oscar_vipps.gateway.snapshot import RefundSnapshot
from oscar_vipps.models import Payment, Refund, WebhookEvent
from oscar_vipps.money import to_decimal, to_ore
from oscar_vipps.payments import operations, refund_lines, refunds
from oscar_vipps.payments.settlement import settle
from oscar_vipps.signals import payment_refunded
from oscar_vipps.webhooks import inbox
from tests.integration.books import Books, books, hear, mails
from tests.integration.stripe_says import at_stripe, paid
from tests.simulator.orders import client_for
from tests.support.customer import EMAIL
from tests.support.factories import voucher
from tests.support.fixtures import Shop
from tests.support.mail import DOWN
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper

TELLING = {"payment_intent.succeeded", "refund.created", "refund.updated", "refund.failed"}
PRICE, NOTHING = Decimal("249.00"), Decimal(0)


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """A payment whose session is open."""
    return shopper.go_to_vipps(product)


@pytest.fixture
def captured(shop: Shop, payment: Payment) -> Payment:
    return settle(payment.pk, paid(shop, payment))


def in_dashboard(shop: Shop, payment: Payment, amount: int | None = None) -> str:
    """Somebody refunds in Stripe's own Dashboard: nothing of ours is on it."""
    client = client_for(shop.simulator)
    parameters: Any = {"payment_intent": shop.session(payment)["payment_intent"]}
    if amount is not None:
        parameters["amount"] = amount
    return client.v1.refunds.create(parameters).id


def money(payment: Payment) -> tuple[Any, ...]:
    """Øre that are refunded, the source, and the order's status."""
    found = books(payment)
    return found["payment"]["amount_refunded"], found["source"][2], found["status"]


def test_a_refund_in_stripes_dashboard_is_reflected(shop: Shop, captured: Payment) -> None:
    in_dashboard(shop, captured)
    shop.deliver()
    assert money(captured) == (24900, PRICE, "Refunded")
    found = books(captured)
    assert [(kind, amount) for kind, amount, *_ in found["transactions"]][-1] == ("Refund", PRICE)
    assert found["payment events"][-1][:2] == ("Refunded", PRICE)
    assert found["notes"][-1][0] == "Vipps: NOK 249.00 was refunded."


def test_refunds_in_parts(shop: Shop, captured: Payment) -> None:
    told: list[Refund] = []

    def receive(refund: Refund, **kwargs: Any) -> None:
        told.append(refund)

    payment_refunded.connect(receive)
    in_dashboard(shop, captured, 10000)
    shop.deliver()
    assert money(captured) == (10000, Decimal("100.00"), "Partly refunded")
    in_dashboard(shop, captured, 14900)
    shop.deliver()
    shop.deliver()
    payment_refunded.disconnect(receive)
    assert money(captured) == (24900, PRICE, "Refunded")
    assert [new for _old, new in books(captured)["history"]] == ["Paid", "Partly refunded", "Refunded"]
    assert [refund.amount for refund in told] == [10000, 14900]


def test_a_refund_that_the_order_cannot_follow_is_recorded_and_flagged(
    shop: Shop, captured: Payment, settings: Any
) -> None:
    statuses = {**settings.OSCAR_VIPPS["ORDER_STATUS"], "refunded": "Pending"}
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "ORDER_STATUS": statuses}
    in_dashboard(shop, captured)
    shop.deliver()
    assert money(captured) == (24900, PRICE, "Paid")
    assert [flag.reason for flag in captured.flags.all()] == ["status_refused"]


def test_the_answer_and_the_webhook_meet_in_one_row(shop: Shop, captured: Payment) -> None:
    """Field failure 15."""
    refunds.send(refunds.request_refund(captured, refunds.Wish(5000)))
    shop.deliver()
    shop.deliver()
    [refund] = captured.refunds.all()
    assert (refund.status, refund.amount, refund.refund_id is None) == ("succeeded", 5000, False)
    assert money(captured) == (5000, Decimal("50.00"), "Partly refunded")


def test_the_webhook_may_be_faster_than_the_answer(shop: Shop, captured: Payment, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0, "TIMEOUT": 0.5}
    wish = refunds.request_refund(captured, refunds.Wish(5000))
    shop.simulator.fault("timeout_after", "/v1/refunds", "POST")
    with pytest.raises(Exception, match="No answer"):
        refunds.send(wish)
    shop.deliver()
    refunds.send(wish)
    assert captured.refunds.count() == len(shop.simulator.state()["refunds"]) == 1
    assert money(captured) == (5000, Decimal("50.00"), "Partly refunded")


def test_a_refund_that_only_claims_to_be_ours_takes_no_row_of_ours(shop: Shop, captured: Payment) -> None:
    """Whoever refunds in Stripe's Dashboard may have copied the metadata of another."""
    refunds.send(refunds.request_refund(captured, refunds.Wish(5000)))
    ours = captured.refunds.get()
    copied = RefundSnapshot("re_copied", 100, "succeeded", reference=ours.reference)
    settle(captured.pk, replace(at_stripe(captured), refunds=(copied,)))
    found = captured.refunds.values_list("refund_id", "amount")
    assert sorted(found) == sorted([(ours.refund_id, 5000), ("re_copied", 100)])


def test_news_of_one_refund_stand_behind_those_of_another_that_are_none(
    shop: Shop, captured: Payment
) -> None:
    first, second = (RefundSnapshot(f"re_{number}", 100, "succeeded") for number in (1, 2))
    settle(captured.pk, replace(at_stripe(captured), refunds=(first,)))
    settle(captured.pk, replace(at_stripe(captured), refunds=(first, second)))
    assert money(captured) == (200, Decimal("2.00"), "Partly refunded")


def test_pending_is_not_refunded(shop: Shop, captured: Payment) -> None:
    """Field failure 16."""
    shop.simulator.refund_outcomes("pending")
    refund_id = in_dashboard(shop, captured)
    shop.deliver()
    assert money(captured) == (0, NOTHING, "Paid")
    assert captured.refunds.get().status == "pending"
    assert refunds.refundable(captured) == 0
    shop.simulator.decide_refund(refund_id, "succeeded")
    shop.deliver()
    assert money(captured) == (24900, PRICE, "Refunded")


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_comes_back_is_taken_out_of_the_books(
    shop: Shop, captured: Payment, status: str
) -> None:
    """Field failure 16."""
    refund_id = in_dashboard(shop, captured, 10000)
    shop.deliver()
    shop.simulator.decide_refund(refund_id, status)
    shop.deliver()
    shop.deliver()
    refunded, source, _status = money(captured)
    assert (refunded, source) == (0, NOTHING)
    amounts = [amount for kind, amount, *_ in books(captured)["transactions"] if kind == "Refund"]
    assert amounts == [Decimal("100.00"), Decimal("-100.00")]
    refund, flag = captured.refunds.get(), captured.flags.get()
    why = refund.failure_reason or refund.status
    assert (flag.reason, flag.detail) == ("refund_failed", f"NOK 100.00, {refund_id}: {why}")
    note, _kind = books(captured)["notes"][-1]
    assert note == "Vipps: a refund of NOK 100.00 did not reach the shopper."
    assert refunds.refundable(captured) == 24900


def test_the_replacement_of_a_refund_that_came_back_may_be_heard_of_first(
    shop: Shop, captured: Payment
) -> None:
    in_dashboard(shop, captured)
    shop.deliver()
    failing = shop.simulator.state()["refunds"][0]["id"]
    shop.simulator.decide_refund(failing, "failed")
    in_dashboard(shop, captured)
    events = {each["data"]["object"]["id"]: each["id"] for each in shop.simulator.events("refund.created")}
    [replacement] = events.keys() - {failing}
    assert shop.post_event(events[replacement]).status_code == 200
    assert money(captured)[0] == 24900
    shop.deliver()
    assert money(captured) == (24900, PRICE, "Refunded")
    assert sorted(each.status for each in captured.refunds.all()) == ["failed", "succeeded"]


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_the_order_is_then_what_it_was_before(shop: Shop, captured: Payment, status: str) -> None:
    """Field failure 16."""
    refund_id = in_dashboard(shop, captured, 10000)
    shop.deliver()
    assert money(captured)[2] == "Partly refunded"
    shop.simulator.decide_refund(refund_id, status)
    shop.deliver()
    assert money(captured)[2] == "Paid"


def test_money_that_comes_back_of_a_cancelled_order_is_flagged_again(shop: Shop, captured: Payment) -> None:
    captured.order.refresh_from_db()
    captured.order.set_status("Cancelled")
    operations.call_off(captured)
    refund_id = in_dashboard(shop, captured)
    shop.deliver()
    assert [(each.reason, each.resolved_at is None) for each in captured.flags.all()] == [
        ("order_cancelled", False)
    ]
    shop.simulator.decide_refund(refund_id, "failed")
    shop.deliver()
    assert [(each.reason, each.resolved_at is None) for each in captured.flags.all()] == [
        ("order_cancelled", True),
        ("refund_failed", True),
    ]


def test_the_shopper_is_told_once_and_when_the_money_is_on_its_way(shop: Shop, captured: Payment) -> None:
    """Field failure 16."""
    shop.simulator.refund_outcomes("pending")
    refund_id = in_dashboard(shop, captured, 5000)
    shop.deliver()
    assert len(mails()) == 1
    shop.simulator.decide_refund(refund_id, "succeeded")
    shop.deliver()
    shop.deliver()
    _confirmation, message = mail.outbox
    assert message.to == [EMAIL]
    assert message.subject == f"NOK50.00 is refunded for order {captured.order.number}"
    assert "https://example.com/accounts/order-status/" in message.body
    assert captured.refunds.get().confirmation_sent_at is not None


def test_a_mail_about_a_refund_that_fails_is_sent_later(shop: Shop, captured: Payment) -> None:
    with override_settings(**DOWN):
        in_dashboard(shop, captured, 5000)
        shop.deliver()
        assert money(captured)[0] == 5000
        let_time_pass(captured)
        with pytest.raises(CommandError):
            call_command("vipps_reconcile", stdout=StringIO(), stderr=StringIO())
    let_time_pass(captured)
    call_command("vipps_reconcile", stdout=StringIO())
    call_command("vipps_reconcile", stdout=StringIO())
    assert len(mails()) == 2


# By lines


def test_goods_are_refunded_at_the_price_that_was_paid(shop: Shop, shopper: Shopper, product: Any) -> None:
    """A discount that doesn't divide: all refunds of a line together make what was paid for it."""
    code = voucher(percent=10).code
    shopper.add(product, quantity=7)
    shopper.add_voucher(code)
    shopper.identify()
    shopper.choose()
    shopper.open(shopper.submit().url)
    payment = Payment.objects.get()
    payment = settle(payment.pk, paid(shop, payment))
    line = payment.order.lines.get()
    total = to_ore(line.line_price_incl_tax)
    assert total == payment.amount == 156870
    for quantity in (1, 3, 3):
        refunds.send(refunds.request_refund(payment, refunds.Wish(goods={line: quantity})))
    assert [each.amount for each in payment.refunds.all()] == [22410, 67230, 67230]
    assert refund_lines.quantities_left(payment) == {line: 0}
    assert money(payment)[2] == "Refunded"
    events = books(payment)["payment events"]
    assert [(name, quantities) for name, _amount, _reference, quantities in events if name == "Refunded"] == [
        ("Refunded", [1]),
        ("Refunded", [3]),
        ("Refunded", [3]),
    ]


@given(total=st.integers(1, 10**9), parts=st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_the_parts_of_a_price_make_the_price(total: int, parts: list[int]) -> None:
    line = SimpleNamespace(line_price_incl_tax=to_decimal(total), quantity=sum(parts))
    counts = [0, *accumulate(parts)]
    prices = [
        refund_lines.price(line, after) - refund_lines.price(line, before)
        for before, after in pairwise(counts)
    ]
    assert sum(prices) == total
    assert min(prices) >= 0


@pytest.mark.parametrize("quantity", [0, -1, 2])
def test_no_more_goods_than_were_bought(shop: Shop, captured: Payment, quantity: int) -> None:
    line = captured.order.lines.get()
    with pytest.raises(refunds.NotRefundable, match="can't be refunded"):
        refunds.request_refund(captured, refunds.Wish(goods={line: quantity}))
    assert not captured.refunds.exists()


def test_goods_that_failed_to_be_refunded_are_left(shop: Shop, captured: Payment) -> None:
    line = captured.order.lines.get()
    shop.simulator.refund_outcomes("failed")
    refunds.send(refunds.request_refund(captured, refunds.Wish(goods={line: 1})))
    shop.deliver()
    assert refund_lines.quantities_left(captured) == {line: 1}


def stock_of(payment: Payment) -> tuple[int, int]:
    """In stock, and held for orders."""
    record = payment.order.lines.get().stockrecord
    return record.num_in_stock, record.num_allocated


@pytest.mark.parametrize("returns_stock", [True, False])
@pytest.mark.parametrize("is_sent", [True, False])
def test_stock_comes_back_where_staff_say_so(
    shop: Shop, captured: Payment, returns_stock: bool, is_sent: bool
) -> None:
    """Goods that were sent left the stock; the others were only held."""
    line = captured.order.lines.get()
    before = stock_of(captured)
    if is_sent:
        line.consume_allocation(1)
    shop.simulator.refund_outcomes("pending")
    refunds.send(refunds.request_refund(captured, refunds.Wish(goods={line: 1}, returns_stock=returns_stock)))
    meanwhile = stock_of(captured)
    assert meanwhile == ((before[0] - 1, before[1] - 1) if is_sent else before)
    shop.simulator.decide_refund(captured.refunds.get().refund_id or "", "succeeded")
    shop.deliver()
    shop.deliver()
    assert stock_of(captured) == ((before[0], before[1] - 1) if returns_stock else meanwhile)


def test_stock_that_nobody_keeps_any_more_stays_away(shop: Shop, captured: Payment, product: Any) -> None:
    line = captured.order.lines.get()
    product.stockrecords.all().delete()
    refunds.send(refunds.request_refund(captured, refunds.Wish(goods={line: 1}, returns_stock=True)))
    shop.deliver()
    assert money(captured)[2] == "Refunded"


def test_the_reason_is_told_to_stripe(shop: Shop, captured: Payment) -> None:
    refunds.send(refunds.request_refund(captured, refunds.Wish(100, reason="duplicate")))
    [refund] = shop.simulator.state()["refunds"]
    assert refund["reason"] == "duplicate"


# Of money that is only reserved


@pytest.fixture
def reserved(shop: Shop, shopper: Shopper, product: Any, settings: Any) -> Payment:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    waiting = shopper.go_to_vipps(product)
    return settle(waiting.pk, paid(shop, waiting))


def test_a_part_is_refunded_once_the_whole_is_captured(shop: Shop, reserved: Payment) -> None:
    wish = refunds.request_refund(reserved, refunds.Wish(4900), once_captured=True)
    assert refunds.reserved_left(reserved) == 20000
    refunds.send(wish)
    let_time_pass(reserved)
    call_command("vipps_reconcile", stdout=StringIO())
    assert (shop.simulator.state()["refunds"], money(reserved)[2]) == ([], "Reserved")
    with pytest.raises(refunds.NotRefundable):
        refunds.request_refund(reserved, refunds.Wish(20001), once_captured=True)
    with pytest.raises(refunds.NotRefundable):
        refunds.request_refund(reserved, refunds.Wish(100))
    # Captured, and the process that was to refund is killed.
    operations.capture(reserved)
    let_time_pass(reserved)
    call_command("vipps_reconcile", stdout=StringIO())
    assert money(reserved) == (4900, Decimal("49.00"), "Partly refunded")


def test_nothing_is_refunded_of_a_reservation_that_is_gone(shop: Shop, reserved: Payment) -> None:
    refunds.request_refund(reserved, refunds.Wish(4900), once_captured=True)
    operations.void(reserved)
    assert reserved.refunds.get().status == "cancelled"
    assert (shop.simulator.state()["refunds"], money(reserved)[2]) == ([], "Cancelled")
    assert not reserved.flags.exists()


def test_a_reservation_that_ran_out_is_flagged(shop: Shop, reserved: Payment) -> None:
    """Field failure 20: it expired unnoticed."""
    shop.simulator.advance(7 * 24 * 3600 + 60)
    shop.deliver()
    assert money(reserved)[2] == "Cancelled"
    assert [(each.reason, each.resolved_at) for each in reserved.flags.all()] == [("reservation_lost", None)]


@pytest.mark.parametrize("amount", [0, -1, 24901])
def test_nothing_but_what_is_left_can_be_refunded(shop: Shop, captured: Payment, amount: int) -> None:
    """Field failure 19: "refund 0" refunds nothing."""
    with pytest.raises(ValueError, match="can't be refunded"):
        refunds.request_refund(captured, refunds.Wish(amount))
    refunds.request_refund(captured, refunds.Wish(24000))
    with pytest.raises(ValueError, match="900 are left"):
        refunds.request_refund(captured, refunds.Wish(901))
    assert shop.simulator.state()["refunds"] == []


def test_refunds_are_found_by_asking_too(shop: Shop, captured: Payment) -> None:
    for amount in (100, 200):
        in_dashboard(shop, captured, amount)
    operations.refresh(captured)
    assert money(captured) == (300, Decimal("3.00"), "Partly refunded")
    assert [refund.amount for refund in captured.refunds.all()] == [100, 200]


def test_a_refund_of_another_shop_is_ignored_and_answered(shop: Shop, captured: Payment) -> None:
    """Field failure 28."""
    Payment.objects.filter(pk=captured.pk).update(payment_intent_id="pi_another")
    in_dashboard(shop, captured)
    assert {answer.status_code for answer in shop.deliver("refund.created")} == {200}
    event = WebhookEvent.objects.get(type="refund.created")
    assert (event.status, event.reason) == ("ignored", "Not about a payment of this shop.")


def test_a_reservation_that_is_released_is_no_refund(shop: Shop, payment: Payment, settings: Any) -> None:
    """Of which Stripe may speak as of one."""
    payment = settle(payment.pk, paid(shop, payment))
    in_dashboard(shop, payment)
    Payment.objects.filter(pk=payment.pk).update(
        state="authorized", amount_captured=0, capture_method="manual"
    )
    shop.deliver("refund.created")
    event = WebhookEvent.objects.get(type="refund.created")
    assert (event.status, event.reason) == ("ignored", "The money is not known to be captured.")
    assert not payment.refunds.exists()


# Every order


def sorted_books(payment: Payment) -> Books:
    """Refunds that are told in another order are booked in another order; what is booked is the same."""
    found = books(payment)
    for part in ("transactions", "payment events", "notes"):
        found[part] = Counter(map(str, found[part]))
    refunds = Refund.objects.filter(payment=payment).order_by("refund_id")
    return {**found, "refunds": list(refunds.values_list("refund_id", "amount", "status")), "mails": mails()}


@pytest.mark.parametrize("ends", ["succeeded", "failed"])
def test_a_life_with_refunds_in_every_order_and_twice(
    shop: Shop,
    payment: Payment,
    ends: str,
    django_capture_on_commit_callbacks: Any,
    figure: Callable[[str, int], None],
) -> None:
    shop.simulator.pay(payment.session_id or "")
    shop.simulator.refund_outcomes("succeeded", "pending")
    in_dashboard(shop, payment, 10000)
    later = in_dashboard(shop, payment, 14900)
    shop.simulator.decide_refund(later, "failed" if ends == "failed" else "succeeded")
    told = [event for event in shop.simulator.events() if event["type"] in TELLING]
    assert len(told) == (5 if ends == "failed" else 4)
    numbers = [inbox.store(event).pk for event in told]

    def heard(order: Sequence[int]) -> Books:
        return hear(order, django_capture_on_commit_callbacks, lambda: sorted_books(payment))

    natural = heard(numbers)
    assert natural["status"] == ("Refunded" if ends == "succeeded" else "Partly refunded")
    assert natural["source"][2] == (PRICE if ends == "succeeded" else 100)
    # The confirmation, and one for each refund that arrived.
    assert natural["mails"] == [EMAIL] * (3 if ends == "succeeded" else 2)
    orders = list(permutations(numbers))
    for order in orders:
        assert heard([*order, *order]) == natural, order
    figure("orders in which the events of a life were heard", len(orders))
