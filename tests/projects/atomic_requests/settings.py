"""A shop in which each request is a transaction."""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import DATABASES

DATABASES["default"]["ATOMIC_REQUESTS"] = True
