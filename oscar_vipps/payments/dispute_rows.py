"""What Stripe says about disputes, brought to their rows. For ``settle`` alone, which holds the lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Sum

from oscar_vipps.gateway.snapshot import DisputeSnapshot
from oscar_vipps.models import Dispute, Payment

from .moments import as_stored

Status = Dispute.Status

#: A dispute only ever moves up, so that it makes no difference in which order its news come. An inquiry may
#: become a dispute, and a bank may think better of one that it has decided.
RANK = {
    Status.WARNING_NEEDS_RESPONSE: 0,
    Status.WARNING_UNDER_REVIEW: 1,
    Status.WARNING_CLOSED: 2,
    Status.NEEDS_RESPONSE: 3,
    Status.UNDER_REVIEW: 4,
    Status.PREVENTED: 5,
    Status.LOST: 6,
    Status.WON: 7,
}
#: What Stripe tells of a dispute, and may tell anew.
FACTS = (
    "amount",
    "status",
    "reason",
    "evidence_due_at",
    "funds_withdrawn",
    "funds_reinstated",
    "was_inquiry",
    "updated_at",
)


@dataclass(frozen=True)
class Change:
    """A dispute that is new or has moved."""

    dispute: Dispute
    #: None where it is new.
    before: Status | None
    withdrawn: bool
    reinstated: bool
    #: Øre that the bank asked about, where it isn't known yet that it did.
    asked: int

    @property
    def closed(self) -> bool:
        """The bank has decided, or decided otherwise."""
        return not self.dispute.is_open and self.before != self.dispute.status


def update(payment: Payment, found: Iterable[DisputeSnapshot]) -> Iterator[Change]:
    """Each dispute that is new or has moved, when its row and the payment's sum say so."""
    for facts in found:
        dispute = payment.disputes.filter(dispute_id=facts.dispute_id).first()
        before = None if dispute is None else Status(dispute.status)
        dispute = dispute or Dispute(payment=payment, dispute_id=facts.dispute_id, status=facts.status)
        asks = is_inquiry(facts.status)
        change = Change(
            dispute,
            before,
            withdrawn=_was_withdrawn(facts) and not dispute.funds_withdrawn,
            reinstated=facts.funds_reinstated and not dispute.funds_reinstated,
            asked=facts.amount if asks and not dispute.was_inquiry else 0,
        )
        has_moved = before is None or RANK[Status(facts.status)] > RANK[before]
        _add_facts(dispute, facts)
        if has_moved:
            dispute.status = facts.status
        _save(dispute)
        if not (has_moved or change.withdrawn or change.reinstated or change.asked):
            continue
        taken = payment.disputes.filter(funds_withdrawn=True, funds_reinstated=False)
        payment.amount_disputed = taken.aggregate(sum=Sum("amount"))["sum"] or 0
        payment.save(update_fields=["amount_disputed", "updated_at"])
        yield change


def _save(dispute: Dispute) -> None:
    """Without what is noted of the mail: that is written beside the payment's lock."""
    if dispute.pk is None:
        dispute.save()
    else:
        dispute.save(update_fields=FACTS)


def is_inquiry(status: str) -> bool:
    """Whether the bank only asks."""
    return status.startswith("warning_")


def _was_withdrawn(facts: DisputeSnapshot) -> bool:
    """What is given back was withdrawn before, be it that this is heard later."""
    return facts.funds_withdrawn or facts.funds_reinstated


def _add_facts(dispute: Dispute, facts: DisputeSnapshot) -> None:
    known, told = is_inquiry(dispute.status), is_inquiry(facts.status)
    if known == told:
        dispute.amount = max(dispute.amount or 0, facts.amount)
    elif known:
        # What was refunded since the bank asked isn't disputed.
        dispute.amount = facts.amount
    dispute.was_inquiry = dispute.was_inquiry or told
    dispute.reason = dispute.reason or facts.reason
    due = facts.evidence_due_at and as_stored(facts.evidence_due_at)
    # A bank that asks again gives more time, and none takes it back.
    dispute.evidence_due_at = max(filter(None, (dispute.evidence_due_at, due)), default=None)
    dispute.funds_withdrawn = dispute.funds_withdrawn or _was_withdrawn(facts)
    dispute.funds_reinstated = dispute.funds_reinstated or facts.funds_reinstated
