"""The simulator's clock: real time plus an offset that the control API moves.

Everything in a payment's life is measured on it. Only webhook signatures use real time, because
whoever verifies them compares with real time.
"""

from __future__ import annotations

import time

from .storage import Storage


class Clock:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.offset = float(storage.get_value("clock_offset", 0.0))

    def exact(self) -> float:
        return time.time() + self.offset

    def now(self) -> int:
        """Seconds since the epoch, as Stripe's objects carry them."""
        return int(self.exact())

    def move_to(self, moment: float) -> None:
        """Forward only: a clock that runs back would undo what has fallen due."""
        self._set(max(self.offset, moment - time.time()))

    def reset(self) -> None:
        """Back to real time; what has happened stays happened."""
        self._set(0.0)

    def _set(self, offset: float) -> None:
        self.offset = offset
        self._storage.set_value("clock_offset", offset)
