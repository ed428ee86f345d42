"""A shop in which the doctor finds nothing wrong."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import call_command

from tests.support.fixtures import Shop
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper

DOMAIN = "butikk.example"


def change(settings: Any, **changes: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, **changes}


@pytest.fixture
def ready(shop: Shop, settings: Any) -> Any:
    """Set up and registered; nothing was bought yet."""
    change(settings, MAX_NETWORK_RETRIES=0, TIMEOUT=5)
    settings.OSCAR_FROM_EMAIL = f"shop@{DOMAIN}"
    Site.objects.update(domain=DOMAIN)
    Site.objects.clear_cache()
    yield shop
    Site.objects.clear_cache()


@pytest.fixture
def healthy(ready: Shop, shopper: Shopper, product: Any) -> Shop:
    """The reconciler has looked at a payment, and then it was paid and events told."""
    payment = shopper.go_to_vipps(product)
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    ready.simulator.pay(payment.session_id or "")
    ready.deliver()
    call_command("vipps_register_webhook", stdout=StringIO())
    return ready
