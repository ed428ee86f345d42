"""Disputes: the shopper's bank asks the money back, or first asks what it was for (an inquiry).

    warning_needs_response -> warning_under_review      an inquiry: no money is withdrawn
    warning_... -> warning_closed, or needs_response    closed, or escalated
    needs_response -> under_review                      the shop has answered
    needs_response, under_review -> won, or lost        won: the money comes back

The bank's part is played by the control page or the control API, and by time where nobody answers.
"""

from __future__ import annotations

from typing import Literal

from . import money, objects
from .clock import Clock
from .errors import NotPossible, StripeError
from .lifecycle import NOBODY, Cause, Lifecycle
from .storage import Record, Storage
from .types import StripeObject

Decision = Literal["won", "lost", "closed"]

#: Reasons that a card's bank gives; Stripe has more for other methods.
Reason = Literal[
    "credit_not_processed", "duplicate", "fraudulent", "general", "product_not_received",
    "product_unacceptable", "subscription_canceled", "unrecognized",
]  # fmt: skip

#: Stripe gives 7 to 21 days, by the card network; then the dispute is lost.
ANSWER_SECONDS = 14 * 24 * 3600
#: An inquiry that nobody escalates is closed.
INQUIRY_SECONDS = 120 * 24 * 3600

INQUIRIES = ("warning_needs_response", "warning_under_review")
FORMAL = ("needs_response", "under_review")


class Disputes:
    def __init__(self, storage: Storage, clock: Clock, lifecycle: Lifecycle) -> None:
        self._storage = storage
        self._clock = clock
        self._lifecycle = lifecycle

    # What they mean for the charge

    def of(self, charge: Record) -> list[Record]:
        """Newest first."""
        return [found for found in self._storage.all("dispute") if found.data["charge"] == charge.id]

    def withdrawn(self, charge: Record) -> int:
        """What banks have taken back and not returned."""
        moved = [entry for dispute in self.of(charge) for entry in dispute.data["balance_transactions"]]
        return -sum(entry["amount"] for entry in moved)

    def refundable(self, charge: Record) -> int:
        """What is neither refunded nor withdrawn."""
        data = charge.data
        return max(0, int(data["amount"]) - int(data["amount_refunded"]) - self.withdrawn(charge))

    def disputable(self, charge: Record) -> int:
        """What a bank may still take back: nothing while one asks for something already. It doesn't know
        of refunds."""
        if any(dispute.data["status"] in INQUIRIES + FORMAL for dispute in self.of(charge)):
            return 0
        return int(charge.data["amount"]) - self.withdrawn(charge)

    def block_refunds(self, charge: Record) -> bool:
        """Not while a bank is deciding; an inquiry leaves the charge refundable."""
        return any(dispute.data["status"] in FORMAL for dispute in self.of(charge))

    def refunds_changed(self, charge: Record) -> None:
        """A full refund resolves an inquiry."""
        for dispute in self.of(charge):
            if dispute.data["status"] in INQUIRIES:
                if self.refundable(charge):
                    self._save(dispute)
                else:
                    self._close(dispute, "warning_closed")

    # The bank

    def open(self, intent: Record, reason: Reason, amount: int | None, *, inquiry: bool) -> Record:
        """``amount`` is up to what is disputable; without one it is what is left of the charge."""
        if intent.data["status"] != "succeeded":
            raise NotPossible(f"The payment is {intent.data['status']}: nothing was captured.")
        charge = self._storage.need("charge", intent.data["latest_charge"])
        most = self.disputable(charge)
        if most == 0:
            raise NotPossible("The payment has an open dispute, or all of it was lost to one.")
        if amount is None:
            amount = self.refundable(charge)
        if not 1 <= amount <= most:
            asked, limit = (money.english(value, charge.data["currency"]) for value in (amount, most))
            raise NotPossible(f"{asked} can't be disputed, at most {limit}.")
        data = objects.dispute(
            charge.data,
            amount=amount,
            created=self._clock.now(),
            due_by=self._clock.now() + ANSWER_SECONDS,
            reason=reason,
            status="warning_needs_response" if inquiry else "needs_response",
        )
        dispute = Record(data, charge.livemode)
        dispute.due = self._clock.exact() + (INQUIRY_SECONDS if inquiry else ANSWER_SECONDS)
        charge.data["disputed"] = True
        self._storage.save(charge)
        if not inquiry:
            self._move(dispute, -amount)
        self._save(dispute)
        self._lifecycle.emit("charge.dispute.created", dispute.data)
        if not inquiry:
            self._lifecycle.emit("charge.dispute.funds_withdrawn", dispute.data)
        return dispute

    def answer(self, dispute: Record) -> None:
        """The shop's evidence was sent, as from the Dashboard: the bank reads it."""
        _must_be(dispute, "warning_needs_response", "needs_response")
        inquiry = dispute.data["status"] in INQUIRIES
        if not inquiry:
            dispute.due = None
        self._update(
            dispute,
            "warning_under_review" if inquiry else "under_review",
            {
                "has_evidence": True,
                "submission_count": dispute.data["evidence_details"]["submission_count"] + 1,
            },
        )

    def escalate(self, dispute: Record) -> None:
        """An inquiry becomes a dispute, and the money is withdrawn; what is refunded isn't any more."""
        _must_be(dispute, *INQUIRIES)
        left = self.refundable(self._storage.need("charge", dispute.data["charge"]))
        if left == 0:
            raise NotPossible("The payment is refunded: nothing more is withdrawn.")
        dispute.data["amount"] = min(dispute.data["amount"], left)
        dispute.due = self._clock.exact() + ANSWER_SECONDS
        self._move(dispute, -dispute.data["amount"])
        due_by = self._clock.now() + ANSWER_SECONDS
        self._update(dispute, "needs_response", {"due_by": due_by, "has_evidence": False})
        self._lifecycle.emit("charge.dispute.funds_withdrawn", dispute.data)

    def decide(self, dispute: Record, decision: Decision) -> None:
        """``closed`` for an inquiry, ``won`` or ``lost`` for a dispute."""
        if decision == "closed":
            _must_be(dispute, *INQUIRIES)
            self._close(dispute, "warning_closed")
            return
        _must_be(dispute, *FORMAL)
        self._close(dispute, decision)
        if decision == "won":
            self._move(dispute, dispute.data["amount"])
            self._save(dispute)
            self._lifecycle.emit("charge.dispute.funds_reinstated", dispute.data)

    # The shop

    def accept(self, dispute: Record, cause: Cause) -> None:
        """The shop has no evidence to send. Not documented: what becomes of an inquiry; here it closes."""
        if dispute.data["status"] not in INQUIRIES + FORMAL:
            raise StripeError("This dispute is already closed.", validation=False)
        inquiry = dispute.data["status"] in INQUIRIES
        self._close(dispute, "warning_closed" if inquiry else "lost", cause)

    # Time

    def fall_due(self, dispute: Record) -> None:
        """Nobody answered, or nobody escalated."""
        inquiry = dispute.data["status"] in INQUIRIES
        dispute.data["evidence_details"]["past_due"] = not dispute.data["evidence_details"]["has_evidence"]
        self._close(dispute, "warning_closed" if inquiry else "lost")

    # Bookkeeping

    def _update(self, dispute: Record, status: str, details: StripeObject) -> None:
        data = dispute.data
        before = {
            "status": data["status"],
            "evidence_details": {name: data["evidence_details"][name] for name in details},
        }
        data["status"] = status
        data["evidence_details"].update(details)
        self._save(dispute)
        self._lifecycle.emit("charge.dispute.updated", data, NOBODY, before)

    def _close(self, dispute: Record, status: str, cause: Cause = NOBODY) -> None:
        dispute.data["status"] = status
        dispute.due = None
        self._save(dispute)
        self._lifecycle.emit("charge.dispute.closed", dispute.data, cause)

    def _move(self, dispute: Record, amount: int) -> None:
        """Money out of the shop's balance, or back into it."""
        entry = objects.dispute_balance_transaction(
            dispute.data, amount=amount, created=self._clock.now(), fee=money.DISPUTE_FEE if amount < 0 else 0
        )
        dispute.data["balance_transactions"].append(entry)

    def _save(self, dispute: Record) -> None:
        self._storage.save(dispute)
        charge = self._storage.need("charge", dispute.data["charge"])
        refundable = dispute.data["status"] not in FORMAL and self.refundable(charge) > 0
        if dispute.data["is_charge_refundable"] != refundable:
            dispute.data["is_charge_refundable"] = refundable
            self._storage.save(dispute)


def _must_be(dispute: Record, *statuses: str) -> None:
    actual = dispute.data["status"]
    if actual not in statuses:
        raise NotPossible(f"The dispute is {actual}, not {' or '.join(statuses)}.")
