"""A shop with a strict Content Security Policy, in Chromium: none of our pages breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, PATIENCE

from .conftest import Start
from .shopper import Shopper, buy_with_vipps

pytestmark = pytest.mark.browser

CHOICE = "form:has([name=method_code][value=vipps])"


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


class Window:
    """Chromium with a shopper's cookies, and what its console said of the policy and of failing scripts."""

    def __init__(self, chromium: Chromium) -> None:
        self.context = chromium.new_context(locale="en-GB")
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(f"{self.page.url}: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        # The shop has no pictures; that isn't of interest.
        if "Content Security Policy" in message.text:
            self.said.append(f"{self.page.url}: {message.text}")

    def look(self, shopper: Shopper, address: str, heading: str) -> None:
        """At that page, as the shopper."""
        self.context.clear_cookies()
        cookies = [(cookie.name, cookie.value or "") for cookie in shopper.client.cookies.jar]
        self.context.add_cookies(
            [{"name": name, "value": value, "url": shopper.address} for name, value in cookies]
        )
        answer = self.page.goto(urljoin(shopper.address, address))
        assert answer is not None
        assert answer.headers["content-security-policy"] == "default-src 'self'"
        expect(self.page.locator("h1")).to_contain_text(heading, timeout=PATIENCE)


def test_no_page_breaks_a_strict_content_security_policy(start: Start, chromium: Chromium) -> None:
    shop = start("strict_csp")
    window = Window(chromium)
    with Shopper(shop) as shopper, Shopper(shop) as stranger:
        shopper.add()
        shopper.check_out()
        window.look(shopper, "/checkout/payment-method/", "How would you like to pay?")
        shopper.submit(CHOICE)
        window.look(shopper, "/checkout/preview/", "Preview order")
        assert window.page.locator("script[src*='preview.js']").count() == 1
        session = shopper.go_to_vipps()
        details = shop.simulator.session(session)
        returned, cancelled = details["success_url"], details["cancel_url"]
        window.look(shopper, "/basket/", "Cart")
        assert window.page.locator("#vipps-waiting-payment").is_visible()
        window.look(shopper, cancelled, "The payment is not finished")
        shop.simulator.pay(session, "start")
        window.look(shopper, returned, "Waiting for Vipps")
        # Its script runs, too: it asks the shop.
        with window.page.expect_response(lambda response: response.url.endswith("/status/")):
            pass
        shop.simulator.pay(session, "fail")
        window.look(shopper, returned, "The payment did not go through")
        shopper.open(cancelled)
        shopper.submit(f"form[action='{cancelled.removeprefix(shop.address)}']")
        window.look(shopper, returned, "The payment is cancelled")
    with Shopper(shop) as shopper:
        buy_with_vipps(shopper, choose=CHOICE)
        window.look(shopper, "/checkout/thank-you/", "Order")
        returned = shop.simulator.state()["sessions"][-1]["success_url"]
        window.look(stranger, returned, "Thank you for your order")
    assert window.said == []
