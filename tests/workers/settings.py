"""The shop of the workers: that of all tests, on the database of the test run that started them."""

import os
from typing import Any

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, OSCAR_VIPPS
from tests.support.mail import mail_settings

DATABASES["default"] |= {"NAME": os.environ["WORKERS_DATABASE"]}
OSCAR_VIPPS = {**OSCAR_VIPPS, "API_BASE": os.environ["WORKERS_STRIPE"]}

globals().update(mail_settings("filebased", file_path=os.environ["WORKERS_MAIL"]))

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"oscar_vipps": {"handlers": ["console"], "level": "INFO"}},
}
