"""The shop that is killed: that of all tests, in a process of its own.

Runs on the database of the test run that started it. Parcels are reserved and captured later, what isn't
shipped is captured at once, so that one shop does both.
"""

import os
from typing import Any

import django

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, MIDDLEWARE, OSCAR_VIPPS
from tests.support.mail import managers

ROOT_URLCONF = "tests.crashes.urls"
# Outside of everything, so that what the others write is counted, too.
MIDDLEWARE = ["tests.crashes.steps.StepsMiddleware", *MIDDLEWARE]

DATABASES["default"] |= {"NAME": os.environ["CRASHES_DATABASE"], "CONN_MAX_AGE": None}

OSCAR_VIPPS = {**OSCAR_VIPPS, "API_BASE": os.environ["CRASHES_STRIPE"], "CAPTURE": "on_shipment"}

_mail = "django.core.mail.backends.filebased.EmailBackend"
if django.VERSION >= (6, 1):
    MAILERS["default"] = {"BACKEND": _mail, "OPTIONS": {"file_path": os.environ["CRASHES_MAIL"]}}  # noqa: F405
else:
    EMAIL_BACKEND, EMAIL_FILE_PATH = _mail, os.environ["CRASHES_MAIL"]

# To whom it writes of disputes.
MANAGERS = managers("drift@butikk.example")

# What gunicorn's own log is written to, too.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
