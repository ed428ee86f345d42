"""A shop whose checkout has a page of its own for the choice of how to pay.

Six edits: these two, the addresses, ``migrate``, and in the checkout its two views.
"""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS, OSCAR_VIPPS

INSTALLED_APPS = [
    app.replace("oscar_vipps.checkout", "tests.projects.own_payment_page.checkout") for app in INSTALLED_APPS
]
OSCAR_VIPPS = {**OSCAR_VIPPS, "OTHER_METHODS": ["tests.projects.own_payment_page.checkout.views.Cash"]}
