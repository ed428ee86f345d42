"""What nobody told us, found out: payments that are quiet for too long, and sessions without a payment.

Each payment is a unit of work of its own, so that an odd one stops none of the others. Stripe is asked before
anything is cancelled; where it can't be reached, everything stays as it is.
"""

from __future__ import annotations

import enum
import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import ConfirmationFailed
from oscar_vipps.gateway import client
from oscar_vipps.gateway.session import LONGEST_SESSION
from oscar_vipps.gateway.snapshot import PAYMENT_KEY, SITE_KEY, from_object
from oscar_vipps.models import Dispute, Flag, Payment, Refund
from oscar_vipps.shop import mail, orders, staff_mail

from . import operations, refunds
from .settlement import settle
from .states import ENDED, State

logger = logging.getLogger("oscar_vipps")

#: How long a payment is left to webhooks and to the shopper's return before Stripe is asked about it, and how
#: often it is asked then.
QUIET = timedelta(minutes=5)
#: A reservation stays as it is for days.
RESERVED_QUIET = timedelta(hours=6)
#: Older sessions can't be open any more.
OLDEST_SESSION = LONGEST_SESSION + timedelta(hours=1)


class Due(enum.Enum):
    """Why a payment is looked at; the first that fits."""

    LATE_MONEY = "send back money that came after the end"
    CALLED_OFF = "the order was cancelled: cancel the payment"
    REFUND = "ask about a refund"
    GIVEN_UP = "the shopper gave up: cancel the payment"
    NEVER_OPENED = "the time to pay is over, and no session was made"
    UNPAID = "ask whether it was paid"
    RESERVED = "ask whether it is still reserved"
    CONFIRMATION = "send the confirmation that is due"
    REFUND_CONFIRMATION = "tell the shopper of a refund"
    DISPUTE_CONFIRMATION = "tell staff of a dispute"


MAILS = (Due.CONFIRMATION, Due.REFUND_CONFIRMATION, Due.DISPUTE_CONFIRMATION)
#: Mails don't wait for the end of what may be due for days.
MAY_LAST = (*MAILS, Due.LATE_MONEY, Due.REFUND)
#: States in which a payment still may become another.
LIVE = (State.CREATED, State.OPEN, State.AUTHORIZED)
OPEN_REFUNDS = (Refund.Status.REQUESTED, Refund.Status.PENDING)
#: Refunds that the shopper has no mail about yet.
UNTOLD = Q(status=Refund.Status.SUCCEEDED, confirmation_sent_at=None)
#: Disputes that staff have no mail about yet.
UNHEARD = Q(confirmation_sent_at=None)


def due(now: datetime) -> QuerySet[Payment]:
    """Payments that a look is due for; those first that were looked at longest ago, so that none that fails
    stands in the way of others.

    Not those of the other mode: this key can't ask about them.
    """
    held = Q(amount_captured__gt=F("amount_refunded") + F("amount_disputed"))
    reserved_alone = ~Q(amount_authorized=0) & Q(amount_captured=0, released=False)
    late_money = Q(state__in=ENDED) & (reserved_alone | held)
    is_cancelled = Q(order__status__in=orders.cancelled_statuses())
    flagged = Flag.objects.filter(payment=OuterRef("pk"), reason=Flag.Reason.ORDER_CANCELLED)
    unflagged = Q(state=State.CAPTURED) & held & ~Exists(flagged)
    called_off = is_cancelled & (Q(state__in=LIVE) | unflagged)
    # One of money that is only reserved waits until it is captured.
    refund = Q(
        pk__in=Refund.objects.filter(status__in=OPEN_REFUNDS).values("payment_id"), amount_captured__gt=0
    )
    untold = Q(pk__in=Refund.objects.filter(UNTOLD).values("payment_id"))
    unheard = Q(pk__in=Dispute.objects.filter(UNHEARD).values("payment_id"))
    unpaid = Q(state__in=[State.CREATED, State.OPEN])
    unconfirmed = Q(state__in=[State.AUTHORIZED, State.CAPTURED], confirmation_sent_at=None) & ~is_cancelled
    reserved = Q(state=State.AUTHORIZED) & _quiet_since(now - RESERVED_QUIET)
    quiet = _quiet_since(now - QUIET) & (
        late_money | called_off | refund | unpaid | unconfirmed | untold | unheard
    )
    return (
        Payment.objects.filter(quiet | reserved, livemode=get_settings().livemode)
        .select_related("order")
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
    )


def _quiet_since(moment: datetime) -> Q:
    return Q(checked_at__lte=moment) | Q(checked_at=None, created_at__lte=moment)


def why_due(payment: Payment) -> Due | None:
    """What is to be done about a payment that is due; None where somebody has done it meanwhile."""
    if payment.has_ended and payment.holds_money:
        return Due.LATE_MONEY
    if orders.is_cancelled(payment.order) and (payment.state in LIVE or _is_to_be_flagged(payment)):
        return Due.CALLED_OFF
    if payment.amount_captured and payment.refunds.filter(status__in=OPEN_REFUNDS).exists():
        return Due.REFUND
    if _is_to_be_confirmed(payment):
        return Due.CONFIRMATION
    # Both are about money that was taken.
    if payment.amount_captured and payment.refunds.filter(UNTOLD).exists():
        return Due.REFUND_CONFIRMATION
    if payment.amount_captured and payment.disputes.filter(UNHEARD).exists():
        return Due.DISPUTE_CONFIRMATION
    if payment.state == State.AUTHORIZED:
        return Due.RESERVED
    if payment.state not in LIVE:
        return None
    if payment.session_id is None:
        return Due.NEVER_OPENED
    return Due.GIVEN_UP if payment.cancel_requested_at else Due.UNPAID


def _is_to_be_confirmed(payment: Payment) -> bool:
    """Nobody is told that an order is on its way that staff have cancelled."""
    is_due = payment.is_paid and payment.confirmation_sent_at is None
    return is_due and not orders.is_cancelled(payment.order)


def _is_to_be_flagged(payment: Payment) -> bool:
    """Money of an order that staff cancelled, when the process was killed before it could be flagged."""
    return payment.holds_money and not payment.flags.filter(reason=Flag.Reason.ORDER_CANCELLED).exists()


def take(payment_id: int, checked_at: datetime | None, now: datetime) -> Payment | None:
    """Take one payment that was due; None where another run has it, or has had it.

    ``checked_at`` is what it was when it was found to be due. The lock is gone again before Stripe is asked:
    what keeps another run away is the time that is noted.
    """
    features = connection.features
    payments = Payment.objects.select_related("order").select_for_update(
        skip_locked=features.has_select_for_update_skip_locked,
        of=("self",) if features.has_select_for_update_of else (),
    )
    with transaction.atomic():
        payment = payments.filter(pk=payment_id, checked_at=checked_at).first()
        if payment is None:
            return None
        payment.checked_at = now
        payment.save(update_fields=["checked_at"])
    return payment


def reconcile(payment: Payment, reason: Due, now: datetime) -> Payment:
    """Do what is due for the payment, for that reason.

    Raises ``GatewayError`` where Stripe can't be asked, and ``ConfirmationFailed``.
    """
    if reason in MAILS:
        if payment.state == State.AUTHORIZED:
            payment = operations.refresh(payment)
    elif reason == Due.LATE_MONEY:
        payment = refunds.return_late_money(operations.refresh(payment))
    elif reason == Due.CALLED_OFF:
        payment = operations.call_off(payment)
    elif reason == Due.REFUND:
        payment = operations.refresh(refunds.send_open(payment))
    elif reason == Due.GIVEN_UP:
        payment = operations.cancel(payment)
    elif reason == Due.NEVER_OPENED and payment.session_expires_at <= now:
        payment = operations.run_out(payment)
    else:
        payment = operations.refresh(payment)
    if reason in MAY_LAST:
        _send_mails(payment)
    return payment


def _send_mails(payment: Payment) -> None:
    """All that are due."""
    if _is_to_be_confirmed(payment):
        mail.send_confirmation(payment.pk)
        _check_sent(payment)
    for refund in payment.refunds.filter(UNTOLD):
        mail.send_refund(refund.pk)
        _check_sent(refund)
    for dispute in payment.disputes.filter(UNHEARD):
        staff_mail.tell_of_dispute(dispute.pk)
        _check_sent(dispute)


def _check_sent(row: Payment | Refund | Dispute) -> None:
    row.refresh_from_db(fields=["confirmation_sent_at", "confirmation_claimed_at"])
    if row.confirmation_sent_at is None and row.confirmation_claimed_at is None:
        raise ConfirmationFailed("the mail could not be sent; the log says why")


# Sessions at Stripe


def adopt_or_expire(session: dict[str, Any]) -> str:
    """What became of an open session that Stripe lists; empty where nothing was to be done.

    A process may be killed between the making of a session and the saving of its id. If its payment still
    waits, the session becomes its own; if not, the session is ended, so that nobody can pay it.
    """
    metadata = session.get("metadata") or {}
    payment = Payment.objects.filter(reference=metadata.get(PAYMENT_KEY, "")).first()
    if payment is None and not _is_of_this_shop(metadata):
        return ""
    if payment is not None and payment.session_id == session["id"] and not payment.has_ended:
        return ""
    if payment is not None and payment.session_id is None and payment.state == State.CREATED:
        payment = settle(payment.pk, from_object(session))
        if payment.session_id == session["id"]:
            return f"{session['id']} is the session of order {payment.order.number}"
    client.expire_session(session["id"])
    return f"{session['id']} belonged to no payment that waits, and is expired"


def _is_of_this_shop(metadata: dict[str, str]) -> bool:
    """Another shop, or something else altogether, may use the same account at Stripe.

    A site that still has Django's first name can't be told from another's.
    """
    site = metadata.get(SITE_KEY, "")
    return PAYMENT_KEY in metadata and site != "example.com" and Site.objects.filter(domain=site).exists()
