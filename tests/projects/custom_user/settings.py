"""A shop whose customers have no username, and a UUID in place of a number."""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.projects.custom_user"]
AUTH_USER_MODEL = "custom_user.User"
