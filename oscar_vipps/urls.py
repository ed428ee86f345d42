"""Addresses of the shopper's pages, of the webhook and of the health probe:
``path("vipps/", include("oscar_vipps.urls"))``.

Include them outside ``i18n_patterns``: Stripe calls one address, and counts a redirect as a failure.
"""

from django.urls import path

from .checkout import pages
from .diagnosis.health import health
from .webhooks.views import webhook

app_name = "vipps"

urlpatterns = [
    path("webhook/", webhook, name="webhook"),
    path("health/", health, name="health"),
    path("<str:token>/pay/", pages.pay, name="pay"),
    path("<str:token>/return/", pages.return_, name="return"),
    path("<str:token>/cancel/", pages.cancel, name="cancel"),
    path("<str:token>/status/", pages.status, name="status"),
]
