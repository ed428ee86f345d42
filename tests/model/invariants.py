"""What holds after every step, whatever has happened, and what holds when everything has been heard."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from django.core import mail
from django.utils import timezone
from oscar.core.loading import get_model

from oscar_vipps.conf import get_settings
from oscar_vipps.models import Dispute, Flag, Payment, Refund, WebhookEvent
from oscar_vipps.money import to_ore
from oscar_vipps.payments import reconcile, refunds
from oscar_vipps.payments.reconcile import Due
from oscar_vipps.payments.states import TRANSITIONS, State
from oscar_vipps.shop import orders
from tests.integration.books import books

from .world import A_WHILE, STAFF, World

Line = get_model("basket", "Line")
Order = get_model("order", "Order")

WHILE_IT_LIVES = (State.CREATED, State.OPEN, State.AUTHORIZED, State.CAPTURED)
#: What is said of the order before all refunds.
STANDING = (*Dispute.HINDERING, Dispute.Status.LOST)
#: A refund's status at Stripe, and here.
STATUSES = {"pending": "pending", "succeeded": "succeeded", "failed": "failed", "canceled": "cancelled"}


def check(world: World) -> None:
    """After every step."""
    payment = world.payment
    check_books(payment)
    check_disputes(world, payment)
    check_stripe_said_so(world, payment)
    check_history(world, payment)
    check_what_the_order_holds(world, payment)
    check_mail(world, payment)
    check_nothing_is_there_twice(world, payment)
    check_events()
    check_flags(payment)
    assert world.ears.failures == []


def check_books(payment: Payment) -> None:
    """The source is the sum of its transactions, and what the payment says."""
    source = payment.source
    booked: dict[str, list[Decimal]] = defaultdict(list)
    for kind, amount in source.transactions.values_list("txn_type", "amount"):
        booked[kind].append(amount)
    in_source = (source.amount_allocated, source.amount_debited, source.amount_refunded)
    assert tuple(sum(booked[kind]) for kind in ("Authorise", "Debit", "Refund")) == in_source
    assert tuple(map(to_ore, in_source)) == (
        payment.amount_authorized,
        payment.amount_captured,
        payment.amount_refunded,
    )
    assert len(booked["Authorise"]) <= 1
    assert len(booked["Debit"]) <= 1
    arrived = payment.refunds.filter(status=Refund.Status.SUCCEEDED).values_list("amount", flat=True)
    assert payment.amount_refunded == sum(arrived)


def check_disputes(world: World, payment: Payment) -> None:
    """The books say what banks have, and staff are asked to look for as long as one asks, or has won."""
    disputes = list(payment.disputes.all())
    withdrawn = {each.dispute_id: each.amount for each in disputes if each.funds_withdrawn}
    reinstated = {each.dispute_id: -each.amount for each in disputes if each.funds_reinstated}
    booked = payment.source.transactions.filter(txn_type="Dispute").values_list("reference", "amount")
    assert sorted((reference, to_ore(amount)) for reference, amount in booked) == sorted(
        [*withdrawn.items(), *reinstated.items()]
    )
    assert payment.amount_disputed == sum(withdrawn.values()) + sum(reinstated.values())
    said = defaultdict(set)
    for event in world.stripe["events"]:
        if event["type"].startswith("charge.dispute."):
            dispute = event["data"]["object"]
            said[dispute["id"]].add((dispute["amount"], dispute["status"]))
    for each in disputes:
        assert (each.amount, each.status) in said[each.dispute_id]
    is_marked = payment.flags.filter(reason=Flag.Reason.DISPUTED, resolved_at=None).exists()
    assert is_marked == any(each.is_open or each.status == Dispute.Status.LOST for each in disputes)


def check_stripe_said_so(world: World, payment: Payment) -> None:
    """Nothing is known here that Stripe hasn't said."""
    reserved = [charge["amount"] for charge in world.stripe["charges"] if charge["status"] == "succeeded"]
    taken = [intent["amount_received"] for intent in world.stripe["payment_intents"]]
    assert payment.amount_authorized <= sum(reserved)
    assert payment.amount_captured <= sum(taken)
    said = defaultdict(set)
    for event in world.stripe["events"]:
        if event["type"].startswith("refund."):
            refund = event["data"]["object"]
            said[refund["id"]].add((refund["amount"], STATUSES[refund["status"]]))
    for refund in payment.refunds.exclude(refund_id=None):
        assert (refund.amount, refund.status) in said[refund.refund_id]
    if payment.has_ended and payment.session_id and not world.was_misled:
        session = next(each for each in world.stripe["sessions"] if each["id"] == payment.session_id)
        assert session["status"] != "open", "ended without asking"


def check_history(world: World, payment: Payment) -> None:
    """Each state was entered along an edge, and announced."""
    edges = {(before, after) for (before, _fact), after in TRANSITIONS.items()}
    # Taken up again, for money that came late.
    edges |= {(State.EXPIRED, State.AUTHORIZED), (State.EXPIRED, State.CAPTURED)}
    entered = world.ears.entered
    for before, after in zip([State.OPEN, *entered], entered):
        assert (before, after) in edges
    assert max(Counter(entered).values(), default=0) <= 1
    if entered:
        assert payment.state == entered[-1]
    else:
        assert payment.state == (State.OPEN if payment.session_id else State.CREATED)
    if State.EXPIRED in entered[:-1]:
        assert get_settings().late_payment == "reinstate"


def check_what_the_order_holds(world: World, payment: Payment) -> None:
    """Stock, voucher and offer are held while the payment lives, and no longer."""
    lives = payment.state in WHILE_IT_LIVES
    record = world.product.stockrecords.get()
    assert (record.num_in_stock, record.num_allocated) == (10, world.quantity * lives)
    assert [line.num_allocated for line in payment.order.lines.all()] == [world.quantity * lives]
    if world.voucher is None:
        return
    world.voucher.refresh_from_db()
    offer = world.voucher.offers.get()
    [discount] = payment.order.discounts.all()
    assert discount.amount > 0
    once = (discount.amount * lives, int(lives))
    assert (world.voucher.total_discount, world.voucher.num_orders) == once
    assert (offer.total_discount, offer.num_orders) == once
    assert offer.num_applications == discount.frequency * lives
    assert world.voucher.applications.count() == lives


def check_mail(world: World, payment: Payment) -> None:
    """One confirmation, and one mail for each refund that arrived; to staff, one of what a bank begins."""
    disputes = payment.disputes.all()
    begun = sum(1 + (each.was_inquiry and not each.status.startswith("warning_")) for each in disputes)
    assert len(disputes.exclude(confirmation_sent_at=None)) <= len(to_staff()) <= begun
    assert len(confirmations()) <= 1
    if confirmations():
        assert {State.AUTHORIZED, State.CAPTURED} & set(world.ears.entered)
        assert payment.confirmation_sent_at
    told = payment.refunds.exclude(confirmation_sent_at=None)
    assert len(mail.outbox) - len(confirmations()) - len(to_staff()) == len(told)
    assert {each.status for each in told} <= {"succeeded", "failed", "cancelled"}


def confirmations() -> list[str]:
    subjects = [str(message.subject) for message in mail.outbox if message.to != [STAFF]]
    return [subject for subject in subjects if "refunded" not in subject]


def to_staff() -> list[Any]:
    return [message for message in mail.outbox if message.to == [STAFF]]


def check_nothing_is_there_twice(world: World, payment: Payment) -> None:
    assert Payment.objects.count() == 1
    assert Order.objects.filter(basket_id=payment.order.basket_id).count() == 1
    assert len([each for each in world.sessions("open") if each["id"] in world.sent_to]) <= 1
    # A session that nobody was sent to may be left by a process that died.
    assert len(world.sessions("open")) <= 1 or world.deaths
    given_back = Line.objects.filter(product=world.product, basket__status="Open")
    assert [line.quantity for line in given_back] == [world.quantity] * bool(payment.basket_returned_at)
    assert payment.has_ended or not payment.basket_returned_at


def check_events() -> None:
    """Nothing that Stripe tells makes processing fail."""
    for status, reason in WebhookEvent.objects.values_list("status", "reason"):
        assert status == "processed" or (status == "ignored" and reason)


def check_flags(payment: Payment) -> None:
    unresolved = set(payment.flags.filter(resolved_at=None).values_list("reason", flat=True))
    if payment.has_ended and payment.holds_money:
        assert Flag.Reason.LATE_PAYMENT in unresolved
    if payment.state == State.CAPTURED and payment.holds_money and orders.is_cancelled(payment.order):
        assert Flag.Reason.ORDER_CANCELLED in unresolved
    assert Flag.Reason.MISMATCH not in unresolved


# When everything has been heard


def check_agreement(world: World) -> None:
    """Shop and Stripe say the same, and nothing is left to do but to wait."""
    payment, status = world.payment, world.intent.get("status")
    state, is_cancelled = State(payment.state), orders.is_cancelled(payment.order)
    reserved = any(charge["status"] == "succeeded" for charge in world.stripe["charges"])
    sent_back = {each["id"]: (each["amount"], STATUSES[each["status"]]) for each in world.stripe["refunds"]}
    on_their_way = sum(amount for amount, each in sent_back.values() if each == "pending")

    assert payment.amount_authorized == payment.amount * reserved
    assert payment.amount_captured == world.intent.get("amount_received", 0)
    known = payment.refunds.exclude(refund_id=None).values_list("refund_id", "amount", "status")
    assert {id: (amount, each) for id, amount, each in known} == sent_back
    never_sent = set(payment.refunds.filter(refund_id=None).values_list("status", flat=True))
    # What is only reserved is sent back when it is captured.
    assert never_sent <= {"failed", "cancelled", *(["requested"] if state == State.AUTHORIZED else [])}
    disputes = {(each["id"], each["amount"], each["status"]) for each in world.stripe["disputes"]}
    assert set(payment.disputes.values_list("dispute_id", "amount", "status")) == disputes
    assert payment.amount_disputed == world.withdrawn
    assert not payment.disputes.filter(confirmation_sent_at=None).exists()

    if status == "succeeded":
        is_all_sent = payment.amount_held <= on_their_way
        assert state == State.CAPTURED or is_all_sent or is_for_a_person(payment)
    elif status == "requires_capture":
        assert state == State.AUTHORIZED
        assert not is_cancelled
    elif reserved:
        assert payment.has_ended
        assert payment.released
    elif not payment.has_ended:
        assert state == (State.OPEN if world.sessions("open") else State.CREATED)
        assert not is_cancelled
    else:
        assert not world.sessions("open")
    if payment.is_paid and not is_cancelled:
        assert len(confirmations()) == 1
    check_order_follows(world, payment)


def is_for_a_person(payment: Payment) -> bool:
    """Late money that was sent back and came to nothing isn't sent again without being asked. None is sent
    while a bank decides.
    """
    came_to_nothing = payment.refunds.filter(status__in=["failed", "cancelled"]).exclude(refund_id=None)
    return payment.has_ended and (came_to_nothing.exists() or refunds.open_dispute(payment) is not None)


def check_order_follows(world: World, payment: Payment) -> None:
    came_back = payment.refunds.filter(status__in=["failed", "cancelled"]).exists()
    if world.is_in_staffs_hands or came_back:
        return
    outcome = {State.CREATED: "pending", State.OPEN: "pending"}.get(State(payment.state), payment.state)
    if payment.state == State.CAPTURED and payment.amount_refunded:
        outcome = "refunded" if payment.amount_refunded == payment.amount else "partially_refunded"
    if payment.state == State.CAPTURED and payment.disputes.filter(status__in=STANDING).exists():
        outcome = "disputed"
    assert payment.order.status == get_settings().order_status[outcome]
    assert not payment.flags.filter(reason=Flag.Reason.STATUS_REFUSED).exists()


def check_what_is_due(world: World) -> None:
    """Payments that are looked at again wait for Stripe, or for the shopper."""
    now = timezone.now()
    for payment in reconcile.due(now):
        why = reconcile.why_due(payment)
        if why in (Due.REFUND, Due.LATE_MONEY):
            is_pending = payment.refunds.filter(status=Refund.Status.PENDING).exists()
            assert is_pending or (why == Due.LATE_MONEY and is_for_a_person(payment))
        elif why == Due.NEVER_OPENED:
            assert payment.session_expires_at > now - A_WHILE
        elif why == Due.UNPAID:
            assert world.sessions("open")
        else:
            assert why == Due.RESERVED


def everything(world: World) -> dict[str, Any]:
    """What must be the same when everything is told again."""
    sent_back = world.payment.refunds.order_by("pk").values_list("refund_id", "amount", "status")
    disputes = world.payment.disputes.order_by("pk").values_list("dispute_id", "amount", "status")
    rows = {"refunds": list(sent_back), "disputes": list(disputes)}
    return {**books(world.payment), **rows, "mails": len(mail.outbox)}
