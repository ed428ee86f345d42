"""The same shop with dj-stripe in place of this app. Runs in dj-stripe's own environment."""

import stripe

from benchmarks.project.canned import CannedStripe
from benchmarks.project.settings import *  # noqa: F403
from benchmarks.project.settings import INSTALLED_APPS as OURS

ROOT_URLCONF = "benchmarks.project.djstripe_urls"
IN_PLACE = {"oscar_vipps.checkout.apps.CheckoutConfig": "oscar.apps.checkout.apps.CheckoutConfig"}
INSTALLED_APPS = [
    *(IN_PLACE.get(app, app) for app in OURS if app in IN_PLACE or not app.startswith("oscar_vipps")),
    "djstripe",
]
STRIPE_TEST_SECRET_KEY = "sk_test_forthebenchmarks0123456789"
STRIPE_LIVE_MODE = False
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
stripe.default_http_client = CannedStripe()
