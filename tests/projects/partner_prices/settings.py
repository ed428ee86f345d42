"""A shop with prices of its own making: with tax, and less for whoever has an account."""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS

INSTALLED_APPS = [
    app.replace("oscar.apps.partner", "tests.projects.partner_prices.partner") for app in INSTALLED_APPS
]
MIGRATION_MODULES = {"partner": "oscar.apps.partner.migrations"}
