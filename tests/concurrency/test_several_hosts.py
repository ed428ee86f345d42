"""Several servers, each of processes of its own, that know of one another through the database alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection
from oscar.core.loading import get_model

from oscar_vipps.models import Payment, WebhookEvent
from tests.crashes.server import mail_directory, serving
from tests.support.fixtures import SECRET, Shop
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper
from tests.support.threads import at_once

Transaction = get_model("payment", "Transaction")

HOSTS = 3
PAYMENTS = 4


@pytest.fixture
def hosts(shop: Shop, tmp_path: Path) -> Iterator[list[str]]:
    """Their addresses. One directory has the mail of all."""
    database = str(connection.settings_dict["NAME"])
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(tmp_path, database=database, stripe=shop.simulator.url))
            for _ in range(HOSTS)
        ]


def reconcile(host: str) -> int:
    return httpx.post(f"{host}/run/vipps_reconcile/", timeout=60, trust_env=False).status_code


def tell(shop: Shop, host: str, event: Any) -> int:
    body, signature = shop.simulator.signed_event(event["id"], SECRET)
    answer = httpx.post(
        f"{host}/vipps/webhook/",
        content=body,
        headers={"Stripe-Signature": signature},
        timeout=60,
        trust_env=False,
    )
    return answer.status_code


def test_all_hear_everything_and_all_reconcile(
    shop: Shop, product: Any, hosts: list[str], tmp_path: Path
) -> None:
    for _ in range(PAYMENTS):
        payment = Shopper().go_to_vipps(product)
        shop.simulator.pay(payment.session_id or "")
        # Cron finds it, too.
        let_time_pass(payment)

    events = shop.simulator.events()
    telling = [partial(tell, shop, host, event) for event in events for host in hosts]
    statuses = at_once(*telling, *(partial(reconcile, host) for host in hosts))

    assert set(statuses) == {200}
    assert set(Payment.objects.values_list("state", "order__status")) == {("captured", "Paid")}
    entries = Counter(Transaction.objects.values_list("txn_type", flat=True))
    assert entries == {"Authorise": PAYMENTS, "Debit": PAYMENTS}
    assert len(list(mail_directory(tmp_path).iterdir())) == PAYMENTS
    told = WebhookEvent.objects.values_list("event_id", flat=True)
    assert sorted(told) == sorted(event["id"] for event in events)
    assert product.stockrecords.get().num_allocated == PAYMENTS
