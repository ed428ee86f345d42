"""What the shopper's bank can do, and how staff answer it: steps of a payment's life."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .people import PARTS, SOME_PART, Life, intent_is, step
from .world import World

INQUIRIES = ("warning_needs_response", "warning_under_review")
FORMAL = ("needs_response", "under_review")


def dispute_is(*statuses: str) -> Callable[[World], Any]:
    return lambda world: world.disputes(*statuses)


class BanksSteps(Life):
    @step(when=lambda world: world.disputable > 2, part=SOME_PART, is_inquiry=st.booleans())
    def the_bank_asks(self, part: str, is_inquiry: bool) -> None:
        """It knows nothing of refunds."""
        amount = self.world.disputable // PARTS[part]
        self.world.simulator.dispute(self.world.intent["id"], amount=amount, inquiry=is_inquiry)

    @step(when=lambda world: world.disputes(*INQUIRIES) and world.refundable)
    def the_bank_escalates(self) -> None:
        self.world.simulator.escalate_dispute(self._dispute(*INQUIRIES))

    @step(when=dispute_is("needs_response", "warning_needs_response"))
    def staff_answer_the_bank(self) -> None:
        self.world.simulator.dispute_answered(self._dispute("needs_response", "warning_needs_response"))

    @step(when=dispute_is(*INQUIRIES))
    def the_bank_is_content(self) -> None:
        self.world.simulator.decide_dispute(self._dispute(*INQUIRIES), "closed")

    @step(when=dispute_is(*FORMAL), decision=st.sampled_from(["won", "won", "lost"]))
    def the_bank_decides(self, decision: str) -> None:
        self.world.simulator.decide_dispute(self._dispute(*FORMAL), decision)

    def _dispute(self, *statuses: str) -> str:
        [dispute] = self.world.disputes(*statuses)
        found: str = dispute["id"]
        return found

    # How lives with disputes begin

    def the_bank_disputes_everything(self) -> None:
        self._begin(is_inquiry=False)

    def the_bank_inquires(self) -> None:
        self._begin(is_inquiry=True)

    def _begin(self, *, is_inquiry: bool) -> None:
        if intent_is("requires_capture")(self.world):
            self.world.dashboard.v1.payment_intents.capture(self.world.intent["id"])
            self.world.look()
        if self.world.disputable:
            self.world.simulator.dispute(self.world.intent["id"], inquiry=is_inquiry)
