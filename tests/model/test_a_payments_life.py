"""A payment's life, played by chance: shopper, staff, Stripe and the shop do what they can, in any order, and
after every step the shop's books are held against the design's promises and against what Stripe says.

``MODEL_RUNS=10000`` plays that many lives; a few are played otherwise.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from oscar_vipps.gateway.events import HANDLED
from oscar_vipps.gateway.snapshot import REFUND_KEY
from tests.integration.books import differences
from tests.support.fixtures import Shop
from tests.support.simulator import Json

from . import invariants
from .bank import BanksSteps
from .ears import Ears
from .people import ShoppersSteps, StaffsSteps, step
from .world import A_WHILE, LONG, World, known_shopper

RUNS = int(os.environ.get("MODEL_RUNS", "12"))
STEPS = 12
#: Hypothesis makes most lives of the ones before; so that they don't become all alike, it begins anew after
#: so many.
ANEW = 100

#: Multiples of half a minute, so that no sum of them is a second before something falls due.
TIMES = {
    "a moment": timedelta(seconds=90),
    "a while": A_WHILE,
    "longer than a session": timedelta(minutes=40),
    "longer than an idempotency key": timedelta(hours=25),
    "longer than a reservation": timedelta(days=8),
}
OPENED = ("shopper_opens_the_pay_page",)
PAID = (*OPENED, "shopper_approves")
TOLD = (*PAID, "stripe_tells_what_is_new")
REFUNDED = (*TOLD, "staff_refund_half", "stripe_tells_what_is_new")
SLOWLY = (*TOLD, "refunds_are_pending_at_first", "staff_refund_half")
INQUIRED = (*TOLD, "the_bank_inquires")
DISPUTED = (*TOLD, "the_bank_disputes_everything", "stripe_tells_what_is_new")
DISPUTED_IN_THE_END = (*REFUNDED, "the_bank_disputes_everything")
CANCELLED = (*TOLD, "staff_cancel_the_order")
SENT_BACK = (*CANCELLED, "staff_refund_everything", "stripe_tells_what_is_new")
ENDED = (*OPENED, "stripe_ends_a_session_too_early")
LATE = (*ENDED, "shopper_approves", "stripe_tells_what_is_new")
#: Most lives begin with the money, for then there is most to go wrong.
BEGINNINGS = [(), OPENED, OPENED, PAID, PAID, TOLD, TOLD, REFUNDED, SLOWLY, CANCELLED, SENT_BACK, ENDED, LATE]
BEGINNINGS += [INQUIRED, DISPUTED, DISPUTED_IN_THE_END]
#: How what Stripe has to tell is told in the end. All of it, or nothing.
ENDS: dict[str, Callable[[list[Json]], list[Json]]] = {
    "told": list,
    "told backwards": lambda events: events[::-1],
    "told in disorder": lambda events: random.Random(0).sample(events, len(events)),
    "untold": list,
}
CAME_BACK = ("failed", "canceled")
FAILURES = ["500", "500", "503", "503", "429", "close", "timeout_before", "timeout_after"]


def handled(world: World) -> list[Json]:
    """Events so far that the shop has an ear for."""
    return [event for event in world.stripe["events"] if event["type"] in HANDLED]


def undecided(world: World) -> list[Json]:
    """Refunds that are under way. One that succeeded may still come back."""
    return [refund for refund in world.stripe["refunds"] if refund["status"] in ("pending", "succeeded")]


class PaymentsLife(ShoppersSteps, StaffsSteps, BanksSteps):
    @initialize(
        capture=st.sampled_from(["automatic", "manual"]),
        late_payment=st.sampled_from(["return", "reinstate"]),
        quantity=st.integers(1, 3),
        has_voucher=st.booleans(),
        begins=st.sampled_from(BEGINNINGS),
        ends=st.sampled_from(list(ENDS)),
    )
    def order(
        self,
        capture: str,
        late_payment: str,
        quantity: int,
        has_voucher: bool,
        begins: tuple[str, ...],
        ends: str,
    ) -> None:
        self.ends = ends
        self.world.configure(CAPTURE=capture, LATE_PAYMENT=late_payment, MAX_NETWORK_RETRIES=0)
        self.world.place_order(quantity=quantity, has_voucher=has_voucher)
        for name in begins:
            getattr(self, name)()
            self.world.look()

    @invariant()
    def promises_are_kept(self) -> None:
        self.is_sound = False
        self.world.look()
        invariants.check(self.world)
        self.is_sound = True

    # Stripe

    @step(when=lambda world: world.news)
    def stripe_tells_what_is_new(self) -> None:
        self.world.deliver(self.world.news)

    @step(when=handled, data=st.data())
    def stripe_tells(self, data: st.DataObject) -> None:
        """In any order, some twice, some not at all."""
        events = {f"{number} {event['type']}": event for number, event in enumerate(handled(self.world))}
        names = data.draw(st.lists(st.sampled_from(list(events)), min_size=1, max_size=4))
        self.world.deliver([events[name] for name in names])

    @step(how_long=st.sampled_from(list(TIMES)))
    def time_passes(self, how_long: str) -> None:
        self.world.pass_time(TIMES[how_long])

    @step(when=lambda world: world.sessions("open") and world.payment.session_id and not world.has_faults)
    def stripe_ends_a_session_too_early(self) -> None:
        self.world.hear_of_an_end_that_is_none()

    @step(kind=st.sampled_from(FAILURES), count=st.integers(1, 3))
    def stripe_is_about_to_fail(self, kind: str, count: int) -> None:
        self.world.order_fault(kind, 1 if kind.startswith("timeout") else count)

    @step(when=lambda world: world.has_faults)
    def stripe_recovers(self) -> None:
        self.world.simulator.clear_faults()

    @step(
        when=lambda world: world.intent,
        outcomes=st.lists(st.sampled_from(["pending", "failed"]), min_size=1, max_size=2),
    )
    def refunds_will_take_their_time(self, outcomes: list[str]) -> None:
        self.world.simulator.refund_outcomes(*outcomes)

    def refunds_are_pending_at_first(self) -> None:
        """How a life with slow refunds begins."""
        self.world.simulator.refund_outcomes("pending", "pending")

    @step(when=undecided)
    def a_refund_arrives(self) -> None:
        refund = undecided(self.world)[-1]
        if refund["status"] == "pending":
            self.world.simulator.decide_refund(refund["id"], "succeeded")

    @step(when=undecided, status=st.sampled_from(CAME_BACK))
    def a_refund_comes_back(self, status: str) -> None:
        self.world.simulator.decide_refund(undecided(self.world)[-1]["id"], status)

    # The shop

    @step(waits=st.booleans())
    def the_reconciler_runs(self, waits: bool) -> None:
        if waits:
            self.world.pass_time(A_WHILE)
        self.world.reconcile()

    @step(when=lambda world: world.payment.state == "created" and world.deaths < 2 and not world.has_faults)
    def a_process_dies_while_opening_the_session(self) -> None:
        self.world.die_while_opening()

    @step(works=st.booleans())
    def the_mail_server_changes(self, works: bool) -> None:
        self.world.let_mail(work=works)

    # In the end

    def teardown(self) -> None:
        try:
            if self.is_sound:
                self.comes_to_rest()
        finally:
            self.world.end()

    def comes_to_rest(self) -> None:
        """All goes well again, everything is told or never will be, and the reconciler has its time."""
        world = self.world
        world.simulator.clear_faults()
        world.simulator.refund_outcomes()
        world.let_mail(work=True)
        world.look()
        is_untold = self.ends == "untold" and not self.needs_telling()
        if not is_untold:
            world.deliver(ENDS[self.ends](world.stripe["events"]))
        for _ in range(2):
            world.pass_time(LONG if is_untold else A_WHILE)
            world.reconcile()
            self.promises_are_kept()
        invariants.check_agreement(world)
        world.deliver(world.news)
        before = invariants.everything(world)
        world.deliver(handled(world)[::-1])
        assert differences(before, invariants.everything(world)) == {}
        self.promises_are_kept()
        world.pass_time(A_WHILE)
        invariants.check_what_is_due(world)

    def needs_telling(self) -> Any:
        """Of a payment that has ended nothing is expected. And nobody asks about refunds that were made in
        Stripe's Dashboard, nor whether one came back, nor about disputes.
        """
        refunds = self.world.stripe["refunds"]
        unasked = any(REFUND_KEY not in each["metadata"] or each["status"] in CAME_BACK for each in refunds)
        return unasked or self.world.stripe["disputes"] or self.world.payment.has_ended


@pytest.fixture
def ears() -> Iterator[Ears]:
    found = Ears()
    with found.listening():
        yield found


@pytest.mark.timeout(max(120, 2 * RUNS))
def test_a_payments_life(shop: Shop, ears: Ears) -> None:
    shopper = known_shopper()
    for played in range(0, RUNS, ANEW):
        run_state_machine_as_test(
            lambda: PaymentsLife(World(shop, ears, shopper)),  # type: ignore[arg-type]
            settings=settings(
                max_examples=min(ANEW, RUNS - played),
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
