"""All that this app stores about a customer's payments, as values that become JSON.

Amounts are in kroner, times as the database has them. Not in it: keys, signatures, the address of Stripe's
payment page, which lets its bearer pay, and who of the staff did something.
"""

from __future__ import annotations

from typing import Any

from oscar_vipps.models import Dispute, Flag, Payment, Refund, WebhookEvent
from oscar_vipps.money import to_decimal

from .customers import events_of, payments_of


def export_customer(email: str) -> dict[str, Any]:
    """The payments of the customer with this e-mail address, oldest first; good for ``DjangoJSONEncoder``."""
    return {"payments": [export_payment(payment) for payment in payments_of(email)]}


def export_payment(payment: Payment) -> dict[str, Any]:
    """One payment with all that hangs on it. The names are documented in docs/privacy.rst."""
    order: Any = payment.order
    return {
        "order": order.number,
        "order_placed_at": order.date_placed,
        "reference": payment.reference,
        "state": payment.state,
        "currency": payment.currency,
        "amount": to_decimal(payment.amount),
        "amount_reserved": to_decimal(payment.amount_authorized),
        "amount_captured": to_decimal(payment.amount_captured),
        "amount_refunded": to_decimal(payment.amount_refunded),
        "amount_withdrawn_for_disputes": to_decimal(payment.amount_disputed),
        "is_real_money": payment.livemode,
        "site": payment.site,
        "language": payment.language,
        "last_decline": payment.decline_code,
        "checkout_session": payment.session_id,
        "payment_intent": payment.payment_intent_id,
        "charge": payment.charge_id,
        "created_at": payment.created_at,
        "changed_at": payment.updated_at,
        "may_be_paid_until": payment.session_expires_at,
        "cancellation_asked_for_at": payment.cancel_requested_at,
        "basket_given_back_at": payment.basket_returned_at,
        "confirmation_sent_at": payment.confirmation_sent_at,
        "refunds": [_refund(refund) for refund in payment.refunds.prefetch_related("lines__line")],
        "disputes": [_dispute(dispute) for dispute in payment.disputes.all()],
        "flags": [_flag(flag) for flag in payment.flags.all()],
        "events": [_event(event) for event in events_of(payment)],
        "ledger": [_entry(entry) for entry in payment.source.transactions.order_by("date_created", "pk")],
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "refund": refund.refund_id,
        "reference": refund.reference,
        "amount": to_decimal(refund.amount),
        "status": refund.status,
        "reason": refund.reason,
        "why_it_failed": refund.failure_reason,
        "goods": [{"title": each.line.title, "quantity": each.quantity} for each in refund.lines.all()],
        "created_at": refund.created_at,
        "changed_at": refund.updated_at,
        "confirmation_sent_at": refund.confirmation_sent_at,
    }


def _dispute(dispute: Dispute) -> dict[str, Any]:
    return {
        "dispute": dispute.dispute_id,
        "amount": to_decimal(dispute.amount),
        "status": dispute.status,
        "reason": dispute.reason,
        "to_be_answered_before": dispute.evidence_due_at,
        "was_inquiry": dispute.was_inquiry,
        "is_money_withdrawn": dispute.funds_withdrawn,
        "is_money_given_back": dispute.funds_reinstated,
        "created_at": dispute.created_at,
        "changed_at": dispute.updated_at,
        "confirmation_sent_at": dispute.confirmation_sent_at,
    }


def _flag(flag: Flag) -> dict[str, Any]:
    return {
        "reason": flag.reason,
        "detail": flag.detail,
        "created_at": flag.created_at,
        "resolved_at": flag.resolved_at,
    }


def _event(event: WebhookEvent) -> dict[str, Any]:
    return {
        "event": event.event_id,
        "type": event.type,
        "status": event.status,
        "reason": event.reason,
        "received_at": event.received_at,
        "facts": event.payload,
    }


def _entry(entry: Any) -> dict[str, Any]:
    """A row of Oscar's ledger, which this app has written."""
    return {
        "type": entry.txn_type,
        "amount": entry.amount,
        "reference": entry.reference,
        "status": entry.status,
        "created_at": entry.date_created,
    }
