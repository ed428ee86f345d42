"""What the shop's staff do in Stripe's Dashboard, past the shop: it hears of it by events only.

The control page and the control API both go through here.
"""

from __future__ import annotations

from .lifecycle import NOBODY, must_be
from .parameters import CreateRefund
from .refunds import Outcome
from .simulator import Simulator
from .storage import Record
from .validation import validate


def capture(simulator: Simulator, intent: Record) -> None:
    must_be(intent, "requires_capture", "captured")
    simulator.lifecycle.capture(intent, NOBODY)


def cancel(simulator: Simulator, intent: Record) -> None:
    """Give the reservation back."""
    must_be(intent, "requires_capture", "canceled")
    simulator.lifecycle.void(intent, "requested_by_customer")


def refund(simulator: Simulator, intent: Record, amount: int | None, outcome: Outcome) -> Record:
    """``amount`` in øre; without one what is left of the payment."""
    asked = {} if amount is None else {"amount": str(amount)}
    parameters = validate(CreateRefund, {"payment_intent": intent.id, **asked})
    return simulator.refunds.create(parameters, intent.livemode, NOBODY, outcome)
