"""The shop of the tests, under a real server: with this app, and with the floor beside it."""

import os
from typing import Any

import django

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, OSCAR_VIPPS

ROOT_URLCONF = "benchmarks.project.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.project.floor"]
# As shops do that count their requests.
DATABASES["default"] |= {"CONN_MAX_AGE": None}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A commit is on the disk before it is answered, as on PostgreSQL.
    DATABASES["default"]["OPTIONS"] |= {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"}

#: What the events of the benchmark are signed with.
SECRET = "whsec_for_the_benchmarks"
OSCAR_VIPPS = {
    **OSCAR_VIPPS,
    "WEBHOOK_SECRETS": [SECRET],
    "API_BASE": os.environ.get("BENCH_STRIPE", ""),
}
if "CELERY_BROKER_URL" in os.environ:
    OSCAR_VIPPS["CELERY_APP"] = "benchmarks.project.celery_app.app"

# Mail is written, and not sent anywhere: a mail server isn't what is measured.
_mail = "django.core.mail.backends.dummy.EmailBackend"
if django.VERSION >= (6, 1):
    MAILERS["default"] = {"BACKEND": _mail}  # noqa: F405
else:
    EMAIL_BACKEND = _mail

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "ERROR"},
}


class _FromModels:
    """Tables are made from the models, as in the tests: migrations take long and end the same."""

    def __contains__(self, label: str) -> bool:
        return True

    def __getitem__(self, label: str) -> None:
        return None


if os.environ.get("BENCH_NO_MIGRATIONS"):
    MIGRATION_MODULES = _FromModels()
