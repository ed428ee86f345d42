"""``settle``: the only writer of a payment's state.

Whatever Stripe says, however often and in whatever order, leads to the same rows: facts are only ever added,
the state follows from the facts, and everything else follows from entering a state.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.conf import settings as django_settings
from django.db import transaction
from django.utils import timezone

from oscar_vipps.gateway.snapshot import Snapshot
from oscar_vipps.models import Flag, Payment
from oscar_vipps.shop import ledger, mail, orders

from . import consequences, refund_rows, states
from .binding import is_of_another_attempt, mismatch
from .flags import flag, resolve
from .states import ENDED, Fact, State

#: The answer to a refund of money of which nothing is known yet.
NOT_CAPTURED = "The money is not known to be captured."


def settle(payment_id: int, snapshot: Snapshot) -> Payment:
    """Add what Stripe said to what is known of the payment, and let everything follow from it.

    Idempotent, and indifferent to order: events, answers and the reconciler may all come here, together.
    Money that doesn't match the payment changes nothing and is flagged. Calls nobody over the network; mail
    and signals go out when the transaction is committed.
    """
    payment, _refusal = settle_or_refuse(payment_id, snapshot)
    return payment


def settle_or_refuse(payment_id: int, snapshot: Snapshot) -> tuple[Payment, str]:
    """The same; also why the snapshot changed nothing, or an empty text."""
    with transaction.atomic():
        # All that is done for one payment is done in turn: payment, order, and what hangs on them are locked
        # in this order everywhere. Nobody calls Stripe meanwhile.
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if is_of_another_attempt(payment, snapshot):
            return payment, "About a Checkout Session that nobody was sent to."
        if snapshot.refunds and not payment.amount_captured and not snapshot.amount_captured:
            # Of a reservation that is released Stripe may speak as of a refund, and that is none.
            return payment, NOT_CAPTURED
        if problem := mismatch(payment, snapshot):
            flag(payment, Flag.Reason.MISMATCH, problem)
            return payment, f"Does not match the payment: {problem}"
        _apply(payment, snapshot)
    return payment, ""


def _apply(payment: Payment, snapshot: Snapshot) -> None:
    before = State(payment.state)
    had, was_released = _money(payment), payment.released
    _add_facts(payment, snapshot)
    has_more, is_released = _money(payment) != had, payment.released and not was_released
    ended_before = before in ENDED
    if has_more and ended_before:
        payment.order = orders.locked(payment.order_id)
        if consequences.take_up_again(payment, payment.order):
            before = states.TAKEN_UP_AGAIN
    steps = states.path(before, _facts(payment, snapshot))
    payment.state = steps[-1] if steps else before
    if payment.state not in (State.CREATED, State.OPEN):
        payment.decline_code = payment.session_url = ""
    payment.save()
    if payment.is_paid and payment.confirmation_sent_at is None:
        # Also when nothing else is new: a mail that failed is tried again with whatever comes next. robust,
        # here and in announcements: what a mail server or a shop's receiver does must not keep the rest from
        # happening. Registered before any code of the shop runs, which may register something that fails.
        transaction.on_commit(partial(mail.send_confirmation, payment.pk), robust=True)
    if not (steps or has_more or is_released or snapshot.refunds):
        return
    payment.order = order = orders.locked(payment.order_id)
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
        consequences.refund_moved(payment, order, change)
    if not (payment.holds_money or payment.state in (State.CREATED, State.OPEN)):
        resolve(payment, Flag.Reason.LATE_PAYMENT, Flag.Reason.ORDER_CANCELLED)


def _money(payment: Payment) -> tuple[int, int]:
    return payment.amount_authorized, payment.amount_captured


def _add_facts(payment: Payment, snapshot: Snapshot) -> None:
    payment.session_id = payment.session_id or snapshot.session_id
    payment.payment_intent_id = payment.payment_intent_id or snapshot.payment_intent_id
    if snapshot.payment_intent_created_at:
        payment.payment_intent_created_at = _as_stored(snapshot.payment_intent_created_at)
    payment.session_url = snapshot.session_url or payment.session_url
    if snapshot.session_expires_at:
        payment.session_expires_at = _as_stored(snapshot.session_expires_at)
    payment.amount_authorized = max(payment.amount_authorized, snapshot.amount_authorized)
    payment.amount_captured = max(payment.amount_captured, snapshot.amount_captured)
    payment.released = payment.released or snapshot.released
    if snapshot.amount_authorized:
        # The charge that holds the money, not one that was declined before.
        payment.charge_id = payment.charge_id or snapshot.charge_id
    if snapshot.decline_code is not None:
        payment.decline_code = snapshot.decline_code


def _as_stored(moment: datetime) -> datetime:
    """With a time zone where the shop uses them (``USE_TZ``), and without where it doesn't."""
    return moment if django_settings.USE_TZ else timezone.make_naive(moment, timezone.get_default_timezone())


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
