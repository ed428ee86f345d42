"""A shop that has changed what can be changed. The documentation shows its files."""

from pathlib import Path

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS, OSCAR_VIPPS, TEMPLATES

HERE = Path(__file__).parent
OWN = "tests.projects.customized"
REPLACED = {
    "oscar_vipps.checkout.apps.CheckoutConfig": f"{OWN}.checkout.apps.CheckoutConfig",
    "oscar_vipps.dashboard.apps.VippsDashboardConfig": f"{OWN}.dashboard.PaymentsDashboardConfig",
    "oscar.apps.order.apps.OrderConfig": f"{OWN}.order.apps.OrderConfig",
}

INSTALLED_APPS = [REPLACED.get(app, app) for app in INSTALLED_APPS] + [f"{OWN}.apps.CustomizedConfig"]
MIGRATION_MODULES = {"order": "oscar.apps.order.migrations"}
TEMPLATES[0]["DIRS"] = [HERE / "templates"]
LOCALE_PATHS = [HERE / "locale"]
ROOT_URLCONF = f"{OWN}.urls"

OSCAR_VIPPS = {
    **OSCAR_VIPPS,
    "CAPTURE": "on_shipment",
    "OTHER_METHODS": ["tests.projects.own_checkout.checkout.methods.Invoice"],
}
