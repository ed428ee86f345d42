"""A shopper with a real browser: goes through the shop's pages, Stripe's hosted page and Vipps' test page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.models import Payment
from tests.support.customer import ADDRESS, EMAIL
from tests.support.shopper import Shopper
from tests.support.simulator import Simulator

SCREENSHOTS = Path(__file__).resolve().parents[2] / "test-results" / "screenshots"

PageName = Literal["pay", "return", "cancel", "status"]


@dataclass(frozen=True)
class Device:
    name: str
    width: int
    height: int
    has_touch: bool = False

    def __str__(self) -> str:
        return self.name


PHONE = Device("phone", 390, 844, has_touch=True)
DESKTOP = Device("desktop", 1280, 900)
#: As narrow as phones get, or a desktop that is zoomed in to 400 %.
NARROW = Device("narrow", 320, 640, has_touch=True)


class Visitor:
    """One browser window with cookies of its own. Buttons are found by what they do, so any language will."""

    def __init__(self, page: Page, device: Device, shop_url: str, simulator: Simulator, test: str) -> None:
        self.page = page
        self.device = device
        self.simulator = simulator
        self._shop_url = shop_url
        self.test = test

    def in_another_tab(self) -> Visitor:
        """The same shopper, with the same cookies."""
        page = self.page.context.new_page()
        return Visitor(page, self.device, self._shop_url, self.simulator, self.test)

    # Where to

    def url(self, name: str, *arguments: Any) -> str:
        return self._shop_url + reverse(name, args=arguments)

    def url_of(self, payment: Payment, name: PageName) -> str:
        return self._shop_url + url_for(payment, name)

    def open(self, name: str, *arguments: Any) -> None:
        self.page.goto(self.url(name, *arguments))

    def visit(self, payment: Payment, name: PageName, query: str = "") -> None:
        self.page.goto(self.url_of(payment, name) + query)

    def become(self, shopper: Shopper) -> None:
        """Go on, with a real browser, where somebody without one has got to."""
        cookies = [
            {"name": name, "value": morsel.value, "url": self._shop_url}
            for name, morsel in shopper.client.cookies.items()
            if morsel.value
        ]
        self.page.context.add_cookies(cookies)  # type: ignore[arg-type]

    def press(self, button: str | Locator) -> None:
        """With a finger where the device has a touch screen, else with the mouse."""
        found = self.page.locator(button) if isinstance(button, str) else button
        (found.tap if self.device.has_touch else found.click)()

    def tab_to(self, target: Locator) -> None:
        """By keyboard."""
        for _ in range(100):
            self.page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"the keyboard does not reach {target}")

    # Through the shop

    def add(self, product: Any) -> None:
        self.page.goto(self._shop_url + product.get_absolute_url())
        self.press("#add_to_basket_form [type=submit]")
        expect(self.page.locator("#messages")).to_contain_text(product.title)

    def sign_in(self, user: Any, password: str) -> None:
        self.open("customer:login")
        self.page.fill("#id_login-username", user.email)
        self.page.fill("#id_login-password", password)
        self.press("[name=login_submit]")
        expect(self.page.locator("#logout_link")).to_be_attached()

    def say_who(self) -> None:
        """As a guest."""
        self.open("checkout:index")
        self.page.fill("#id_username", EMAIL)
        self.page.check("[name=options][value=anonymous]")
        self.press("[type=submit]")

    def fill_in_address(self) -> None:
        """Leads to the payment step, or past it where there is nothing to choose."""
        self.page.wait_for_url(self.url("checkout:shipping-address"))
        for field, text in ADDRESS.items():
            self.page.fill(f"#id_{field}", text)
        self.press("#new_shipping_address [type=submit]")

    def go_to_payment(self, product: Any) -> None:
        """A guest, from the product's page to the payment step, or the preview."""
        self.add(product)
        self.say_who()
        self.fill_in_address()

    def go_to_preview(self, product: Any) -> None:
        self.go_to_payment(product)
        self.page.wait_for_url(self.url("checkout:preview"))

    def place_order(self) -> Payment:
        """Leads to Stripe's hosted page; the payment whose page it is."""
        self.press("#place-order")
        return self.at_stripe()

    def order(self, product: Any) -> Payment:
        """A guest orders and is on Stripe's hosted page then."""
        self.go_to_preview(product)
        return self.place_order()

    # At Stripe

    def at_stripe(self) -> Payment:
        self.page.wait_for_url(f"{self.simulator.url}/c/pay/*")
        payment = Payment.objects.select_related("order").latest("pk")
        assert self.page.url == payment.session_url
        return payment

    def continue_to_vipps(self) -> None:
        self.press(".button-vipps")
        self.page.wait_for_url(f"{self.simulator.url}/vipps/test/*")

    def answer(self, outcome: Literal["authorize", "fail"]) -> None:
        """On Vipps' test page."""
        self.press(f"[name=outcome][value={outcome}]")

    def approve(self) -> None:
        """From the hosted page."""
        self.continue_to_vipps()
        self.answer("authorize")

    def decline(self) -> None:
        """From the hosted page, and back to it."""
        self.continue_to_vipps()
        self.answer("fail")
        self.page.wait_for_url(f"{self.simulator.url}/c/pay/*")
        expect(self.page.get_by_role("alert")).to_be_visible()

    def turn_back(self, payment: Payment) -> None:
        """From the hosted page to the shop, without paying."""
        self.press(".back a")
        self.page.wait_for_url(self.url_of(payment, "cancel"))

    # What is there

    def expect_thanks(self, payment: Payment) -> None:
        """Oscar's page for an order that is placed, with this order's number."""
        self.page.wait_for_url(self.url("checkout:thank-you"))
        expect(self.page.locator("h1")).to_contain_text(payment.order.number)

    def expect_heading(self, text: str) -> None:
        expect(self.page.locator("h1")).to_have_text(text)

    def expect_to_fit(self) -> None:
        """Nothing has to be scrolled for sideways."""
        needed = self.page.evaluate("document.documentElement.scrollWidth")
        assert needed <= self.device.width, self.page.url

    def look(self, step: str) -> None:
        """Keep a picture of the page for people to see."""
        path = SCREENSHOTS / f"{self.test}-{self.device}-{step}.png"
        # Without a graphics card a long page takes its time to draw.
        self.page.screenshot(path=path, full_page=True, timeout=60_000)


def state_of(payment: Payment) -> tuple[str, str]:
    """The payment's and its order's."""
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    return payment.state, payment.order.status


#: ``meet(device, **options)``: a visitor with a new window; ``options`` are those of Playwright's contexts.
Meet = Callable[..., Visitor]
