"""The stock shop, but for one edit that its owner forgot: nothing of ``OSCAR_VIPPS`` is there."""

from tests.projects.oscar_alone.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS as INSTALLED_APPS

ROOT_URLCONF = "tests.projects.stock.urls"
