"""A shop whose addresses begin with the language."""

from tests.projects.stock.settings import *  # noqa: F403

ROOT_URLCONF = "tests.projects.languages.urls"
