"""Refunds: full, partial and several, and what becomes of them."""

from __future__ import annotations

from typing import Literal

from . import money, objects
from .clock import Clock
from .disputes import Disputes
from .errors import NotPossible, StripeError, missing_parameter, no_such
from .lifecycle import NOBODY, Cause, Lifecycle
from .parameters import CreateRefund
from .storage import Record, Storage

#: What the next refunds become at first; a pending one is decided later.
Outcome = Literal["succeeded", "pending", "failed"]
RefundDecision = Literal["succeeded", "failed", "canceled"]


class Refunds:
    def __init__(self, storage: Storage, clock: Clock, lifecycle: Lifecycle, disputes: Disputes) -> None:
        self._storage = storage
        self._clock = clock
        self._lifecycle = lifecycle
        self._disputes = disputes
        self.outcomes: list[Outcome] = []

    def of(self, charge: Record) -> list[Record]:
        """Newest first."""
        return [found for found in self._storage.all("refund") if found.data["charge"] == charge.id]

    def create(
        self, parameters: CreateRefund, livemode: bool, cause: Cause, outcome: Outcome | None = None
    ) -> Record:
        """``outcome`` is what the bank makes of it; without one it is the next that was ordered."""
        charge = self._charge(parameters, livemode)
        amount = self._amount(parameters, charge)
        if outcome is None:
            outcome = self.outcomes.pop(0) if self.outcomes else "succeeded"
        data = objects.refund(
            charge.data,
            amount=amount,
            created=self._clock.now(),
            metadata={key: value for key, value in parameters.metadata.items() if value},
            reason=parameters.reason,
            # A refund that fails is accepted first: the bank says no later.
            status="pending" if outcome == "failed" else outcome,
        )
        refund = self._storage.save(Record(data, livemode))
        self._count(charge, amount)
        self._lifecycle.emit("refund.created", refund.data, cause)
        self._lifecycle.emit("charge.refunded", charge.data, cause)
        self._disputes.refunds_changed(charge)
        if outcome == "failed":
            self.decide(refund, "failed")
        return refund

    def decide(self, refund: Record, status: RefundDecision) -> None:
        """A pending refund gets through or not; one that succeeded may still come back failed."""
        if refund.data["status"] in ("failed", "canceled", status):
            raise NotPossible(f"The refund is {refund.data['status']} already.")
        before = {"status": refund.data["status"]}
        refund.data["status"] = status
        refund.data.pop("pending_reason", None)
        if status != "succeeded":
            if status == "failed":
                refund.data["failure_reason"] = "lost_or_stolen_card"
                refund.data["failure_balance_transaction"] = refund.data["balance_transaction"]
            charge = self._storage.need("charge", refund.data["charge"])
            self._count(charge, -refund.data["amount"])
            self._disputes.refunds_changed(charge)
        self._storage.save(refund)
        self._lifecycle.emit("refund.updated", refund.data, NOBODY, before)
        if status == "failed":
            self._lifecycle.emit("refund.failed", refund.data)

    def _count(self, charge: Record, amount: int) -> None:
        """Pending refunds count too; a failed one is taken off again."""
        refunded = charge.data["amount_refunded"] + amount
        charge.data.update(amount_refunded=refunded, refunded=refunded == charge.data["amount"])
        self._storage.save(charge)

    def _charge(self, parameters: CreateRefund, livemode: bool) -> Record:
        if parameters.payment_intent and parameters.charge:
            raise StripeError(
                "You may only specify one of these parameters: payment_intent, charge.", param="charge"
            )
        if parameters.payment_intent:
            intent = self._storage.get("payment_intent", parameters.payment_intent)
            if intent is None or intent.livemode != livemode:
                raise no_such("payment_intent", parameters.payment_intent, param="payment_intent")
            if intent.data["status"] != "succeeded":
                raise StripeError(
                    f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
                    param="payment_intent",
                    validation=False,
                )
            return self._storage.need("charge", intent.data["latest_charge"])
        if parameters.charge:
            charge = self._storage.get("charge", parameters.charge)
            if charge is None or charge.livemode != livemode:
                raise no_such("charge", parameters.charge, param="charge")
            if not charge.data["captured"]:
                raise StripeError(
                    f"Charge {charge.id} has not been captured, so it can't be refunded. Cancel its "
                    "PaymentIntent instead.",
                    param="charge",
                    validation=False,
                )
            return charge
        raise missing_parameter("payment_intent")

    def _amount(self, parameters: CreateRefund, charge: Record) -> int:
        left = self._disputes.refundable(charge)
        currency = charge.data["currency"]
        if parameters.currency and parameters.currency != currency:
            raise StripeError(f"The refund's currency must be the charge's, {currency}.", param="currency")
        lost = left == 0 and self._disputes.withdrawn(charge) > 0
        if lost or self._disputes.block_refunds(charge):
            raise StripeError(
                f"The charge {charge.id} has been charged back; cannot issue a refund.",
                code="charge_disputed",
                validation=False,
            )
        if left == 0:
            raise StripeError(
                f"Charge {charge.id} has already been refunded.",
                code="charge_already_refunded",
                validation=False,
            )
        amount = left if parameters.amount is None else parameters.amount
        if amount > left:
            raise StripeError(
                f"Refund amount ({money.english(amount, currency)}) is greater than unrefunded amount on "
                f"charge ({money.english(left, currency)})",
                param="amount",
                validation=False,
            )
        return amount
