"""The page for a payment that is still undecided: it goes on by itself, and not forever.

Field failure 30: such pages looped forever, or were silent for screen readers.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from oscar_vipps.checkout.pages import LOOKS
from oscar_vipps.models import Payment

from .visitor import DESKTOP, PHONE, Meet, Visitor, state_of

WAITS = "We are waiting for Vipps to confirm the payment. This page goes on by itself."
GAVE_UP = "We have not heard from Vipps yet."

#: Of waiting.js.
QUESTIONS = 5
MILLISECONDS_BETWEEN = 2000


def order_and_start(visitor: Visitor, product: Any) -> Payment:
    """Ordered and begun at Vipps; from now on Stripe's news don't reach the shop."""
    payment = visitor.order(product)
    visitor.simulator.policy("hold", count=100)
    visitor.simulator.pay(payment.session_id or "", "start")
    return payment


def wait(visitor: Visitor, payment: Payment, look: int = 0) -> None:
    """Come back too early."""
    visitor.visit(payment, "return", f"?looks={look}")
    visitor.expect_heading("Waiting for Vipps")


def pass_the_time(visitor: Visitor, payment: Payment) -> None:
    """Until the script has asked its last question and loads the page anew. The page has a clock of ours; the
    shop, which doesn't ask Stripe twice at once, has not."""
    for _ in range(QUESTIONS):
        with visitor.page.expect_response(visitor.url_of(payment, "status")):
            visitor.page.clock.fast_forward(MILLISECONDS_BETWEEN)
    Payment.objects.filter(pk=payment.pk).update(refreshed_at=None)
    visitor.page.clock.fast_forward(MILLISECONDS_BETWEEN)


def without_javascript(visitor: Visitor, meet: Meet) -> Visitor:
    """The same shopper: Oscar's own pages let guests check out with JavaScript only."""
    cookies = visitor.page.context.storage_state()
    return meet(visitor.device, java_script_enabled=False, storage_state=cookies)


def test_the_waiting_page_goes_on_when_the_news_arrive(visitor: Visitor, product: Any) -> None:
    payment = order_and_start(visitor, product)
    wait(visitor, payment)
    expect(visitor.page.get_by_role("status")).to_have_text(WAITS)
    visitor.look("waiting")
    visitor.simulator.clear_policies()
    visitor.simulator.pay(payment.session_id or "", "authorize")
    visitor.expect_thanks(payment)
    assert state_of(payment) == (Payment.State.CAPTURED, "Paid")


@pytest.mark.parametrize("device", [PHONE], ids=str)
def test_the_waiting_page_asks_stripe_where_no_news_arrive(visitor: Visitor, product: Any) -> None:
    """Field failure 1: the webhooks are lost, the return page asks."""
    payment = order_and_start(visitor, product)
    visitor.page.clock.install()
    wait(visitor, payment)
    visitor.simulator.pay(payment.session_id or "", "authorize")
    pass_the_time(visitor, payment)
    visitor.expect_thanks(payment)
    assert state_of(payment) == (Payment.State.CAPTURED, "Paid")


@pytest.mark.parametrize("device", [PHONE], ids=str)
def test_without_javascript_the_waiting_page_goes_on_as_well(
    meet: Meet, visitor: Visitor, product: Any
) -> None:
    payment = order_and_start(visitor, product)
    visitor = without_javascript(visitor, meet)
    wait(visitor, payment)
    visitor.look("waiting")
    visitor.simulator.pay(payment.session_id or "", "authorize")
    visitor.expect_thanks(payment)


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("device", [DESKTOP], ids=str)
def test_the_waiting_page_stops_after_some_looks_and_offers_the_choices(
    meet: Meet, visitor: Visitor, product: Any, scripts: bool
) -> None:
    payment = order_and_start(visitor, product)
    if scripts:
        visitor.page.clock.install()
        wait(visitor, payment, look=LOOKS - 1)
        pass_the_time(visitor, payment)
    else:
        visitor = without_javascript(visitor, meet)
        wait(visitor, payment, look=LOOKS - 1)
    visitor.page.wait_for_url(visitor.url_of(payment, "return") + f"?looks={LOOKS}")
    expect(visitor.page.get_by_role("status")).to_contain_text(GAVE_UP)
    expect(visitor.page.get_by_role("link", name="Check again")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Cancel and get my basket back")).to_be_visible()
    assert not visitor.page.locator("script[src*='waiting']").count()
    assert not visitor.page.locator("meta[http-equiv=refresh]").count()
    visitor.look("gave-up")
    visitor.press(visitor.page.get_by_role("button", name="Continue with Vipps"))
    assert visitor.at_stripe() == payment
