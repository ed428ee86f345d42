"""What shoppers and staff can do, each a step of a payment's life."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from oscar_vipps.models import Dispute, Payment, Refund
from oscar_vipps.payments import operations, refunds
from oscar_vipps.payments.states import State
from tests.support.shopper import Shopper

from .world import A_WHILE, World

PARTS = {"all": 1, "half": 2, "a third": 3}
SOME_PART = st.sampled_from(list(PARTS))


class Life(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        #: The last step was played to its end, and its outcome found to be right.
        self.is_sound = False


def step(when: Callable[[World], Any] = lambda world: True, **draws: Any) -> Callable[[Any], Any]:
    """A rule that may be played when ``when`` holds."""

    def decorate(play: Callable[..., None]) -> Any:
        @functools.wraps(play)
        def played(self: Life, **drawn: Any) -> None:
            self.is_sound = False
            play(self, **drawn)

        as_rule: Any = rule(**draws)
        where_possible: Any = precondition(lambda self: when(self.world))
        return where_possible(as_rule(played))

    return decorate


class ShoppersSteps(Life):
    @step(when=lambda world: not world.payment.session_id)
    def shopper_opens_the_pay_page(self) -> None:
        self.world.open_pay_page()

    @step(when=World.can_be_paid)
    def shopper_approves(self) -> None:
        self._pay("authorize")

    @step(when=World.can_be_paid)
    def shopper_declines(self) -> None:
        self._pay("fail")

    @step(when=World.can_be_paid)
    def shopper_begins_to_pay(self) -> None:
        self._pay("start")

    @step(when=World.can_be_paid)
    def shopper_does_not_answer_in_time(self) -> None:
        self._pay("start")
        self.world.pass_time(A_WHILE)

    def _pay(self, outcome: str) -> None:
        self.world.simulator.pay(self.world.can_be_paid()[-1], outcome)

    @step(page=st.sampled_from(["pay", "return", "cancel", "status", "order again"]))
    def shopper_visits(self, page: str) -> None:
        if page == "pay":
            self.world.open_pay_page()
        elif page != "order again":
            self.world.shopper.visit(self.world.payment, page)
        elif not self.world.payment.basket_returned_at:
            self.world.shopper.submit()

    @step(when=lambda world: world.payment.state in (State.CREATED, State.OPEN))
    def shopper_gives_up(self) -> None:
        self.world.shopper.press(self.world.payment, "cancel")

    @step(when=lambda world: world.payment.has_ended)
    def shopper_wants_the_basket_back(self) -> None:
        self.world.shopper.press(self.world.payment, "cancel")

    @step(does=st.sampled_from(["opens pay", "opens return", "opens cancel", "presses cancel"]))
    def somebody_with_the_link(self, does: str) -> None:
        """In another browser, whatever the time."""
        verb, page = does.split()
        browser = Shopper()
        (browser.press if verb == "presses" else browser.visit)(self.world.payment, page)


def intent_is(status: str) -> Callable[[World], bool]:
    """As staff see it in Stripe's Dashboard. Nobody is there while Stripe fails: the failure would be
    theirs.
    """
    return lambda world: world.intent.get("status") == status and not world.has_faults


def can_be_refunded_at_stripe(world: World) -> bool:
    """Not while a bank decides."""
    is_decided = not world.disputes(*Dispute.HINDERING)
    return intent_is("succeeded")(world) and is_decided and world.refundable > 2


class StaffsSteps(Life):
    @step(when=lambda world: world.payment.order.available_statuses(), data=st.data())
    def staff_set_the_status(self, data: st.DataObject) -> None:
        status = data.draw(st.sampled_from(self.world.payment.order.available_statuses()))
        self.world.set_status(status)

    @step(when=lambda world: "Cancelled" in world.payment.order.available_statuses())
    def staff_cancel_the_order(self) -> None:
        self.world.set_status("Cancelled")

    @step(when=lambda world: world.payment.state == State.AUTHORIZED)
    def staff_capture_in_the_shop(self) -> None:
        self.world.press_in_the_shop(operations.capture)

    @step(when=lambda world: world.payment.state == State.AUTHORIZED)
    def staff_release_in_the_shop(self) -> None:
        self.world.press_in_the_shop(operations.void)

    @step(
        when=lambda world: world.payment.amount_captured and refunds.refundable(world.payment) > 2,
        part=SOME_PART,
    )
    def staff_refund_in_the_shop(self, part: str) -> None:
        payment = self.world.payment
        wish = refunds.Wish(refunds.refundable(payment) // PARTS[part])
        if refunds.open_dispute(payment):
            with pytest.raises(refunds.DisputeIsOpen):
                refunds.request_refund(payment, wish)
            return
        refund = refunds.request_refund(payment, wish)
        self.world.press_in_the_shop(lambda payment: refunds.send(refund))

    @step(when=lambda world: refunds.reserved_left(world.payment) > 2, part=SOME_PART)
    def staff_capture_a_part_in_the_shop(self, part: str) -> None:
        amount = (refunds.reserved_left(self.world.payment) - 1) // PARTS[part]
        wish = refunds.Wish(amount)
        refund = refunds.request_refund(self.world.payment, wish, once_captured=True)

        def capture_and_refund(payment: Payment) -> Payment:
            payment = operations.capture(payment)
            return refunds.send(Refund.objects.get(pk=refund.pk)) if payment.is_paid else payment

        self.world.press_in_the_shop(capture_and_refund)

    @step(when=intent_is("requires_capture"))
    def staff_capture_in_stripes_dashboard(self) -> None:
        self.world.dashboard.v1.payment_intents.capture(self.world.intent["id"])

    @step(when=intent_is("requires_capture"))
    def staff_release_in_stripes_dashboard(self) -> None:
        self.world.dashboard.v1.payment_intents.cancel(self.world.intent["id"])

    @step(when=can_be_refunded_at_stripe, part=SOME_PART)
    def staff_refund_in_stripes_dashboard(self, part: str) -> None:
        self.world.refund_in_stripes_dashboard(self.world.refundable // PARTS[part])

    # How lives with refunds begin

    def staff_refund_half(self) -> None:
        self._capture_and_refund(parts=2)

    def staff_refund_everything(self) -> None:
        self._capture_and_refund(parts=1)

    def _capture_and_refund(self, parts: int) -> None:
        if intent_is("requires_capture")(self.world):
            self.staff_capture_in_stripes_dashboard()
            self.world.look()
        if intent_is("succeeded")(self.world):
            self.world.refund_in_stripes_dashboard(self.world.refundable // parts)
