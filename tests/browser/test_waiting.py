"""The page for a payment that is still undecided: it goes on by itself, and not forever.

Field failure 30: such pages looped forever, or were silent for screen readers.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from oscar_vipps.checkout.pages import LOOKS
from oscar_vipps.models import Payment

from .visitor import DESKTOP, PHONE, Meet, Visitor, state_of

WAITS = "We are waiting for Vipps to confirm the payment. This page goes on by itself."
GAVE_UP = "We have not heard from Vipps yet."

#: Of waiting.js.
QUESTIONS = 5
MILLISECONDS_BETWEEN = 2000
MILLISECONDS_TO_HEAR = 1000


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
    """Until the script has asked its last question, the one that is for Stripe.

    The page has a clock of ours, which stands still from then on.
    """
    page, status = visitor.page, visitor.url_of(payment, "status")
    asked: list[str] = []
    last: list[Route] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(f"{status}?ask=stripe", lambda route: last.append(route))
    a_minute_on = page.evaluate("Date.now()") / 1000 + 60
    page.clock.pause_at(datetime.fromtimestamp(a_minute_on, timezone.utc))
    # It asks again only when it has been answered.
    while not last:
        page.clock.fast_forward(MILLISECONDS_BETWEEN)
    last[0].continue_()
    assert asked == [status] * QUESTIONS + [f"{status}?ask=stripe"]


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
    cancel = visitor.page.get_by_role("button", name="Cancel and get my basket back")
    cancel.focus()
    pass_the_time(visitor, payment)
    # Said before the page goes, and nobody is moved from where they are.
    expect(visitor.page.get_by_role("status")).to_have_text("The order is paid with Vipps.")
    expect(cancel).to_be_focused()
    visitor.page.clock.fast_forward(MILLISECONDS_TO_HEAR)
    visitor.expect_thanks(payment)
    assert state_of(payment) == (Payment.State.CAPTURED, "Paid")


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("device", [DESKTOP], ids=str)
def test_the_waiting_page_stops_after_some_looks_and_offers_the_choices(
    meet: Meet, visitor: Visitor, product: Any, scripts: bool
) -> None:
    payment = order_and_start(visitor, product)
    if scripts:
        visitor.page.clock.install()
        wait(visitor, payment, look=LOOKS - 1)
        visitor.page.get_by_role("link", name="Check again").focus()
        pass_the_time(visitor, payment)
    else:
        visitor = without_javascript(visitor, meet)
        wait(visitor, payment, look=LOOKS - 1)
        visitor.page.wait_for_url(visitor.url_of(payment, "return") + f"?looks={LOOKS}")
        assert not visitor.page.locator("meta[http-equiv=refresh]").count()
    expect(visitor.page.get_by_role("status")).to_contain_text(GAVE_UP)
    expect(visitor.page.locator(".spinner-border")).to_have_count(0)
    check_again = visitor.page.get_by_role("link", name="Check again")
    expect(check_again).to_be_visible()
    if scripts:
        # The page is the same one: nobody is moved from where they are, and nothing asks any more.
        expect(check_again).to_be_focused()
        with visitor.page.expect_event("requestfinished") as next_request:
            visitor.page.clock.fast_forward(60_000)
            visitor.page.evaluate("url => { fetch(url) }", visitor.url("basket:summary"))
        assert next_request.value.url == visitor.url("basket:summary")
    expect(visitor.page.get_by_role("button", name="Cancel and get my basket back")).to_be_visible()
    visitor.look("gave-up")
    visitor.press(visitor.page.get_by_role("button", name="Continue with Vipps"))
    assert visitor.at_stripe() == payment
