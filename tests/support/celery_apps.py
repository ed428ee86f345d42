"""The shop's Celery app, as long as a test lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery, current_app

#: Nobody listens at this port.
DOWN = "redis://127.0.0.1:1/0"


@contextmanager
def celery_app(broker: str = DOWN, name: str = "shop") -> Iterator[Celery]:
    """Celery's current one. A broker that is down is not asked again."""
    before: Any = current_app
    before = before._get_current_object()
    with Celery(name, broker=broker) as app:
        app.conf.broker_transport_options = {"max_retries": 0}
        yield app
    before.set_current()
