"""A shop whose orders have numbers of its own kind: the stock shop's edits are enough."""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS

INSTALLED_APPS = [
    app.replace("oscar.apps.order", "tests.projects.own_order_numbers.order") for app in INSTALLED_APPS
]
MIGRATION_MODULES = {"order": "oscar.apps.order.migrations"}
