"""What staff can do with a payment now: on its own page, and on Oscar's page of the order."""

from __future__ import annotations

from typing import Any

from oscar_vipps.models import Payment
from oscar_vipps.payments.refunds import open_dispute, refundable, reserved_left

from .access import NEEDED, may
from .forms import CapturePartForm, RefundForm


def possible(payment: Payment, user: Any) -> dict[str, Any]:
    """For ``partials/actions.html``: the names of the ``actions`` that make sense and are this user's, with
    their forms, and the dispute that hinders refunds.
    """
    dispute = open_dispute(payment)
    is_reserved = payment.state == Payment.State.AUTHORIZED
    # Also of an order that has ended: money that came too late, and could not be sent back.
    may_be_refunded = payment.amount_captured > 0 and refundable(payment) > 0
    sensible = {
        "capture": is_reserved,
        "capture-part": is_reserved and reserved_left(payment) > 1,
        "release": is_reserved,
        "refund": may_be_refunded and dispute is None,
        "refresh": True,
    }
    actions = {name for name, is_sensible in sensible.items() if is_sensible and may_do(user, name)}
    return {
        "payment": payment,
        "actions": actions,
        "refund_form": RefundForm(payment) if "refund" in actions else None,
        "part_form": CapturePartForm(payment) if "capture-part" in actions else None,
        "hindering_dispute": dispute,
    }


def may_do(user: Any, action: str) -> bool:
    return all(may(user, code) for code in NEEDED[f"payment-{action}"])
