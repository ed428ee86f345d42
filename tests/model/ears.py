"""What is announced, and what fails without anybody being told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oscar_vipps.payments.consequences import SIGNALS
from oscar_vipps.payments.states import State
from tests.support.mail import mail_works


class Ears:
    """``entered``: the states that were announced, in order. ``failures``: exceptions that somebody caught,
    after a commit, in a receiver, in the reconciler's loop; they are to be found in the log alone.
    """

    def __init__(self) -> None:
        self.entered: list[State] = []
        self.failures: list[str] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        receivers = [(signal, self._hears(state)) for state, signal in SIGNALS.items()]
        for signal, receive in receivers:
            signal.connect(receive, weak=False)
        handler = logging.Handler(logging.ERROR)
        handler.emit = self._note  # type: ignore[method-assign]
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            for signal, receive in receivers:
                signal.disconnect(receive)

    def forget(self) -> None:
        self.entered.clear()
        self.failures.clear()

    def _hears(self, state: State) -> Callable[..., None]:
        def receive(**kwargs: Any) -> None:
            self.entered.append(state)

        return receive

    def _note(self, record: logging.LogRecord) -> None:
        told = logging.Formatter().format(record)
        is_expected = "could not be sent and is still due" in told and not mail_works()
        if '  File "' in told and not is_expected:
            self.failures.append(told)
