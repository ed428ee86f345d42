"""A shop that keeps local time, as shops did when it was begun."""

from tests.projects.stock.settings import *  # noqa: F403

USE_TZ = False
