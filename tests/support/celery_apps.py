"""The shop's Celery app: the one that ``CELERY_APP`` names while a test lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery

#: Nobody listens at this port.
DOWN = "redis://127.0.0.1:1/0"
PATH = f"{__name__}.app"

app: Celery


@contextmanager
def left_to_workers(settings: Any, broker: str = DOWN) -> Iterator[None]:
    """A broker that doesn't answer is left."""
    global app
    with Celery("shop", broker=broker, set_as_current=False) as app:
        app.conf.broker_transport_options = {"max_retries": 0, "socket_timeout": 2}
        settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CELERY_APP": PATH}
        yield
