"""Disputes: whatever the bank does, in whatever order it is heard, the books, the order and staff know it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from itertools import permutations
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from oscar_vipps.models import Dispute, Payment
from oscar_vipps.money import to_decimal
from oscar_vipps.payments import dispute_rows, operations, reconcile, refunds
from oscar_vipps.payments.settlement import settle
from oscar_vipps.shop import orders, staff_mail
from oscar_vipps.shop.mail import send_once
from oscar_vipps.signals import payment_disputed
from oscar_vipps.webhooks import inbox
from tests.integration.books import Books, books, differences, hear
from tests.integration.stripe_says import at_stripe, paid
from tests.support.fixtures import Shop
from tests.support.mail import DOWN, managers
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper

STAFF = "drift@butikk.example"
TELLING = ("payment_intent.succeeded", "charge.dispute.", "refund.")


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any, settings: Any) -> Payment:
    """A captured payment."""
    settings.MANAGERS = managers(STAFF)
    waiting = shopper.go_to_vipps(product)
    return settle(waiting.pk, paid(shop, waiting))


def disputed(shop: Shop, payment: Payment, **more: Any) -> str:
    """The bank begins, and Stripe tells."""
    dispute_id = shop.simulator.dispute(payment.payment_intent_id or "", **more)
    shop.deliver()
    return dispute_id


def decided(shop: Shop, dispute_id: str, status: str) -> None:
    shop.simulator.decide_dispute(dispute_id, status)
    shop.deliver()


def withdrawn(payment: Payment) -> int:
    """Øre that the bank has, as the ledger says, too."""
    payment.refresh_from_db()
    amounts = [row[1] for row in books(payment)["transactions"] if row[0] == "Dispute"]
    assert sum(amounts, Decimal(0)) == to_decimal(payment.amount_disputed)
    return payment.amount_disputed


def flags(payment: Payment) -> list[tuple[str, bool]]:
    return [(flag.reason, flag.resolved_at is None) for flag in payment.flags.all()]


def mails_to_staff() -> list[Any]:
    return [message for message in mail.outbox if message.to == [STAFF]]


def test_a_dispute_is_seen_at_once(shop: Shop, payment: Payment) -> None:
    heard: list[Any] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments["dispute"])

    payment_disputed.connect(listen)
    try:
        dispute_id = disputed(shop, payment, reason="product_not_received")
        shop.deliver()
    finally:
        payment_disputed.disconnect(listen)
    dispute = payment.disputes.get()
    assert (dispute.dispute_id, dispute.amount, dispute.reason) == (dispute_id, 24900, "product_not_received")
    assert dispute.status == "needs_response"
    assert dispute.evidence_due_at is not None
    assert dispute.evidence_due_at > timezone.now()
    assert books(payment)["status"] == "Disputed"
    assert flags(payment) == [("disputed", True)]
    assert withdrawn(payment) == 24900
    assert heard == [dispute]
    [message] = mails_to_staff()
    assert payment.order.number in message.subject
    assert "The goods have not come, says the shopper" in message.body
    assert f"https://example.com/dashboard/vipps/{payment.reference}/" in message.body


def test_nothing_is_refunded_while_a_dispute_is_open(shop: Shop, payment: Payment) -> None:
    dispute_id = disputed(shop, payment)
    with pytest.raises(refunds.DisputeIsOpen, match=dispute_id):
        refunds.request_refund(payment, refunds.Wish(100))
    shop.simulator.dispute_answered(dispute_id)
    shop.deliver()
    with pytest.raises(refunds.DisputeIsOpen):
        refunds.request_refund(payment, refunds.Wish(100))
    assert not payment.refunds.exists()


def test_a_dispute_that_is_won(shop: Shop, payment: Payment) -> None:
    decided(shop, disputed(shop, payment), "won")
    assert (books(payment)["status"], flags(payment)) == ("Paid", [("disputed", False)])
    assert (withdrawn(payment), refunds.refundable(payment)) == (0, 24900)


def test_the_order_goes_back_to_what_it_was(shop: Shop, payment: Payment) -> None:
    payment.order.refresh_from_db()
    payment.order.set_status("Shipped")
    decided(shop, disputed(shop, payment), "won")
    # The sandbox's pipeline doesn't send a shipped order again.
    assert books(payment)["history"][-2:] == [("Shipped", "Disputed"), ("Disputed", "Shipped")]


def test_an_order_that_staff_moved_meanwhile_stays_there(
    shop: Shop, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispute_id = disputed(shop, payment)
    payment.order.refresh_from_db()
    pipeline = {**payment.order.pipeline, "Disputed": ("Shipped", "Paid"), "Shipped": ("Paid",)}
    monkeypatch.setattr(type(payment.order), "pipeline", pipeline)
    payment.order.set_status("Shipped")
    decided(shop, dispute_id, "won")
    assert books(payment)["status"] == "Shipped"


def test_where_nobody_knows_what_the_order_was_it_stays_as_it_is(shop: Shop, payment: Payment) -> None:
    dispute_id = disputed(shop, payment)
    payment.order.status_changes.all().delete()
    decided(shop, dispute_id, "won")
    assert (books(payment)["status"], flags(payment)) == ("Disputed", [("disputed", False)])


def test_a_dispute_that_is_lost(shop: Shop, payment: Payment) -> None:
    decided(shop, disputed(shop, payment, amount=10000), "lost")
    assert (books(payment)["status"], flags(payment)) == ("Disputed", [("disputed", True)])
    assert (withdrawn(payment), refunds.refundable(payment)) == (10000, 14900)
    assert payment.flags.get().detail.endswith("lost")


def test_an_inquiry_takes_no_money_and_may_be_refunded(shop: Shop, payment: Payment) -> None:
    dispute_id = disputed(shop, payment, inquiry=True)
    assert (books(payment)["status"], flags(payment)) == ("Paid", [("disputed", True)])
    assert (withdrawn(payment), refunds.refundable(payment)) == (0, 24900)
    assert len(mails_to_staff()) == 1
    decided(shop, dispute_id, "closed")
    assert flags(payment) == [("disputed", False)]


def test_an_inquiry_that_becomes_a_dispute(shop: Shop, payment: Payment) -> None:
    dispute_id = disputed(shop, payment, inquiry=True)
    shop.simulator.escalate_dispute(dispute_id)
    shop.deliver()
    assert (books(payment)["status"], flags(payment)) == ("Disputed", [("disputed", True)])
    assert (withdrawn(payment), len(mails_to_staff())) == (24900, 2)


def test_disputes_are_found_by_asking_too(shop: Shop, payment: Payment) -> None:
    dispute_id = shop.simulator.dispute(payment.payment_intent_id or "")
    operations.refresh(payment)
    assert (payment.disputes.get().dispute_id, books(payment)["status"]) == (dispute_id, "Disputed")
    shop.simulator.decide_dispute(dispute_id, "won")
    operations.refresh(payment)
    operations.refresh(payment)
    assert (books(payment)["status"], withdrawn(payment)) == ("Paid", 0)


def test_a_dispute_of_more_than_was_paid_is_flagged(shop: Shop, payment: Payment) -> None:
    shop.simulator.dispute(payment.payment_intent_id or "")
    event = inbox.store(shop.simulator.events("charge.dispute.created")[0])
    event.payload["amount"] = 24901
    event.save()
    inbox.process(event)
    assert flags(payment) == [("mismatch", True)]
    assert not Dispute.objects.exists()


def test_a_mail_to_staff_that_fails_hinders_nothing_and_is_sent_later(shop: Shop, payment: Payment) -> None:
    with override_settings(**DOWN):
        disputed(shop, payment)
        with pytest.raises(ConnectionRefusedError):
            staff_mail.remind_of_captures([payment])
    assert flags(payment) == [("disputed", True)]
    for _twice in range(2):
        let_time_pass(payment)
        call_command("vipps_reconcile", stdout=StringIO())
        assert len(mails_to_staff()) == 1


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_all_mails_that_are_due_are_sent_at_once(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, is_cancelled: bool
) -> None:
    """That nothing is confirmed of an order that staff cancelled keeps no other mail from being sent."""
    settings.MANAGERS = managers(STAFF)
    waiting = shopper.go_to_vipps(product)
    with override_settings(**DOWN):
        payment = settle(waiting.pk, paid(shop, waiting))
        if is_cancelled:
            payment.order.refresh_from_db()
            payment.order.set_status("Cancelled")
        refunds.send(refunds.request_refund(payment, refunds.Wish(100)))
        disputed(shop, payment, inquiry=True)
    assert mail.outbox == []
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    assert len(mails_to_staff()) == 1
    assert len(mail.outbox) == (2 if is_cancelled else 3)


def test_a_mail_about_an_inquiry_that_is_on_its_way_isnt_taken_for_the_one_about_the_dispute(
    shop: Shop, payment: Payment
) -> None:
    with override_settings(**DOWN):
        dispute_id = disputed(shop, payment, inquiry=True)

        def escalated_meanwhile() -> None:
            shop.simulator.escalate_dispute(dispute_id)
            shop.deliver()

        send_once(payment.disputes.get(), payment, escalated_meanwhile)
    assert payment.disputes.get().confirmation_sent_at is None


def test_what_was_refunded_since_the_bank_asked_isnt_disputed(shop: Shop, payment: Payment) -> None:
    dispute_id = disputed(shop, payment, inquiry=True)
    refunds.send(refunds.request_refund(payment, refunds.Wish(10000)))
    shop.simulator.escalate_dispute(dispute_id)
    shop.deliver()
    assert (payment.disputes.get().amount, withdrawn(payment)) == (14900, 14900)
    assert refunds.refundable(payment) == 0


def test_money_that_comes_back_is_known_to_have_been_withdrawn(shop: Shop, payment: Payment) -> None:
    """Whichever of the two is heard first."""
    shop.simulator.decide_dispute(shop.simulator.dispute(payment.payment_intent_id or ""), "won")
    [event] = shop.simulator.events("charge.dispute.funds_reinstated")
    inbox.process(inbox.store(event))
    assert withdrawn(payment) == 0
    assert [row[1] for row in books(payment)["transactions"] if row[0] == "Dispute"] == [249, -249]
    shop.deliver()
    assert withdrawn(payment) == 0


def test_a_dispute_that_is_lost_stays_marked_when_another_is_won(shop: Shop, payment: Payment) -> None:
    decided(shop, disputed(shop, payment, amount=10000), "lost")
    decided(shop, disputed(shop, payment, amount=10000), "won")
    assert (books(payment)["status"], flags(payment)) == ("Disputed", [("disputed", True)])


def test_an_order_stays_disputed_when_a_refund_comes_back(shop: Shop, payment: Payment) -> None:
    """And is what it was before both when the dispute is won."""
    kept, returned = (refunds.request_refund(payment, refunds.Wish(5000)) for _twice in range(2))
    for refund in (kept, returned):
        refunds.send(refund)
    dispute_id = disputed(shop, payment, amount=10000)
    for refund, while_open, status in ((returned, True, "Disputed"), (kept, False, "Paid")):
        if not while_open:
            decided(shop, dispute_id, "won")
            assert books(payment)["status"] == "Partly refunded"
        refund.refresh_from_db()
        shop.simulator.decide_refund(refund.refund_id or "", "failed")
        shop.deliver()
        assert books(payment)["status"] == status


def test_an_order_is_what_it_was_before_a_refund_that_came_back_meanwhile(
    shop: Shop, payment: Payment
) -> None:
    refund = refunds.request_refund(payment, refunds.Wish(5000))
    refunds.send(refund)
    dispute_id = disputed(shop, payment, amount=10000)
    refund.refresh_from_db()
    shop.simulator.decide_refund(refund.refund_id or "", "failed")
    shop.deliver()
    assert books(payment)["status"] == "Disputed"
    decided(shop, dispute_id, "won")
    assert books(payment)["status"] == "Paid"


def test_money_of_a_cancelled_order_that_a_bank_gives_back_is_flagged(shop: Shop, payment: Payment) -> None:
    dispute_id = disputed(shop, payment)
    payment.order.refresh_from_db()
    payment.order.set_status("Cancelled")
    assert flags(payment) == [("disputed", True)]
    decided(shop, dispute_id, "won")
    assert flags(payment) == [("disputed", False), ("order_cancelled", True)]


def test_late_money_that_a_bank_has_withdrawn_and_given_back_goes_back(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    payment = shopper.go_to_vipps(product)
    settle(payment.pk, replace(at_stripe(payment), session_ended=True))
    shop.simulator.pay(payment.session_id or "")
    intent = shop.session(payment)["payment_intent"]
    dispute_id = shop.simulator.dispute(intent)
    # Stripe refunds nothing meanwhile.
    shop.deliver()
    assert (withdrawn(payment), payment.holds_money, payment.state) == (24900, False, "expired")
    assert ("late_payment", False) in flags(payment)
    let_time_pass(payment)
    assert not reconcile.due(timezone.now()).exists()
    decided(shop, dispute_id, "won")
    assert ("late_payment", True) in flags(payment)
    let_time_pass(payment)
    assert reconcile.why_due(payment) == reconcile.Due.LATE_MONEY
    assert reconcile.due(timezone.now()).exists()


# Every order


def lives(shop: Shop, payment: Payment, life: str) -> None:
    simulator, intent = shop.simulator, payment.payment_intent_id or ""
    if life == "refunded in part, then disputed":
        refunds.send(refunds.request_refund(payment, refunds.Wish(10000)))
        simulator.dispute(intent, amount=14900)
        return
    dispute_id = simulator.dispute(intent, inquiry=life.startswith("inquiry"))
    if life == "inquiry, refunded in part, escalated":
        refunds.send(refunds.request_refund(payment, refunds.Wish(10000)))
    if life.endswith("escalated"):
        simulator.escalate_dispute(dispute_id)
    else:
        simulator.decide_dispute(dispute_id, {"inquiry, closed": "closed"}.get(life, life))


def all_books(payment: Payment) -> Books:
    """Also disputes, refunds, flags and mail; what is booked in another order is the same."""
    found = books(payment)
    for part in ("transactions", "payment events", "notes"):
        found[part] = Counter(map(str, found[part]))
    rows = payment.disputes.values_list("dispute_id", "status", "funds_withdrawn", "funds_reinstated")
    refunded = payment.refunds.values_list("refund_id", "amount", "status")
    found |= {"disputes": list(rows), "refunds": list(refunded), "mails": len(mail.outbox)}
    found["flags"] = [(each.reason, each.detail, each.resolved_at is None) for each in payment.flags.all()]
    return found


#: What isn't made up for when the later news come first: that staff were to answer the bank's question,
#: before it disputed; that the order was shown as refunded, before it was disputed.
STORY = {
    "inquiry, escalated": {"flags", "mails"},
    "inquiry, refunded in part, escalated": {"flags", "mails", "history"},
    "refunded in part, then disputed": {"history"},
}


@pytest.mark.parametrize("life", ["won", "lost", "inquiry, closed", *STORY])
def test_a_life_with_a_dispute_in_every_order_and_twice(
    shop: Shop,
    shopper: Shopper,
    product: Any,
    settings: Any,
    life: str,
    django_capture_on_commit_callbacks: Any,
    figure: Callable[[str, int], None],
) -> None:
    settings.MANAGERS = managers(STAFF)
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    with transaction.atomic():
        # Known for as long as it takes to live through it, and then not any more.
        known = operations.refresh(payment)
        lives(shop, known, life)
        transaction.set_rollback(True)
    told = [event for event in shop.simulator.events() if event["type"].startswith(TELLING)]
    numbers = tuple(inbox.store(event).pk for event in told)

    def heard(order: tuple[int, ...]) -> Books:
        return hear(order, django_capture_on_commit_callbacks, lambda: all_books(payment))

    natural = heard(numbers)
    assert natural["status"] == {"won": "Paid", "inquiry, closed": "Paid"}.get(life, "Disputed")
    orders = list(permutations(numbers))
    for order in orders:
        found = heard((*order, *order))
        differing = {part for part in natural if found[part] != natural[part]}
        assert differing <= STORY.get(life, set()), (order, differences(natural, found))
    figure("orders in which the events of a life were heard", len(orders))


def test_staff_are_mailed_also_where_the_shopper_cannot_be(shop: Shop, payment: Payment) -> None:
    """The account and address of the order are erased; a bank asks all the same."""
    type(payment.order).objects.filter(pk=payment.order_id).update(user=None, guest_email="")
    disputed(shop, payment)
    [message] = mails_to_staff()
    assert payment.order.number in message.subject


def test_news_of_a_dispute_leave_alone_what_is_noted_of_its_mail(
    shop: Shop, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever mails notes it beside the payment's lock, also while more is heard."""
    dispute_id = shop.simulator.dispute(payment.payment_intent_id or "")
    shop.deliver("charge.dispute.created")
    dispute = payment.disputes.get()
    Dispute.objects.update(confirmation_claimed_at=None, confirmation_sent_at=None)
    read = dispute_rows._add_facts

    def mailed_meanwhile(*arguments: Any) -> None:
        read(*arguments)
        Dispute.objects.update(confirmation_sent_at=timezone.now())

    monkeypatch.setattr(dispute_rows, "_add_facts", mailed_meanwhile)
    shop.deliver("charge.dispute.funds_withdrawn")
    dispute.refresh_from_db()
    assert (dispute.dispute_id, dispute.funds_withdrawn) == (dispute_id, True)
    assert dispute.confirmation_sent_at is not None


def test_a_shop_that_fails_on_the_way_back_loses_no_news(
    shop: Shop, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispute_id = disputed(shop, payment)

    def fail(*_arguments: Any, **_more: Any) -> None:
        raise KeyError("the shop's own code")

    monkeypatch.setattr(orders.EventHandler, "handle_order_status_change", fail)
    decided(shop, dispute_id, "won")
    assert withdrawn(payment) == 0
    assert payment.disputes.get().status == "won"
    assert books(payment)["status"] == "Disputed"
    flag = payment.flags.get(reason="status_refused", resolved_at=None)
    assert flag.detail == "KeyError while going to 'what it was'"


def test_staff_are_mailed_while_a_refund_is_pending_for_days(shop: Shop, payment: Payment) -> None:
    shop.simulator.refund_outcomes("pending")
    refunds.send(refunds.request_refund(payment, refunds.Wish(100)))
    with override_settings(**DOWN):
        disputed(shop, payment)
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    assert len(mails_to_staff()) == 1
