"""``settle``: the only writer of a payment's state.

Whatever Stripe says, however often and in whatever order, leads to the same rows: facts are only ever added,
the state follows from the facts, and everything else follows from entering a state.
"""

from __future__ import annotations

from django.db import transaction

from oscar_vipps.gateway.snapshot import Snapshot
from oscar_vipps.models import Flag, Payment
from oscar_vipps.shop import ledger, mail, orders

from . import consequences, dispute_rows, money_back, refund_rows, states
from .after_commit import after_commit
from .binding import is_of_another_attempt, mismatch
from .flags import flag, resolve
from .moments import as_stored
from .states import ENDED, Fact, State

#: The answer to a refund or a dispute of money of which nothing is known yet.
NOT_CAPTURED = "The money is not known to be captured."


def settle(payment_id: int, snapshot: Snapshot) -> Payment:
    """Add what Stripe said to what is known of the payment, and let everything follow from it.

    Idempotent, and indifferent to order: events, answers and the reconciler may all come here, together.
    Money that doesn't match the payment changes nothing and is flagged. Calls nobody over the network; mail
    and signals go out when the transaction is committed.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        settle_locked(payment, snapshot)
    return payment


def settle_locked(payment: Payment, snapshot: Snapshot) -> str:
    """The same, in a transaction that has locked the payment. Why the snapshot changed nothing, or empty.

    All that is done for one payment is done in turn: payment, order, and what hangs on them are locked in
    this order everywhere. Nobody calls Stripe meanwhile.
    """
    if is_of_another_attempt(payment, snapshot):
        return "About a Checkout Session that nobody was sent to."
    about_captured_money = snapshot.refunds or snapshot.disputes
    if about_captured_money and not payment.amount_captured and not snapshot.amount_captured:
        # Of a reservation that is released Stripe may speak as of a refund, and that is none.
        return NOT_CAPTURED
    payment.order = orders.locked(payment.order_id)
    if problem := mismatch(payment, snapshot):
        flag(payment, Flag.Reason.MISMATCH, problem)
        return f"Does not match the payment: {problem}"
    _apply(payment, snapshot)
    return ""


def _apply(payment: Payment, snapshot: Snapshot) -> None:
    before, stored = State(payment.state), dict(vars(payment))
    had, was_released = _money(payment), payment.released
    _add_facts(payment, snapshot)
    has_more, is_released = _money(payment) != had, payment.released and not was_released
    ended_before = before in ENDED
    if has_more and ended_before and consequences.take_up_again(payment, payment.order):
        before = states.TAKEN_UP_AGAIN
    steps = states.path(before, _facts(payment, snapshot))
    payment.state = steps[-1] if steps else before
    if payment.state not in (State.CREATED, State.OPEN):
        payment.decline_code = payment.session_url = ""
    if vars(payment) != stored:
        payment.save()
    if payment.is_paid and payment.confirmation_sent_at is None:
        # Also when nothing else is new: a mail that failed is tried again with whatever comes next. Before
        # any code of the shop runs, which may put something that fails behind the commit.
        after_commit(mail.send_confirmation, payment.pk)
    if not (steps or has_more or is_released or snapshot.refunds or snapshot.disputes):
        return
    order = payment.order
    if any(_money(payment)):
        ledger.record(payment)
    is_called_off = orders.is_cancelled(order) and not ended_before
    for state in steps:
        consequences.enter(payment, order, state, is_called_off=is_called_off)
    if ended_before and payment.has_ended:
        if has_more:
            consequences.notice_late_money(payment, order)
        if payment.released and payment.amount_authorized and (has_more or is_released):
            consequences.notice_late_release(payment, order)
    for change in refund_rows.update(payment, snapshot.refunds):
        money_back.refund_moved(payment, order, change)
    for dispute_change in dispute_rows.update(payment, snapshot.disputes):
        money_back.dispute_moved(payment, order, dispute_change)
    if not (payment.holds_money or payment.state in (State.CREATED, State.OPEN)):
        resolve(payment, Flag.Reason.LATE_PAYMENT, Flag.Reason.ORDER_CANCELLED)


def _money(payment: Payment) -> tuple[int, int]:
    return payment.amount_authorized, payment.amount_captured


def _add_facts(payment: Payment, snapshot: Snapshot) -> None:
    payment.session_id = payment.session_id or snapshot.session_id
    payment.payment_intent_id = payment.payment_intent_id or snapshot.payment_intent_id
    if snapshot.payment_intent_created_at:
        payment.payment_intent_created_at = as_stored(snapshot.payment_intent_created_at)
    payment.session_url = snapshot.session_url or payment.session_url
    if snapshot.session_expires_at:
        payment.session_expires_at = as_stored(snapshot.session_expires_at)
    payment.amount_authorized = max(payment.amount_authorized, snapshot.amount_authorized)
    payment.amount_captured = max(payment.amount_captured, snapshot.amount_captured)
    payment.released = payment.released or snapshot.released
    if snapshot.amount_authorized:
        # The charge that holds the money, not one that was declined before.
        payment.charge_id = payment.charge_id or snapshot.charge_id
    if snapshot.decline_code is not None:
        payment.decline_code = snapshot.decline_code


def _facts(payment: Payment, snapshot: Snapshot) -> set[Fact]:
    facts = set()
    if payment.session_id:
        facts.add(Fact.OPENED)
    # Automatic capture reserves for no time at all: that isn't worth a status of its own.
    if payment.amount_authorized and payment.capture_method == Payment.CaptureMethod.MANUAL:
        facts.add(Fact.AUTHORIZED)
    if payment.amount_captured:
        facts.add(Fact.CAPTURED)
    if snapshot.session_ended:
        facts.add(Fact.GIVEN_UP if payment.cancel_requested_at else Fact.SESSION_EXPIRED)
    if payment.released:
        facts.add(Fact.RELEASED)
    return facts
