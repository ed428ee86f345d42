"""What waits until something is in the database, and then keeps nothing else from happening."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction

from oscar_vipps.exceptions import trail

logger = logging.getLogger("oscar_vipps")


def after_commit(call: Callable[..., object], *arguments: Any) -> None:
    """Call it when the transaction is committed; not at all if that is rolled back.

    What fails then is logged, and what waits beside it happens all the same. Django's own ``robust`` would
    log the error's words, in which somebody's address may stand.
    """

    def call_and_go_on() -> None:
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001 - mail servers, the shop's receivers, a lost connection
            logger.error("After a commit, %s failed: %s", call.__qualname__, trail(error))

    transaction.on_commit(call_and_go_on)
