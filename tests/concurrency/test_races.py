"""What happens when everything happens at once. Run on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core import mail
from oscar.core.loading import get_model

from oscar_vipps.models import Payment, WebhookEvent
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper
from tests.support.threads import at_once

Order = get_model("order", "Order")
Transaction = get_model("payment", "Transaction")

ROUNDS = range(3)


def same_browser(shopper: Shopper) -> Shopper:
    """Another tab: the same cookies, a connection of its own."""
    tab = Shopper()
    tab.client.cookies = shopper.client.cookies
    return tab


def sessions_at_stripe(shop: Shop) -> list[str]:
    return [session["status"] for session in shop.simulator.state()["sessions"]]


@pytest.mark.parametrize("round", ROUNDS)
def test_two_tabs_that_submit_at_once_place_one_order(
    shop: Shop, shopper: Shopper, product: Any, round: int
) -> None:
    """Field failure 10: two tabs, double click."""
    shopper.add(product)
    shopper.identify()
    shopper.choose()
    tabs = [same_browser(shopper) for _ in range(4)]
    answers = at_once(*(tab.submit for tab in tabs))

    payment = Payment.objects.get()
    assert Order.objects.count() == 1
    # Who came too late sees the same payment; who came when all was over, an empty basket at the worst.
    targets = {answer.url for answer in answers if answer.status_code == 303}
    assert len(targets) == 1
    assert {answer.status_code for answer in answers} <= {302, 303}
    assert product.stockrecords.get().num_allocated == 1
    assert payment.order.basket.status == "Submitted"


@pytest.mark.parametrize("round", ROUNDS)
def test_pay_in_many_tabs_at_once_leaves_one_open_session(
    shop: Shop, shopper: Shopper, product: Any, round: int
) -> None:
    """Field failure 9: one open session for an order."""
    placed = shopper.order(product)
    tabs = [same_browser(shopper) for _ in range(4)]
    answers = at_once(*(partial(tab.client.get, placed.url) for tab in tabs))

    payment = Payment.objects.get()
    assert payment.state == Payment.State.OPEN
    assert {answer.url for answer in answers} == {payment.session_url}
    assert sessions_at_stripe(shop).count("open") == 1


@pytest.mark.parametrize("round", ROUNDS)
def test_webhooks_and_return_pages_at_once_pay_once(
    shop: Shop, shopper: Shopper, product: Any, round: int
) -> None:
    """Field failure 4: double mail, double stock."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    events = [
        event["id"]
        for event in shop.simulator.events()
        if event["type"] in ("payment_intent.succeeded", "checkout.session.completed")
    ]
    tabs = [same_browser(shopper) for _ in range(3)]
    answers = at_once(
        *(partial(shop.post_event, event) for event in events * 3),
        *(partial(tab.visit, payment, "return") for tab in tabs),
    )

    assert {answer.status_code for answer in answers} <= {200, 303}
    payment.refresh_from_db()
    assert payment.state == Payment.State.CAPTURED
    assert WebhookEvent.objects.filter(status=WebhookEvent.Status.PROCESSED).count() == 2
    assert sorted(Transaction.objects.values_list("txn_type", flat=True)) == ["Authorise", "Debit"]
    assert payment.order.status_changes.count() == 1
    assert payment.order.notes.count() == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("round", ROUNDS)
def test_cancel_and_money_at_once_agree_with_stripe(
    shop: Shop, shopper: Shopper, product: Any, round: int
) -> None:
    """Whoever was first at Stripe, both sides say the same in the end."""
    payment = shopper.go_to_vipps(product)
    at_once(
        partial(shopper.press, payment, "cancel"),
        partial(shop.simulator.try_to_pay, payment.session_id or ""),
    )
    shop.deliver()
    payment.refresh_from_db()
    session = shop.session(payment)
    expected = {"complete": Payment.State.CAPTURED, "expired": Payment.State.CANCELLED}
    assert payment.state == expected[session["status"]]
    is_held = product.stockrecords.get().num_allocated
    assert is_held == (1 if payment.is_paid else 0)


@pytest.mark.parametrize("round", ROUNDS)
def test_cancelled_in_many_tabs_at_once_everything_is_given_back_once(
    shop: Shop, shopper: Shopper, product: Any, round: int
) -> None:
    """Field failure 24: stock is released exactly once; and the basket comes back once."""
    payment = shopper.go_to_vipps(product)
    tabs = [same_browser(shopper) for _ in range(4)]
    at_once(*(partial(tab.press, payment, "cancel") for tab in tabs))

    payment.refresh_from_db()
    assert payment.state == Payment.State.CANCELLED
    assert product.stockrecords.get().num_allocated == 0
    assert payment.order.notes.count() == 1
    lines = get_model("basket", "Line").objects.filter(basket__status="Open")
    assert [line.quantity for line in lines] == [1]
