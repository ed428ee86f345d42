"""What Stripe says about refunds, brought to their rows. For ``settle`` alone, which holds the lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Sum

from oscar_vipps.gateway.snapshot import RefundSnapshot
from oscar_vipps.models import Payment, Refund

Status = Refund.Status

#: Stripe's words -> ours.
STATUSES = {
    "pending": Status.PENDING,
    "requires_action": Status.PENDING,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.CANCELLED,
}

#: A refund only ever moves up, so that it makes no difference in which order its news come. One that went
#: well may still come back from the bank.
RANK = {
    Status.REQUESTED: 0,
    Status.PENDING: 1,
    Status.SUCCEEDED: 2,
    Status.CANCELLED: 3,
    Status.FAILED: 3,
}


@dataclass(frozen=True)
class Change:
    """A refund that has moved, and from where."""

    refund: Refund
    before: Status

    @property
    def arrived(self) -> bool:
        """The money is the shopper's."""
        return self.refund.status == Status.SUCCEEDED

    @property
    def came_back(self) -> bool:
        """It had arrived, and then it hadn't."""
        return self.before == Status.SUCCEEDED

    @property
    def failed(self) -> bool:
        return self.refund.status in (Status.FAILED, Status.CANCELLED)


def update(payment: Payment, found: Iterable[RefundSnapshot]) -> Iterator[Change]:
    """Each refund that is new or has moved, when its row and the payment's sum say so.

    One after the other, so that whatever follows from one sees the sum as it was then.
    """
    for facts in found:
        refund = _row(payment, facts)
        before, after = Status(refund.status), STATUSES[facts.status]
        if refund.pk and refund.refund_id and RANK[after] <= RANK[before]:
            continue
        refund.refund_id, refund.amount = facts.refund_id, facts.amount
        refund.status, refund.failure_reason = after, facts.failure_reason
        refund.save()
        arrived = payment.refunds.filter(status=Status.SUCCEEDED).aggregate(sum=Sum("amount"))["sum"]
        # That one came back from the bank may be heard of after the one that was sent instead.
        payment.amount_refunded = min(arrived or 0, payment.amount_captured)
        payment.save(update_fields=["amount_refunded", "updated_at"])
        yield Change(refund, before)


def _row(payment: Payment, facts: RefundSnapshot) -> Refund:
    known = payment.refunds.filter(refund_id=facts.refund_id).first()
    asked_for = payment.refunds.filter(reference=facts.reference or None, refund_id=None)
    return known or asked_for.first() or Refund(payment=payment)
