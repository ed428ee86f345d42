"""Field failure 29: no secret and nothing about the shopper in logs or tables, whatever happens: looked for
in all that payments, their failures and their refunds leave behind.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.serializers import serialize
from django.test import override_settings

from oscar_vipps.models import Flag, Payment, Refund, WebhookEvent
from stripe_simulator import webhooks
from tests.simulator.orders import client_for
from tests.support.customer import EMAIL
from tests.support.fixtures import SECRET, Shop, post_webhook
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper, personal

CLOCKS = ("created", "msecs", "relativeCreated", "thread")
#: What Stripe's library calls a card, and what the simulator's shopper types.
CARD_OR_PHONE = re.compile(r"(?<!\d)(4242\d*|\+?47\d{8})(?!\d)")


def with_card_and_phone(shop: Shop) -> tuple[bytes, str]:
    """An event with all that Stripe may know of a shopper."""
    event = shop.simulator.events("payment_intent.succeeded")[0]
    card = {"card": {"brand": "visa", "last4": "4242", "exp_year": 2031}}
    person = {"email": EMAIL, "phone": "+4791234567", "name": "Kari Nordmann"}
    event["id"] = "evt_with_everything"
    event["data"]["object"] |= {"payment_method_details": {"vipps": card}, "customer_details": person}
    event["data"]["object"]["last_payment_error"] = {"message": f"{EMAIL} declined", "payment_method": card}
    body = json.dumps(event).encode()
    return body, webhooks.signature(body, [SECRET])


def live_through_everything(shop: Shop, product: Any, settings: Any) -> None:
    """Each thing that is logged or stored, by doing what leads there."""
    key = settings.OSCAR_VIPPS["SECRET_KEY"]
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0}
    declined = Shopper().go_to_vipps(product)
    shop.simulator.pay(declined.session_id or "", "fail")
    shop.simulator.pay(declined.session_id or "")
    shop.deliver()
    client = client_for(shop.simulator)
    shop.simulator.refund_outcomes("failed")
    client.v1.refunds.create({"payment_intent": shop.session(declined)["payment_intent"]})
    shop.deliver()

    for fault in ({"status": 400}, {"status": 401}, {"status": 403}, {"status": 429}, {"status": 500}):
        shop.simulator.fault("error", "/v1/checkout/sessions", "POST", **fault)
        shopper = Shopper()
        shopper.open(shopper.order(product).url)
    shop.simulator.fault("timeout_after", "/v1/checkout/sessions", "POST")
    late = Shopper()
    with override_settings(OSCAR_VIPPS={**settings.OSCAR_VIPPS, "TIMEOUT": 0.5}):
        late.open(late.order(product).url)
    shop.simulator.pay(shop.simulator.state()["sessions"][-1]["id"])
    shop.deliver()
    wrong = Shopper()
    wrong.add(product)
    wrong.identify()
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "SECRET_KEY": "sk_live_of_another_mode"}
    wrong.choose()
    wrong.open(getattr(wrong.submit(), "url", "/"))
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "SECRET_KEY": key}
    post_webhook(b'{"email": "kari@example.com"}', f"t=1,v1={SECRET}")
    post_webhook(*with_card_and_phone(shop))

    given_up = Shopper()
    payment = given_up.go_to_vipps(product)
    shop.simulator.fault("close", "/v1/checkout/sessions", count=2)
    given_up.press(payment, "cancel")
    for each in Payment.objects.all():
        let_time_pass(each)
    with contextlib.suppress(CommandError):
        call_command("vipps_reconcile", stdout=StringIO(), stderr=StringIO())


def attributes(record: logging.LogRecord) -> list[str]:
    return sorted(str(item) for item in vars(record).items() if item[0] not in CLOCKS)


def test_nothing_personal_and_no_secret_is_left_behind(
    shop: Shop, product: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "oscar_vipps")
    caplog.set_level(logging.INFO, "stripe")
    live_through_everything(shop, product, settings)
    formatter = logging.Formatter("%(message)s %(exc_text)s")
    ours = [record for record in caplog.records if record.name.partition(".")[0] in ("oscar_vipps", "stripe")]
    assert len([record for record in ours if record.levelno >= logging.WARNING]) >= 10
    # With all that a shop's own format may print, but for clocks, whose digits may be any.
    logged = "\n".join(f"{formatter.format(record)} {attributes(record)}" for record in ours)
    rows = [*Payment.objects.all(), *Flag.objects.all(), *Refund.objects.all(), *WebhookEvent.objects.all()]
    stored = serialize("json", rows)
    sent = json.dumps(shop.simulator.events()) + with_card_and_phone(shop)[0].decode()
    assert personal(sent)
    assert CARD_OR_PHONE.search(sent)
    for text in (logged, stored):
        assert personal(text) == []
        assert CARD_OR_PHONE.findall(text) == []
        for secret in (SECRET, settings.OSCAR_VIPPS["SECRET_KEY"], "sk_live_of_another_mode"):
            assert secret not in text
