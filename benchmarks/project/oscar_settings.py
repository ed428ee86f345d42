"""The same shop without this app: Oscar's own checkout."""

from benchmarks.project.settings import *  # noqa: F403
from benchmarks.project.settings import INSTALLED_APPS as OURS

ROOT_URLCONF = "benchmarks.project.oscar_urls"
CHECKOUT = "oscar_vipps.checkout.apps.CheckoutConfig"
INSTALLED_APPS = [
    "oscar.apps.checkout.apps.CheckoutConfig" if app == CHECKOUT else app
    for app in OURS
    if app == CHECKOUT or not app.startswith("oscar_vipps")
]
