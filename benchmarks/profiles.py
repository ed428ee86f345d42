"""How much is measured. Every profile measures the same things."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """``rounds``: how often each thing is measured, in turn with what it is compared with."""

    rounds: int
    #: Events of one kind that are sent in a round.
    events: int
    clients: tuple[int, ...]
    #: Lines of the orders that are placed, and orders in a round.
    lines: tuple[int, ...]
    orders: int
    #: Payments, and as many events, that are stored before the growth is measured.
    stored: tuple[int, ...]
    #: Requests to each page in a round of that.
    requests: int
    #: Payments that are quiet.
    quiet: int


PROFILES = {
    "short": Profile(3, 12, (4,), (1, 20), 1, (1_000, 5_000), 3, 200),
    "full": Profile(4, 100, (1, 2, 8), (1, 10, 100), 3, (1_000, 100_000), 12, 10_000),
    "million": Profile(4, 100, (1, 2, 8), (1, 10, 100), 3, (1_000, 100_000, 1_000_000), 12, 10_000),
}
#: Shoppers who wait at once, and how often each asks, in seconds: what the waiting page's script does.
WAITING_SHOPPERS = 1_000
ASKED_EVERY = 2.0
#: Of the simulated Stripe that the reconciler asks.
STRIPE_LATENCY = 0.1
STRIPE_LIMIT = 100
