"""How fast the paths are that everything passes through. ``make bench`` runs this; no test depends on it."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from oscar_vipps.gateway.session import line_items
from oscar_vipps.gateway.snapshot import from_object
from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from tests.support.factories import ProductFactory
from tests.support.fixtures import SECRET, Shop, post_webhook
from tests.support.shopper import Shopper
from tests.unit.test_session_parameters import order_of

ROUNDS = 20


def test_the_items_of_an_order_of_a_hundred_lines(benchmark: BenchmarkFixture) -> None:
    order = order_of(*((4999 + number, 3) for number in range(100)))
    total = sum(4999 + number for number in range(100)) - 50
    assert len(benchmark(line_items, order, total)) == 100


@pytest.fixture
def product(shop: Shop) -> Any:
    return ProductFactory.create(stock=10 * ROUNDS)


def test_settling_a_payment_that_was_just_made(benchmark: BenchmarkFixture, shop: Shop, product: Any) -> None:
    """Row locks, books, order status, note and mail of one payment."""

    def made() -> tuple[tuple[int, Any], dict[str, Any]]:
        payment = Shopper().go_to_vipps(product)
        shop.simulator.pay(payment.session_id or "")
        return (payment.pk, from_object(shop.session(payment))), {}

    settled = benchmark.pedantic(settle, setup=made, rounds=ROUNDS)
    assert settled.state == Payment.State.CAPTURED


def test_answering_an_event_that_was_processed_before(
    benchmark: BenchmarkFixture, shop: Shop, product: Any
) -> None:
    """Signature, lookup and answer, as for every repetition."""
    payment = Shopper().go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    event = shop.simulator.events("payment_intent.succeeded")[0]["id"]
    signed = shop.simulator.signed_event(event, SECRET)
    assert benchmark.pedantic(post_webhook, signed, rounds=ROUNDS).status_code == 200
