"""``settle``: the only writer of a payment's state.

Whatever Stripe says, however often and in whatever order, leads to the same rows: facts are only ever added,
the state follows from the facts, and everything else follows from entering a state.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings as django_settings
from django.db import OperationalError, transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oscar_vipps import signals
from oscar_vipps.gateway.snapshot import Snapshot
from oscar_vipps.models import Flag, Payment
from oscar_vipps.money import to_decimal
from oscar_vipps.shop import ledger, mail, orders
from oscar_vipps.shop.reversal import reverse

from . import states
from .announcements import announce
from .binding import is_of_another_attempt, mismatch
from .flags import flag
from .states import Fact, State

logger = logging.getLogger("oscar_vipps")

SIGNALS: dict[State, Signal] = {
    State.AUTHORIZED: signals.payment_authorized,
    State.CAPTURED: signals.payment_captured,
    State.CANCELLED: signals.payment_cancelled,
    State.EXPIRED: signals.payment_expired,
}

NOTES: dict[State, Any] = {
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.AUTHORIZED: _("Vipps: NOK {amount} is reserved. It must be captured within seven days."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.CAPTURED: _("Vipps: NOK {amount} is paid."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.CANCELLED: _("Vipps: the payment of NOK {amount} was cancelled. The shop has no money."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.EXPIRED: _("Vipps: NOK {amount} was not paid in time. The shop has no money."),
}

# Translators: a note on the order, for staff. {amount} is a number such as 249.00
LATE_NOTE = _(
    "Vipps: NOK {amount} arrived after the payment had ended. Look at it: the order isn't reinstated."
)


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
        if problem := mismatch(payment, snapshot):
            flag(payment, Flag.Reason.MISMATCH, problem)
            return payment, f"Does not match the payment: {problem}"
        _apply(payment, snapshot)
    return payment, ""


def _apply(payment: Payment, snapshot: Snapshot) -> None:
    before = State(payment.state)
    had = (payment.amount_authorized, payment.amount_captured)
    _add_facts(payment, snapshot)
    steps = states.path(before, _facts(payment, snapshot))
    payment.state = steps[-1] if steps else before
    if payment.state not in (State.CREATED, State.OPEN):
        payment.decline_code = payment.session_url = ""
    payment.save()
    has_more = (payment.amount_authorized, payment.amount_captured) != had
    if payment.is_paid and payment.confirmation_sent_at is None:
        # Also when nothing else is new: a mail that failed is tried again with whatever comes next. robust,
        # here and below: what a mail server or a shop's receiver does must not keep the rest from happening.
        # Registered before any code of the shop runs, which may register something that fails.
        transaction.on_commit(partial(mail.send_confirmation, payment.pk), robust=True)
    if steps or has_more:
        payment.order = order = orders.locked(payment.order_id)
        ledger.record(payment)
        for state in steps:
            _enter(payment, order, state)
    if has_more and before in (State.CANCELLED, State.EXPIRED):
        _notice_late_money(payment)


def _add_facts(payment: Payment, snapshot: Snapshot) -> None:
    payment.session_id = payment.session_id or snapshot.session_id
    payment.payment_intent_id = payment.payment_intent_id or snapshot.payment_intent_id
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


def _enter(payment: Payment, order: Any, state: State) -> None:
    """What happens once, when a payment comes into a state."""
    if state == State.OPEN:
        return
    logger.info("Order %s: payment %s", order.number, state.value, extra=payment.log_extra(state=state.value))
    # Before the shop's own code runs, which may put something that fails behind the commit.
    announce(SIGNALS[state], payment)
    orders.add_note(order, NOTES[state], payment.amount)
    if state in (State.CANCELLED, State.EXPIRED):
        reverse(order)
    _follow(payment, order, state)


def _follow(payment: Payment, order: Any, state: State) -> None:
    """The order's status follows, where pipeline and shop let it; the money is what it is in any case."""
    try:
        # A savepoint: what the shop's handler began is undone with it, and nothing else.
        with transaction.atomic():
            orders.follow(order, state.value)
    except orders.StatusRefused as error:
        flag(payment, Flag.Reason.STATUS_REFUSED, str(error))
    except OperationalError:
        # A deadlock or a lost connection is nobody's opinion of the status: everything is tried again.
        raise
    except Exception as error:  # the shop's own code, called by Oscar
        logger.exception(
            "Order %s could not follow its payment to '%s'.",
            order.number,
            state.value,
            extra=payment.log_extra(),
        )
        flag(payment, Flag.Reason.STATUS_REFUSED, f"{type(error).__name__} while going to '{state.value}'")
        order.refresh_from_db()


def _notice_late_money(payment: Payment) -> None:
    held = max(payment.amount_authorized, payment.amount_captured)
    if flag(payment, Flag.Reason.LATE_PAYMENT, f"NOK {to_decimal(held)} at {payment.payment_intent_id}"):
        orders.add_note(payment.order, LATE_NOTE, held)
