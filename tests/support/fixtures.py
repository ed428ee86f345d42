"""Fixtures that tests of several folders share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from oscar_vipps.checkout import pages
from tests.support.factories import CountryFactory, ProductFactory
from tests.support.shopper import Shopper
from tests.support.simulator import Json, Simulator

SECRET = "whsec_for_the_tests"


@dataclass
class Shop:
    """The shop under test, with the simulator as its Stripe. Events wait until a test delivers them."""

    simulator: Simulator

    def deliver(self, *types: str) -> list[Any]:
        """Post all events so far, signed, oldest first; those of ``types`` where given."""
        events = [event for event in self.simulator.events() if not types or event["type"] in types]
        return [self.post_event(event["id"]) for event in events]

    def post_event(self, event_id: str) -> Any:
        body, signature = self.simulator.signed_event(event_id, SECRET)
        return post_webhook(body, signature)

    def session(self, payment: Any) -> Json:
        return self.simulator.session(payment.session_id)


def post_webhook(body: bytes, signature: str, **more: Any) -> Any:
    """One request to the webhook, as Stripe sends it."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    headers = {"Stripe-Signature": signature}
    return client.post(
        reverse("vipps:webhook"), body, content_type="application/json", headers=headers, **more
    )


@pytest.fixture
def shop(
    transactional_db: None, simulator: Simulator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """Real commits, so that what follows a commit is done: mail, signals."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "API_BASE": simulator.url}
    # Shoppers of the tests look again sooner than people do.
    monkeypatch.setattr(pages, "ASK_AGAIN_AFTER", timedelta(0))
    CountryFactory.create()
    return Shop(simulator)


@pytest.fixture
def live_shop(shop: Shop, live_server: Any) -> Shop:
    """The same, over HTTP: the simulator delivers its events by itself."""
    shop.simulator.set_webhooks(f"{live_server.url}{reverse('vipps:webhook')}", SECRET)
    return shop


@pytest.fixture
def product(shop: Shop) -> Any:
    return ProductFactory.create(title="Cheese slicer", price="249.00")


@pytest.fixture
def shopper(shop: Shop) -> Shopper:
    """A guest."""
    return Shopper()
