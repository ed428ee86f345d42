"""The process is killed at every step of everything that writes or asks Stripe; then life goes on.

A step is the moment just before and just after a commit or a call to Stripe (tests.crashes.steps). After each
death the shop is there again, and either whoever got no answer tries again and Stripe sends its events, or
nobody comes any more but cron. In the end one order is there or none, and everybody says the same of the
money: order, payment, books and Stripe. Nothing is reserved, taken, given back or counted twice, and nothing
is left open.

Of what goes out, this is promised: one confirmation, at once or when cron has come; one that comes up to ten
minutes later than that if the process dies while it sends; a second one if it dies after it has sent and
before it could note that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import pytest

from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.models import Payment

from .browser import Killed, steps_of
from .flows import FLOWS, Act, Flow, cron_is_due, reconcile
from .outcome import End, Outcome, expected, outcome
from .purchase import MortalShop, Purchase

#: ``CRASHES_PART=1/2`` takes every other step, from the first; ``2/2`` the others.
PART, OF = map(int, os.environ.get("CRASHES_PART", "1/1").split("/"))

TABLES = ("oscar_vipps_payment", "oscar_vipps_refund", "oscar_vipps_dispute")
SENDING = [f"after UPDATE {table} (confirmation_claimed_at)" for table in TABLES]
SENT = [f"before UPDATE {table} (confirmation_sent_at)" for table in TABLES]


@contextmanager
def begun(shop: MortalShop, flow: Flow) -> Iterator[Purchase]:
    """A purchase that has come to where the flow begins."""
    shop.simulator.reset()
    purchase = Purchase(shop, is_shipped=flow.is_shipped)
    try:
        for act in flow.before:
            act(purchase)
        yield purchase
    finally:
        purchase.close()


def life_goes_on(purchase: Purchase, tried_again: Act | None) -> int:
    """Until nothing is left to do. How many mails were sent by the time when cron had come once."""
    if tried_again:
        tried_again(purchase)
        purchase.hear_all()
    cron_is_due(purchase)
    reconcile(purchase)
    if tried_again:
        finish(purchase)
    mails = purchase.mails()
    purchase.wait_for_the_end()
    if tried_again:
        purchase.hear_all()
    reconcile(purchase)
    return mails


def finish(purchase: Purchase) -> None:
    """The shopper pays, if that isn't done, and finds the way by what the shop shows."""
    payment = purchase.payment
    if payment.state in (Payment.State.CREATED, Payment.State.OPEN):
        assert url_for(payment, "pay") in purchase.look_into_basket(), "the shopper isn't shown the payment"
        purchase.go_to_vipps()
        purchase.approve()
        purchase.hear_all()
        purchase.come_back()


def which(ends: tuple[End, ...], found: Outcome) -> End:
    """The end that it is, or is most like."""
    alike = [end for end in ends if (end.status, end.state) == found["end"]] or ends
    return next((end for end in alike if expected(end) == found), alike[0])


@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_whatever_step_the_process_dies_at_nothing_is_lost_and_nothing_comes_twice(
    mortal_shop: MortalShop, flow: Flow, subtests: pytest.Subtests, figure: Callable[[str, int], None]
) -> None:
    ways = [("tried again", flow.tried_again, flow.act), ("left to cron", flow.left_to_cron, None)]
    ways = [(way, ends, act) for way, ends, act in ways if ends]
    with begun(mortal_shop, flow) as purchase:
        steps = steps_of(flow.act(purchase))
        life_goes_on(purchase, None)
    assert len(steps) >= flow.least_steps, steps

    for (way, ends, tried_again), (number, step) in product(ways, list(enumerate(steps, 1))[PART - 1 :: OF]):
        with subtests.test(f"{number}: {step}, {way}"), begun(mortal_shop, flow) as purchase:
            with pytest.raises(Killed):
                flow.act(purchase, number)
            mails_so_far = life_goes_on(purchase, tried_again)
            found = outcome(purchase)
            end = which(ends, found)
            assert found == expected(end)
            assert mails_so_far == end.mails - (step in SENDING)
            assert purchase.mails() == end.mails + (step in SENT)
            if end.is_returned and tried_again:
                # A guest's basket is found by a cookie, and that comes with the answer.
                assert (purchase.product.title in purchase.look_into_basket()) == (number < len(steps))
        figure("times the shop was killed", 1)
