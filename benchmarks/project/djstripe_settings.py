"""The same shop with dj-stripe in place of this app. Runs in dj-stripe's own environment."""

import stripe

from benchmarks.project.canned import CannedStripe
from benchmarks.project.oscar_settings import *  # noqa: F403
from benchmarks.project.oscar_settings import INSTALLED_APPS as OF_OSCAR

ROOT_URLCONF = "benchmarks.project.djstripe_urls"
INSTALLED_APPS = [*OF_OSCAR, "djstripe"]
STRIPE_TEST_SECRET_KEY = "sk_test_forthebenchmarks0123456789"
STRIPE_LIVE_MODE = False
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
stripe.default_http_client = CannedStripe()
