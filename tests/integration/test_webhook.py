"""What Stripe meets at the webhook: signed events are stored once and processed once, all else is refused."""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from oscar_vipps.gateway import client
from oscar_vipps.gateway.events import HANDLED
from oscar_vipps.gateway.snapshot import ORDER_KEY, PAYMENT_KEY, SITE_KEY
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.webhooks.views import MAX_BODY
from stripe_simulator import webhooks
from tests import urls
from tests.integration.books import books, differences, mails
from tests.support.customer import EMAIL
from tests.support.fixtures import SECRET, Shop, post_webhook
from tests.support.shopper import Shopper, personal

Json = dict[str, Any]

PAID = "payment_intent.succeeded"
COMPLETED = "checkout.session.completed"
#: An event that is good, but not about anything of this shop.
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": PAID,
    "livemode": False,
    "data": {"object": {"id": "pi_1", "object": "payment_intent", "amount": 24900, "status": "succeeded"}},
}


def signed(body: bytes, *secrets: str, age: int = 0) -> str:
    return webhooks.signature(body, list(secrets or [SECRET]), int(time.time()) - age)


def stored() -> list[tuple[str, str, int]]:
    return list(WebhookEvent.objects.order_by("pk").values_list("type", "status", "attempts"))


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """Paid at Stripe, and nobody here knows it yet."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    return payment


def event_id(shop: Shop, type: str) -> str:
    [event] = shop.simulator.events(type)
    return str(event["id"])


# Refused


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "signature"),
    [
        ("EVENT", ""),
        ("EVENT", "nonsense"),
        ("EVENT", "t=1,v1=abc"),
        ("EVENT", "t=NOW,v1=\xe9\xe6\xf8"),
        ("EVENT", "of another shop"),
        ("EVENT", "too old"),
        ("EVENT", "of another body"),
        ("", "good"),
        ("{", "good"),
        ("null", "good"),
        ("[]", "good"),
        ('{"id": "evt_1", "object": "event"}', "good"),
        ('{"object": "v2.core.event", "id": "evt_1"}', "good"),
    ],
)
def test_what_is_no_event_that_stripe_signed_for_this_shop_is_refused_and_not_stored(
    body: str, signature: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = body.replace("EVENT", json.dumps(EVENT)).encode()
    made = {
        "good": signed(data),
        "of another shop": signed(data, "whsec_of_another_shop"),
        "too old": signed(data, age=310),
        "of another body": signed(data + b" "),
    }
    header = made.get(signature, signature.replace("NOW", str(int(time.time()))))
    response = post_webhook(data, header)
    assert response.status_code == 400
    assert b"Refused" in response.content
    assert stored() == []
    [record] = [each for each in caplog.records if each.name == "oscar_vipps"]
    assert record.levelno == logging.WARNING
    assert not [text for text in (SECRET, "evt_1", header) if text and text in record.getMessage()]


@pytest.mark.django_db
def test_without_a_signature_an_event_is_refused() -> None:
    response = Client().post(reverse("vipps:webhook"), json.dumps(EVENT), content_type="application/json")
    assert (response.status_code, stored()) == (400, [])


@pytest.mark.django_db
@pytest.mark.parametrize("secrets", [[], [""], None])
def test_without_configured_secrets_every_event_is_refused(settings: Any, secrets: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "WEBHOOK_SECRETS": secrets}
    body = json.dumps(EVENT).encode()
    for by in (SECRET, ""):
        assert post_webhook(body, signed(body, by)).status_code == 400
    assert stored() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "status"),
    [
        (["whsec_new"], 200),
        (["whsec_old"], 200),
        (["whsec_new", "whsec_old"], 200),
        (["whsec_gone"], 400),
        (["whsec_gone", "whsec_old"], 200),
    ],
)
def test_while_a_secret_is_rolled_both_are_good(settings: Any, by: list[str], status: int) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "WEBHOOK_SECRETS": ["whsec_new", "whsec_old"]}
    body = json.dumps(EVENT).encode()
    assert post_webhook(body, signed(body, *by)).status_code == status


def test_an_event_that_comes_too_late_moves_no_payment(shop: Shop, payment: Payment) -> None:
    before = books(payment)
    old = int(time.time()) - 310
    body, signature = shop.simulator.signed_event(event_id(shop, PAID), SECRET, timestamp=old)
    assert post_webhook(body, signature).status_code == 400
    assert (books(payment), stored()) == (before, [])


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_is_allowed(method: str) -> None:
    body = json.dumps(EVENT).encode()
    headers = {"Stripe-Signature": signed(body)}
    response = Client().generic(method, reverse("vipps:webhook"), body, headers=headers)
    assert (response.status_code, response["Allow"], stored()) == (405, "POST", [])


@pytest.mark.django_db
@pytest.mark.parametrize(("surplus", "status", "kept"), [(0, 200, 1), (1, 413, 0), (10 * MAX_BODY, 413, 0)])
def test_what_is_larger_than_any_event_is_not_read(surplus: int, status: int, kept: int) -> None:
    body = json.dumps(EVENT).encode().ljust(MAX_BODY + surplus)
    response = post_webhook(body, signed(body))
    assert (response.status_code, len(stored())) == (status, kept)


# Accepted


def test_a_good_event_is_stored_once_and_processed(shop: Shop, payment: Payment) -> None:
    [response] = shop.deliver(PAID)
    assert (response.status_code, response.content) == (200, b"processed.")
    row = WebhookEvent.objects.get()
    assert (row.event_id, row.type, row.livemode) == (event_id(shop, PAID), PAID, False)
    assert (row.status, row.reason, row.attempts, row.payment) == ("processed", "", 1, payment)
    assert row.processed_at is not None
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("captured", "Paid")
    assert mails() == [EMAIL]


def test_what_is_stored_of_a_life_holds_nothing_personal(shop: Shop, payment: Payment) -> None:
    shop.deliver()
    assert WebhookEvent.objects.count() == len(shop.simulator.events())
    kept = json.dumps(list(WebhookEvent.objects.values_list("payload", "reason")))
    sent = json.dumps([event["data"] for event in shop.simulator.events()])
    assert EMAIL in personal(sent)
    assert personal(kept) == []


def test_an_event_that_comes_again_does_nothing_twice(shop: Shop, payment: Payment) -> None:
    """Field failure 4: double mail, double stock."""
    shop.deliver()
    once = (books(payment), mails(), stored())
    for response in (*shop.deliver(), *shop.deliver(PAID, COMPLETED)):
        assert response.status_code == 200
    assert (books(payment), mails(), stored()) == once
    assert [kind for kind, *_ in once[0]["transactions"]] == ["Authorise", "Debit"]
    assert (once[0]["history"], len(once[0]["notes"])) == ([("Pending", "Paid")], 1)
    assert once[1] == [EMAIL]


def test_two_events_that_tell_the_same_do_nothing_twice(shop: Shop, payment: Payment) -> None:
    shop.deliver(PAID)
    once = books(payment)
    shop.deliver(COMPLETED)
    assert (differences(once, books(payment)), mails()) == ({}, [EMAIL])
    assert stored() == [(PAID, "processed", 1), (COMPLETED, "processed", 1)]


def test_each_event_of_a_life_is_processed_or_ignored_with_a_reason(shop: Shop, payment: Payment) -> None:
    assert {response.status_code for response in shop.deliver()} == {200}
    for row in WebhookEvent.objects.all():
        expected = "processed" if row.type in HANDLED else "ignored"
        assert (row.type, row.status, row.attempts) == (row.type, expected, 1)
        assert bool(row.reason) == (row.status == "ignored")
        assert row.processed_at is not None
    assert {row.status for row in WebhookEvent.objects.all()} == {"processed", "ignored"}


@pytest.mark.parametrize("type", ["payment_intent.created", "charge.succeeded"])
def test_an_event_of_another_type_is_ignored(shop: Shop, payment: Payment, type: str) -> None:
    before = books(payment)
    [response] = shop.deliver(type)
    assert (response.status_code, books(payment)) == (200, before)
    assert WebhookEvent.objects.get().reason == "This type of event moves no payment."
    assert b"moves no payment" in response.content


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({}, "Not about a payment of this app."),
        ({"order": "100001"}, "Not about a payment of this app."),
        ({ORDER_KEY: "100001", SITE_KEY: "example.com"}, "Not about a payment of this app."),
        ({PAYMENT_KEY: "of-another-shop", ORDER_KEY: "100001"}, "Not about a payment of this shop."),
    ],
)
def test_an_event_of_another_shop_on_the_account_is_ignored(
    shop: Shop, payment: Payment, metadata: Json, reason: str
) -> None:
    """Field failure 28."""
    before = books(payment)
    ours = {event["id"] for event in shop.simulator.events()}
    price = {"currency": "nok", "unit_amount": 24900, "product_data": {"name": "Something else"}}
    session = client.create_session(
        {
            "mode": "payment",
            "payment_method_types": ["vipps"],
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": "https://another.example/",
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
        },
        idempotency_key="of another shop",
    )
    shop.simulator.pay(session["id"])
    theirs = [event for event in shop.simulator.events() if event["id"] not in ours]
    for event in theirs:
        assert shop.post_event(event["id"]).status_code == 200
    rows = WebhookEvent.objects.filter(type__in=HANDLED).order_by("type")
    assert [(row.type, row.status, row.reason, row.payment) for row in rows] == [
        (COMPLETED, "ignored", reason, None),
        (PAID, "ignored", reason, None),
    ]
    assert (books(payment), mails()) == (before, [])


@pytest.mark.parametrize("change", [{"livemode": True}, {"amount": 24800}, {"currency": "sek"}])
def test_an_event_that_does_not_match_its_payment_is_ignored_and_flagged(
    shop: Shop, payment: Payment, change: Json
) -> None:
    before = books(payment)
    [event] = shop.simulator.events(PAID)
    event["data"]["object"].update(change)
    body = json.dumps(event).encode()
    assert post_webhook(body, signed(body)).status_code == 200
    row = WebhookEvent.objects.get()
    assert (row.status, row.payment) == ("ignored", payment)
    assert row.reason.startswith("Does not match the payment: ")
    changed = differences(before, books(payment))
    assert set(changed) == {"flags"}
    assert [reason for reason, _detail in changed["flags"][1]] == ["mismatch"]


# Who may call it


def test_csrf_protection_does_not_stand_in_stripes_way(shop: Shop, payment: Payment) -> None:
    body, signature = shop.simulator.signed_event(event_id(shop, PAID), SECRET)
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(reverse("checkout:index")).status_code == 403
    answer = browser.post(
        reverse("vipps:webhook"),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )
    assert answer.status_code == 200


def test_a_shop_without_guests_still_hears_stripe(
    shop: Shop, payment: Payment, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OSCAR_ALLOW_ANON_CHECKOUT = False
    # Oscar decides about logins when the addresses are made, so they are made anew.
    spec = importlib.util.spec_from_file_location("addresses_without_guests", urls.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "addresses_without_guests", module)
    settings.ROOT_URLCONF = "addresses_without_guests"

    assert "/login/" in Client().get(reverse("checkout:preview"))["Location"]
    [response] = shop.deliver(PAID)
    assert response.status_code == 200
    payment.refresh_from_db()
    assert payment.state == Payment.State.CAPTURED
