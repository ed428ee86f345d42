"""The pages as a browser shows them: on the narrowest phones, and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from playwright.sync_api import Page, expect, sync_playwright

from tests.simulator.orders import line, order
from tests.support.simulator import Simulator

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

#: What has the keyboard's attention, and how that is shown.
FOCUS = """() => {
    const found = document.activeElement
    const style = getComputedStyle(found)
    return {
        tag: found.tagName, text: found.innerText || "",
        outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        height: found.getBoundingClientRect().height,
    }
}"""


@pytest.fixture
def page(chromium_path: str) -> Iterator[Page]:
    """As narrow as phones get."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser.new_page(viewport={"width": 320, "height": 640})
        browser.close()


def test_pages_fit_and_show_where_the_keyboard_is(
    simulator: Simulator, client: stripe.StripeClient, page: Page
) -> None:
    long = order(
        locale="nb",
        line_items=[line("Flaggstangknoppforgylling" * 4, 99_999_999)],
        customer_email=f"{'kari' * 12}@{'butikk' * 8}.example",
        client_reference_id="r" * 60,
    )
    waiting, declined, expired = (client.v1.checkout.sessions.create(long) for _ in range(3))
    vipps = simulator.pay(waiting.id, "start")["url"]
    simulator.pay(declined.id, "fail")
    client.v1.checkout.sessions.expire(expired.id)
    for number in range(2):  # with every button and form of the control page
        intent = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]["id"]
        simulator.refund(intent, 1000, "pending")
        simulator.dispute(intent, "product_not_received", 1000, inquiry=number == 1)
    for url in (waiting.url, declined.url, expired.url, vipps, f"{simulator.url}/_simulator/"):
        page.goto(str(url))
        page.evaluate("document.querySelectorAll('details').forEach(found => { found.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, url
        seen = 0
        while True:
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus["tag"] == "BODY" or seen > 60:
                break
            seen += 1
            assert focus["outline"] >= 2, (url, focus)
            assert focus["height"] >= 24, (url, focus)
        assert seen, url


@pytest.mark.parametrize("locale", ["en", "nb"])
def test_buttons_are_found_by_stripes_names(
    simulator: Simulator, client: stripe.StripeClient, page: Page, locale: str
) -> None:
    session = client.v1.checkout.sessions.create(
        order(locale=locale, success_url=f"{simulator.url}/_simulator/")
    )
    page.goto(str(session.url))
    page.get_by_role("button", name="Vipps").press("Enter")
    page.get_by_role("button", name="Fail test payment").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Vipps").press("Enter")
    page.get_by_role("button", name="Authorize test payment").press("Enter")
    page.wait_for_url("**/_simulator/")
    assert simulator.session(session.id)["status"] == "complete"
