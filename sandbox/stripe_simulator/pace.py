"""How fast Stripe is: the time that an answer takes, and how many requests it takes in a second."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from pydantic import BaseModel, ConfigDict, Field

from .errors import StripeError

#: Stripe's header that says which limit was exceeded.
REASON = {"Stripe-Rate-Limited-Reason": "global-rate"}


class Pace(BaseModel):
    """Real time, whatever the simulated clock says."""

    model_config = ConfigDict(extra="forbid")

    #: Seconds.
    latency: float = Field(default=0, ge=0, le=60)
    #: Requests in any one second; None for no limit.
    limit: int | None = Field(default=None, ge=1)


class Pacer:
    def __init__(self) -> None:
        self.pace = Pace()
        self._taken: deque[float] = deque()

    def reset(self) -> None:
        self.pace = Pace()
        self._taken.clear()

    async def wait(self) -> None:
        if self.pace.latency:
            await asyncio.sleep(self.pace.latency)

    def take(self, headers: dict[str, str]) -> None:
        """One more request; raises Stripe's 429 where that is too many."""
        if self.pace.limit is None:
            return
        now = time.monotonic()
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if len(self._taken) >= self.pace.limit:
            headers.update(REASON)
            raise too_many_requests()
        self._taken.append(now)


def too_many_requests() -> StripeError:
    return StripeError(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
    )
