"""The Celery app of ``docs/workers.rst``, as it stands there, with a beat that lets no test wait."""

import logging
from typing import Any

from celery import Task
from celery.signals import task_prerun

from tests.docs.pages import blocks

(_documented,) = (each for each in blocks() if each.page == "workers.rst" and "Celery(" in each.text)
exec(_documented.text)

app.conf.beat_schedule["vipps-reconcile"]["schedule"] = 0.5  # type: ignore[name-defined]  # noqa: F821


@task_prerun.connect
def say_so(task: Task[Any, Any], **_context: object) -> None:
    """A child has taken it up, which Celery itself doesn't say."""
    logging.getLogger(__name__).info("%s begun", task.name)
