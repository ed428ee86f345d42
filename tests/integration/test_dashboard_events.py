"""Stripe's events in the dashboard: found, read, and processed again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oscar_vipps.dashboard import tables
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.payments import consequences
from tests.integration.books import books
from tests.support.fixtures import Shop
from tests.support.payment_factories import EventFactory, PaymentFactory
from tests.support.shopper import Shopper
from tests.support.staff import soup, staff, text_of

LIST = reverse("vipps_dashboard:event-list")


@pytest.fixture
def viewer(db: None) -> Shopper:
    return staff("view_webhookevent")


@pytest.fixture
def helper(db: None) -> Shopper:
    return staff("view_webhookevent", "change_webhookevent")


def ids(viewer: Shopper, **query: Any) -> set[str]:
    response = viewer.client.get(LIST, query)
    assert response.status_code == 200
    return {event.event_id for event in response.context["object_list"]}


def test_each_filter_leaves_what_it_says(viewer: Shopper) -> None:
    old = timezone.now() - timedelta(days=3)
    for event_id, more in {
        "evt_done": {},
        "evt_failed": {"status": "failed", "payment_intent_id": "pi_1"},
        "evt_lost": {"status": "received", "type": "refund.created"},
        "evt_refund": {"status": "ignored", "type": "refund.failed"},
    }.items():
        EventFactory.create(event_id=event_id, **more)
    WebhookEvent.objects.filter(event_id="evt_lost").update(received_at=old)
    assert ids(viewer) == {"evt_done", "evt_failed", "evt_lost", "evt_refund"}
    assert ids(viewer, status="undone") == {"evt_failed", "evt_lost"}
    assert ids(viewer, status="ignored") == {"evt_refund"}
    assert ids(viewer, type="refund.") == {"evt_lost", "evt_refund"}
    assert ids(viewer, q="evt_done") == {"evt_done"}
    assert ids(viewer, q="pi_1") == {"evt_failed"}
    assert ids(viewer, date_to=f"{timezone.localtime(old):%Y-%m-%d}") == {"evt_lost"}
    assert ids(viewer, q="pi_1", type="refund.") == set()


@pytest.mark.parametrize(
    "query", [{"status": "evil"}, {"date_from": "x"}, {"q": "\0"}, {"type": "a" * 101}, {"type": "\0"}]
)
def test_what_cannot_be_looked_for_is_said_at_its_field(viewer: Shopper, query: dict[str, str]) -> None:
    EventFactory.create()
    response = viewer.client.get(LIST, query)
    assert (response.status_code, list(response.context["object_list"])) == (400, [])
    [name] = response.context["form"].errors
    assert soup(response).find(id=f"id_{name}_error") is not None


def test_nothing_yet_and_nothing_found_are_told_apart(viewer: Shopper) -> None:
    assert "Stripe has told nothing yet." in text_of(viewer.client.get(LIST))
    EventFactory.create()
    assert "No event is like that." in text_of(viewer.client.get(LIST, {"status": "failed"}))


def test_a_full_page_takes_as_many_queries_as_a_short_one(viewer: Shopper) -> None:
    counts = []
    for _ in range(2):
        EventFactory.create_batch(10)
        with CaptureQueriesContext(connection) as queries:
            viewer.client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_of_very_many_it_is_said_that_there_are_more(
    viewer: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "COUNTED", 1)
    EventFactory.create_batch(2)
    assert "More than 1 events. Choose days or search to see the others." in text_of(viewer.client.get(LIST))


def test_an_event_shows_its_facts_and_its_payment(viewer: Shopper) -> None:
    payment = PaymentFactory.create()
    event = EventFactory.create(
        status="failed", reason="KeyError", attempts=3, payment=payment, payload={"id": "<pi_1>", "ø": 1}
    )
    text = text_of(viewer.get("vipps_dashboard:event-detail", event.pk))
    for words in (event.event_id, "payment_intent.succeeded", "Failed", "KeyError", "3", payment.reference):
        assert words in text
    assert '{ "id": "<pi_1>", "ø": 1 }' in " ".join(text.split())
    both = staff("view_webhookevent", "view_payment").get("vipps_dashboard:event-detail", event.pk)
    link = reverse("vipps_dashboard:payment-detail", args=[payment.reference])
    assert soup(both).find("a", href=link) is not None


@pytest.fixture
def failed(shop: Shop, shopper: Shopper, product: Any, monkeypatch: pytest.MonkeyPatch) -> WebhookEvent:
    """The news that a payment is captured, on which the shop failed."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    with monkeypatch.context() as patch:
        patch.setattr(consequences, "enter", lambda *args, **more: 1 / 0)
        shop.deliver("payment_intent.succeeded")
    event = WebhookEvent.objects.get(type="payment_intent.succeeded")
    assert (event.status, event.attempts) == ("failed", 1)
    return event


def press(somebody: Shopper, event: WebhookEvent) -> list[str]:
    address = reverse("vipps_dashboard:event-process", args=[event.pk])
    response = somebody.client.post(address, follow=True)
    assert response.redirect_chain == [(reverse("vipps_dashboard:event-detail", args=[event.pk]), 303)]
    return [str(message) for message in response.context["messages"]]


def test_an_event_is_processed_again(shop: Shop, failed: WebhookEvent) -> None:
    helper = staff("view_webhookevent", "change_webhookevent")
    page = soup(helper.get("vipps_dashboard:event-detail", failed.pk))
    assert len(page.select("form[action$='/process/']")) == 1
    assert press(helper, failed) == ["Event: Processed."]
    payment = Payment.objects.get()
    assert (payment.state, books(payment)["status"]) == ("captured", "Paid")
    page = soup(helper.get("vipps_dashboard:event-detail", failed.pk))
    assert page.select("form[action$='/process/']") == []
    found = books(payment)
    assert press(helper, failed) == ["That was done already."]
    assert books(payment) == found


def test_an_event_that_fails_again_says_so(
    shop: Shop, failed: WebhookEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consequences, "enter", lambda *args, **more: 1 / 0)
    assert press(staff("view_webhookevent", "change_webhookevent"), failed) == ["Event: Failed."]
    failed.refresh_from_db()
    assert (failed.attempts, Payment.objects.get().state) == (2, "open")


@pytest.mark.parametrize("pk", [0, 10**30, int("9" * 4000)])
def test_an_event_that_there_is_not(helper: Shopper, pk: int) -> None:
    assert helper.client.get(f"{LIST}{pk}/").status_code == 404
    assert helper.client.post(f"{LIST}{pk}/process/").status_code == 404
