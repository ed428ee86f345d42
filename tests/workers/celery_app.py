"""The Celery app of ``docs/workers.rst``, as it stands there, with a beat that lets no test wait."""

from tests.docs.pages import blocks

(_documented,) = (each for each in blocks() if each.page == "workers.rst" and "Celery(" in each.text)
exec(_documented.text)

app.conf.beat_schedule["vipps-reconcile"]["schedule"] = 0.5  # type: ignore[name-defined]  # noqa: F821
