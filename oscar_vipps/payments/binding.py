"""Whether a snapshot speaks of the payment that it is to settle."""

from __future__ import annotations

from oscar_vipps.gateway.snapshot import Snapshot
from oscar_vipps.models import Payment


def is_of_another_attempt(payment: Payment, snapshot: Snapshot) -> bool:
    """Whether it tells of a session whose creation we never heard of and replaced by another.

    Nobody was ever sent there, so it holds no money, and its end is no end of this payment.
    """
    another = (
        None not in (payment.session_id, snapshot.session_id) and payment.session_id != snapshot.session_id
    )
    return another and not snapshot.amount_authorized


def mismatch(payment: Payment, snapshot: Snapshot) -> str | None:
    """What doesn't match, in words for staff; None where everything does."""
    expected = {
        "payment": (payment.reference, snapshot.payment),
        "order": (payment.order.number, snapshot.order),
        "site": (payment.site, snapshot.site),
        "livemode": (payment.livemode, snapshot.livemode),
        "currency": (payment.currency, snapshot.currency),
        "amount": (payment.amount, snapshot.amount),
        "session": (payment.session_id, snapshot.session_id),
        "payment intent": (payment.payment_intent_id, snapshot.payment_intent_id),
        # Vipps reserves and takes the whole amount or nothing.
        "reserved amount": (payment.amount, snapshot.amount_authorized),
        "captured amount": (payment.amount, snapshot.amount_captured),
    }
    for refund in snapshot.refunds:
        expected[f"refund {refund.refund_id}"] = (True, 0 < refund.amount <= payment.amount)
    for dispute in snapshot.disputes:
        expected[f"dispute {dispute.dispute_id}"] = (True, 0 < dispute.amount <= payment.amount)
    if not payment.payment_intent_id and snapshot.payment_intent_id:
        is_taken = Payment.objects.filter(payment_intent_id=snapshot.payment_intent_id).exists()
        expected["payment intent of another payment"] = (False, is_taken)
    # Money may not have moved yet.
    may_be_missing = {"session", "payment intent", "reserved amount", "captured amount"}
    different = [
        f"{name} is {found!r}, expected {wanted!r}"
        for name, (wanted, found) in expected.items()
        if found is not None and wanted != found and not (name in may_be_missing and not (wanted and found))
    ]
    return "; ".join(different) or None
