"""A shop with a checkout of its own, which takes orders on invoice.

Six edits: these two, the addresses, ``migrate``, and in the checkout its views and the method that it had.
"""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS, OSCAR_VIPPS

INSTALLED_APPS = [
    app.replace("oscar_vipps.checkout", "tests.projects.own_checkout.checkout") for app in INSTALLED_APPS
]
OSCAR_VIPPS = {**OSCAR_VIPPS, "OTHER_METHODS": ["tests.projects.own_checkout.checkout.methods.Invoice"]}
