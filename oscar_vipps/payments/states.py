"""A payment's states and what moves it between them: pure data, and the walk over it."""

from __future__ import annotations

import enum
from collections.abc import Collection

from oscar_vipps.models import Payment

State = Payment.State
#: Nobody can pay any more.
ENDED = (State.CANCELLED, State.EXPIRED)


class Fact(enum.Enum):
    """What may be known about a payment, in the order in which it comes to be at Stripe.

    Facts don't cease: once known, each stays known. So a payment's state follows from the set of its facts,
    whatever the order in which they were heard.
    """

    OPENED = "a Checkout Session exists"
    AUTHORIZED = "the money is reserved"
    CAPTURED = "the money is taken"
    SESSION_EXPIRED = "the session can't be paid any more"
    GIVEN_UP = "the session can't be paid any more, because the shop asked for that"
    RELEASED = "the PaymentIntent was cancelled"


#: (state, fact) -> the next state. A pair that isn't here changes nothing.
#:
#: Money wins: a session that ends after it was paid is no news. RELEASED says something only about money
#: that was reserved: while a session is open Stripe may cancel a PaymentIntent along with it, and the
#: session then tells. From EXPIRED nothing that Stripe says leads back: money that comes later is late, and
#: the shop decides (``LATE_PAYMENT``). (Stripe lets no session both end and be paid. Should both be heard all
#: the same, the first was acted on already.)
TRANSITIONS: dict[tuple[State, Fact], State] = {
    (State.CREATED, Fact.OPENED): State.OPEN,
    (State.CREATED, Fact.AUTHORIZED): State.AUTHORIZED,
    (State.CREATED, Fact.CAPTURED): State.CAPTURED,
    (State.CREATED, Fact.SESSION_EXPIRED): State.EXPIRED,
    (State.CREATED, Fact.GIVEN_UP): State.CANCELLED,
    (State.OPEN, Fact.AUTHORIZED): State.AUTHORIZED,
    (State.OPEN, Fact.CAPTURED): State.CAPTURED,
    (State.OPEN, Fact.SESSION_EXPIRED): State.EXPIRED,
    (State.OPEN, Fact.GIVEN_UP): State.CANCELLED,
    (State.AUTHORIZED, Fact.CAPTURED): State.CAPTURED,
    (State.AUTHORIZED, Fact.RELEASED): State.CANCELLED,
}

#: Where a payment goes on that had expired, when its order is taken up again for money that came late. The
#: shop's decision, and no fact.
TAKEN_UP_AGAIN = State.OPEN


def path(state: State, facts: Collection[Fact]) -> list[State]:
    """The states that ``facts`` lead to from ``state``, in order, without ``state`` itself.

    Each is entered in turn, so that a payment whose events came late or the wrong way round leaves the same
    history as any other.
    """
    states = []
    for fact in Fact:
        following = TRANSITIONS.get((state, fact)) if fact in facts else None
        if following is not None:
            states.append(following)
            state = following
    return states
