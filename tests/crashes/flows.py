"""Everything that writes or asks Stripe: what was before, where the process dies, and how it may end.

What is new of that kind gets a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .browser import Killed
from .outcome import (
    CANCELLED,
    CANCELLED_WITH_BASKET,
    CAPTURED,
    DISPUTED,
    EXPIRED,
    KEPT_IN_PART,
    LOST,
    NOT_ORDERED,
    PAID,
    RELEASED,
    RELEASED_LATE,
    RESERVED,
    SENT,
    SENT_BACK,
    TAKEN_BACK,
    WON,
    End,
)
from .purchase import Purchase

Act = Callable[..., Any]


@dataclass(frozen=True)
class Flow:
    name: str
    before: tuple[Act, ...]
    #: Called with the purchase, and with the step at which the process is to die.
    act: Act
    #: How it may end when whoever got no answer tries again, and when nobody does and no event comes any
    #: more. Empty where another flow shows that, or where it isn't so: cron comes in any case, and Stripe
    #: repeats an event until it has an answer.
    tried_again: tuple[End, ...]
    left_to_cron: tuple[End, ...]
    #: With fewer, something isn't watched any more.
    least_steps: int
    #: What is shipped is reserved first, and captured later.
    is_shipped: bool = False

    def __str__(self) -> str:
        return self.name


def hear(type: str) -> Act:
    return lambda purchase, kill_at=0: purchase.hear(type, kill_at)


def reconcile(purchase: Purchase, kill_at: int = 0) -> Any:
    return purchase.run("vipps_reconcile", kill_at)


def dies_at(step: int, act: Act) -> Act:
    """The act, begun by a process that dies."""

    def begun(purchase: Purchase) -> None:
        try:
            act(purchase, step)
        except Killed:
            return
        raise AssertionError(f"the process has survived step {step}")

    return begun


def cron_is_due(purchase: Purchase) -> None:
    """Things have been quiet for long enough, and nothing has ended yet."""
    purchase.wait(6)


def time_to_pay_is_over(purchase: Purchase) -> None:
    purchase.wait(40)


#: Steps that come just after something, and before everything that follows from it.
WISH_SAVED = 2
SESSION_MADE = 4
EVENT_PROCESSED = 4
PART_CAPTURED = 8

SUCCEEDED = "payment_intent.succeeded"
CAPTURABLE = "payment_intent.amount_capturable_updated"
DISPUTE = "charge.dispute."
SESSION_EXPIRED = "checkout.session.expired"

AT_VIPPS = (Purchase.place_order, Purchase.go_to_vipps)
APPROVED = (*AT_VIPPS, Purchase.approve)
HEARD = (*APPROVED, Purchase.hear_all)
CLAIMED = (*HEARD, Purchase.dispute)
TOO_LATE = (*AT_VIPPS, Purchase.end_too_early, Purchase.approve)

THE_SHOPPER = [
    Flow("place the order", (), Purchase.place_order, (PAID,), (NOT_ORDERED, EXPIRED), 4),
    Flow("go to Vipps", (Purchase.place_order,), Purchase.go_to_vipps, (PAID,), (EXPIRED,), 6),
    Flow("come back", APPROVED, Purchase.come_back, (PAID,), (PAID,), 12),
    Flow(
        "cancel",
        AT_VIPPS,
        Purchase.cancel,
        (CANCELLED_WITH_BASKET,),
        (EXPIRED, CANCELLED, CANCELLED_WITH_BASKET),
        10,
    ),
]

STRIPE = [
    Flow("money", APPROVED, hear(SUCCEEDED), (PAID,), (PAID,), 8),
    Flow("a reservation", APPROVED, hear(CAPTURABLE), (RESERVED,), (), 8, is_shipped=True),
    Flow(
        "a session's end",
        (*AT_VIPPS, Purchase.wait_for_the_end),
        hear(SESSION_EXPIRED),
        (EXPIRED,),
        (EXPIRED,),
        4,
    ),
    Flow("late money", TOO_LATE, hear(SUCCEEDED), (SENT_BACK,), (), 10),
    Flow("a late reservation", TOO_LATE, hear(CAPTURABLE), (RELEASED_LATE,), (), 8, is_shipped=True),
]

#: Nobody asks about disputes: Stripe repeats what it has to tell.
THE_BANK = [
    Flow("a dispute", CLAIMED, hear(f"{DISPUTE}created"), (DISPUTED,), (), 8),
    Flow(
        "a dispute's money",
        (*CLAIMED, hear(f"{DISPUTE}created")),
        hear(f"{DISPUTE}funds_withdrawn"),
        (DISPUTED,),
        (),
        4,
    ),
    Flow(
        "a dispute that is won",
        (*CLAIMED, Purchase.hear_all, Purchase.win),
        hear(f"{DISPUTE}closed"),
        (WON,),
        (),
        4,
    ),
    Flow(
        "its money",
        (*CLAIMED, Purchase.hear_all, Purchase.win, hear(f"{DISPUTE}closed")),
        hear(f"{DISPUTE}funds_reinstated"),
        (WON,),
        (),
        4,
    ),
    Flow(
        "a dispute that is lost",
        (*CLAIMED, Purchase.hear_all, Purchase.lose),
        hear(f"{DISPUTE}closed"),
        (LOST,),
        (),
        4,
    ),
]

STAFF = [
    Flow("staff cancel", AT_VIPPS, Purchase.cancel_order, (), (EXPIRED, CANCELLED), 10),
    Flow(
        "staff cancel what is reserved",
        HEARD,
        Purchase.cancel_order,
        (),
        (RESERVED, RELEASED),
        6,
        is_shipped=True,
    ),
    Flow("staff release", HEARD, Purchase.release, (RELEASED,), (), 6, is_shipped=True),
    Flow("staff capture", HEARD, Purchase.capture, (CAPTURED,), (RESERVED, CAPTURED), 6, is_shipped=True),
    Flow("staff capture from the list", HEARD, Purchase.capture_many, (CAPTURED,), (), 6, is_shipped=True),
    Flow("staff capture a part", HEARD, Purchase.capture_part, (KEPT_IN_PART,), (), 14, is_shipped=True),
    Flow("staff ship", HEARD, Purchase.ship, (SENT,), (RESERVED, CAPTURED, SENT), 8, is_shipped=True),
    Flow("staff take back", HEARD, Purchase.take_back, (TAKEN_BACK,), (PAID, TAKEN_BACK), 8),
]


def _cron(
    name: str, before: tuple[Act, ...], end: End, least_steps: int, *, is_shipped: bool = False
) -> Flow:
    return Flow(f"cron: {name}", before, reconcile, (), (end,), least_steps, is_shipped)


CRON = [
    _cron("money", (*APPROVED, cron_is_due), PAID, 10),
    _cron("a mail", (*APPROVED, dies_at(EVENT_PROCESSED, hear(SUCCEEDED)), cron_is_due), PAID, 6),
    _cron(
        "a session",
        (Purchase.place_order, dies_at(SESSION_MADE, Purchase.go_to_vipps), cron_is_due),
        EXPIRED,
        6,
    ),
    _cron("no session", (Purchase.place_order, time_to_pay_is_over), EXPIRED, 4),
    _cron("cancelled", (*AT_VIPPS, dies_at(WISH_SAVED, Purchase.cancel), cron_is_due), CANCELLED, 10),
    _cron(
        "cancelled by staff",
        (*HEARD, dies_at(WISH_SAVED, Purchase.cancel_order), cron_is_due),
        RELEASED,
        8,
        is_shipped=True,
    ),
    _cron(
        "what isn't kept",
        (*HEARD, dies_at(PART_CAPTURED, Purchase.capture_part), cron_is_due),
        KEPT_IN_PART,
        12,
        is_shipped=True,
    ),
    _cron(
        "a mail to staff",
        (*CLAIMED, dies_at(EVENT_PROCESSED, hear(f"{DISPUTE}funds_withdrawn")), cron_is_due),
        DISPUTED,
        4,
    ),
    _cron("late money", (*TOO_LATE, dies_at(EVENT_PROCESSED, hear(SUCCEEDED)), cron_is_due), SENT_BACK, 12),
]

FLOWS = [*THE_SHOPPER, *STRIPE, *THE_BANK, *STAFF, *CRON]
