"""The shop as gunicorn loads it: once, and forked for every worker, so that a new one is there at once."""

from decimal import Decimal

import stripe
from django.core.management import load_command_class
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from oscar.templatetags.currency_filters import currency

from tests.crashes.steps import StripeClient

stripe.RequestsClient = StripeClient  # type: ignore[misc]
application = get_wsgi_application()

# What every worker would load anew: views, most of the templates, Babel's tables, the command.
Client().get(reverse("basket:summary"))
get_template("oscar_vipps/checkout/preview.html")
currency(Decimal(1), "NOK")
load_command_class("oscar_vipps", "vipps_reconcile")
# No connection may be shared by processes.
connections.close_all()
