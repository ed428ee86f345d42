"""What follows when a refund or a dispute moves, once each: books, notes, stock, the order's status, mail.

Called by ``settle`` alone, with the payment and the order locked, as ``consequences``.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from oscar_vipps import signals
from oscar_vipps.models import Dispute, Flag, Payment, Refund
from oscar_vipps.money import to_decimal
from oscar_vipps.shop import ledger, mail, orders, staff_mail, stock

from . import dispute_rows, refund_rows
from .after_commit import after_commit
from .announcements import announce
from .consequences import follow, go_back
from .flags import flag, reopen, resolve
from .states import State

# Translators: a note on the order, for staff. {amount} is a number such as 249.00
REFUNDED_NOTE = _("Vipps: NOK {amount} was refunded.")
# Translators: a note on the order, for staff. {amount} is a number such as 249.00
REFUND_FAILED_NOTE = _("Vipps: a refund of NOK {amount} did not reach the shopper.")
# Translators: a note on the order, for staff. {amount} is a number such as 249.00
DISPUTED_NOTE = _("Vipps: the shopper's bank disputes NOK {amount}.")
# Translators: a note on the order, for staff. {amount} is a number such as 249.00
INQUIRY_NOTE = _("Vipps: the shopper's bank asks what NOK {amount} were for.")
# Translators: a note on the order, for staff. {amount} is a number such as 249.00
WITHDRAWN_NOTE = _("Vipps: NOK {amount} was withdrawn because of a dispute.")
# Translators: a note on the order, for staff. {amount} is a number such as 249.00
REINSTATED_NOTE = _("Vipps: NOK {amount}, withdrawn because of a dispute, was given back.")
CLOSED_NOTES: dict[str, Any] = {
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    Dispute.Status.WON: _("Vipps: the dispute about NOK {amount} is won."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    Dispute.Status.LOST: _("Vipps: the dispute about NOK {amount} is lost."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    Dispute.Status.PREVENTED: _("Vipps: the dispute about NOK {amount} was prevented."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    Dispute.Status.WARNING_CLOSED: _("Vipps: the bank's inquiry about NOK {amount} is closed."),
}


def refund_moved(payment: Payment, order: Any, change: refund_rows.Change) -> None:
    """The books, the order, the shopper and staff learn what became of a refund."""
    if change.arrived:
        _refund_arrived(payment, order, change.refund)
    elif change.failed:
        _refund_failed(payment, order, change)


def _refund_arrived(payment: Payment, order: Any, refund: Refund) -> None:
    ledger.record_refund(payment, refund)
    orders.add_note(order, REFUNDED_NOTE, refund.amount)
    announce(signals.payment_refunded, payment, refund=refund)
    after_commit(mail.send_refund, refund.pk)
    if refund.returns_stock:
        stock.put_back(order, [(each.line_id, each.quantity) for each in refund.lines.all()])
    if _is_followed(payment, order):
        follow(payment, order, _outcome(payment))


def _refund_failed(payment: Payment, order: Any, change: refund_rows.Change) -> None:
    refund = change.refund
    if change.came_back:
        ledger.take_back_refund(payment, refund)
        if _is_followed(payment, order):
            _go_back(payment, order)
        # The money is here again.
        reopen(payment, Flag.Reason.LATE_PAYMENT, Flag.Reason.ORDER_CANCELLED)
    orders.add_note(order, REFUND_FAILED_NOTE, refund.amount)
    why = refund.failure_reason or refund.status
    flag(payment, Flag.Reason.REFUND_FAILED, f"NOK {to_decimal(refund.amount)}, {refund}: {why}")


def _go_back(payment: Payment, order: Any) -> None:
    """The order is what it was before, where the pipeline leads back; refunds that arrived are still said."""
    if payment.amount_refunded == 0:
        go_back(payment, order, ("refunded", "partially_refunded", "disputed"))
        return
    go_back(payment, order, ("disputed",))
    if orders.can_follow(order, _outcome(payment)):
        follow(payment, order, _outcome(payment))


def _outcome(payment: Payment) -> str:
    return "refunded" if payment.amount_refunded == payment.amount_captured else "partially_refunded"


def _is_followed(payment: Payment, order: Any) -> bool:
    """Whether the order says what is refunded. That a bank asks for the money, or has it, is said before."""
    is_disputed = payment.disputes.filter(status__in=[*Dispute.HINDERING, Dispute.Status.LOST]).exists()
    return _has_money(payment, order) and not is_disputed


def _has_money(payment: Payment, order: Any) -> bool:
    return payment.state == State.CAPTURED and not orders.is_cancelled(order)


def dispute_moved(payment: Payment, order: Any, change: dispute_rows.Change) -> None:
    """The books, the order and staff learn of a dispute. All that lies between is gone through, so that it
    makes no difference what was heard first.
    """
    dispute = change.dispute
    is_inquiry = dispute_rows.is_inquiry(dispute.status)
    begins = change.before is None or (dispute_rows.is_inquiry(change.before) and not is_inquiry)
    if change.asked:
        orders.add_note(order, INQUIRY_NOTE, change.asked)
    if begins:
        _dispute_begins(payment, order, dispute, is_inquiry=is_inquiry)
    if change.withdrawn:
        ledger.record_dispute(payment, dispute)
        orders.add_note(order, WITHDRAWN_NOTE, dispute.amount)
    if change.reinstated:
        ledger.take_back_dispute(payment, dispute)
        orders.add_note(order, REINSTATED_NOTE, dispute.amount)
        _money_is_here_again(payment, order)
    if change.closed:
        _dispute_closed(payment, order, dispute)


def _money_is_here_again(payment: Payment, order: Any) -> None:
    """What became of an order that nobody wants any more is to be decided, now or anew."""
    reopen(payment, Flag.Reason.LATE_PAYMENT)
    if payment.state == State.CAPTURED and payment.holds_money and orders.is_cancelled(order):
        held = to_decimal(payment.amount_held)
        flag(payment, Flag.Reason.ORDER_CANCELLED, f"NOK {held} came back from the bank")


def _dispute_begins(payment: Payment, order: Any, dispute: Dispute, *, is_inquiry: bool) -> None:
    if not is_inquiry:
        orders.add_note(order, DISPUTED_NOTE, dispute.amount)
    what = "an inquiry" if is_inquiry else "a dispute"
    flag(payment, Flag.Reason.DISPUTED, f"NOK {to_decimal(dispute.amount)}, {dispute}: {what}")
    announce(signals.payment_disputed, payment, dispute=dispute)
    # Also of a dispute that staff know as an inquiry.
    dispute.confirmation_claimed_at = dispute.confirmation_sent_at = None
    dispute.save(update_fields=["confirmation_claimed_at", "confirmation_sent_at", "updated_at"])
    after_commit(staff_mail.tell_of_dispute, dispute.pk)
    if not is_inquiry and _has_money(payment, order):
        follow(payment, order, "disputed")


def _dispute_closed(payment: Payment, order: Any, dispute: Dispute) -> None:
    orders.add_note(order, CLOSED_NOTES[dispute.status], dispute.amount)
    if dispute.status == Dispute.Status.LOST:
        flag(payment, Flag.Reason.DISPUTED, f"NOK {to_decimal(dispute.amount)}, {dispute}: lost")
        return
    if not any(each.is_open or each.status == Dispute.Status.LOST for each in payment.disputes.all()):
        resolve(payment, Flag.Reason.DISPUTED)
    if _is_followed(payment, order):
        _go_back(payment, order)
