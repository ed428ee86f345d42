"""The stock shop, and two of the four edits that it takes. The others are in ``urls.py``, and ``migrate``."""

import os

from tests.projects.oscar_alone.settings import *  # noqa: F403
from tests.projects.oscar_alone.settings import INSTALLED_APPS

INSTALLED_APPS = [
    "oscar_vipps",
    *(app for app in INSTALLED_APPS if app != "oscar.apps.checkout.apps.CheckoutConfig"),
    "oscar_vipps.checkout.apps.CheckoutConfig",
    "oscar_vipps.dashboard.apps.VippsDashboardConfig",
]
ROOT_URLCONF = "tests.projects.stock.urls"

OSCAR_VIPPS = {
    "SECRET_KEY": "sk_test_projects",
    "WEBHOOK_SECRETS": ["whsec_projects"],
    "API_BASE": os.environ["SHOP_STRIPE"],
    "ORDER_STATUS": {
        "pending": "Pending",
        "authorized": "Reserved",
        "captured": "Paid",
        "cancelled": "Cancelled",
        "expired": "Cancelled",
    },
}
OSCAR_INITIAL_ORDER_STATUS = "Pending"
OSCAR_ORDER_STATUS_PIPELINE = {
    "Pending": ("Reserved", "Paid", "Cancelled"),
    "Reserved": ("Paid", "Cancelled"),
    "Paid": (),
    "Cancelled": (),
}
