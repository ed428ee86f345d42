"""What shoppers see of a payment, for everybody: axe finds nothing, whatever they look with."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from oscar_vipps.models import Payment
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

from .accessibility import CHECKOUT, EYES, Eyes, expect_accessible
from .visitor import PHONE, Meet, Visitor


class Walk:
    """Opens one page after the other, and looks at each."""

    def __init__(self, visitor: Visitor, eyes: tuple[Eyes, ...]) -> None:
        self.visitor = visitor
        self.eyes = eyes

    def see(self, step: str, address: str) -> None:
        """A page of ours in Oscar's layout."""
        self.visitor.page.goto(address)
        expect_accessible(self.visitor, step, eyes=self.eyes, known=CHECKOUT)

    def see_our_part(self, step: str, address: str) -> None:
        """Of a page of Oscar's."""
        self.visitor.page.goto(address)
        expect_accessible(self.visitor, step, eyes=self.eyes, part=".vipps")


@pytest.mark.parametrize(("locale", "eyes"), [("en-GB", EYES), ("nb-NO", EYES[:1])], ids=["en", "nb"])
def test_everybody_can_use_the_pages_of_a_payment(
    meet: Meet, live_shop: Shop, product: Any, with_invoice: None, locale: str, eyes: tuple[Eyes, ...]
) -> None:
    shopper = Shopper(HTTP_ACCEPT_LANGUAGE=locale)
    visitor = meet(PHONE, locale=locale, device_scale_factor=2)
    visitor.test += f"-{locale}"
    walk = Walk(visitor, eyes)
    shopper.add(product)
    # And reads what the shop says to that.
    shopper.get("basket:summary")
    shopper.identify()
    visitor.become(shopper)
    walk.see("01-choice", visitor.url("checkout:payment-method"))
    shopper.choose()
    walk.see_our_part("02-preview", visitor.url("checkout:preview"))

    shopper.open(shopper.submit().url)
    payment = Payment.objects.get()
    walk.see("03-hosted-page", payment.session_url or "")
    visitor.continue_to_vipps()
    walk.see("04-vipps", visitor.page.url)
    walk.see("05-unfinished", visitor.url_of(payment, "cancel"))
    walk.see_our_part("06-basket", visitor.url("basket:summary"))
    pay(live_shop, payment, "start")
    walk.see("07-waiting", visitor.url_of(payment, "return"))
    visitor.page.emulate_media(reduced_motion="reduce")
    expect(visitor.page.locator(".spinner-border")).to_have_css("animation-name", "none")
    walk.see("08-gave-up", visitor.url_of(payment, "return") + "?looks=6")
    pay(live_shop, payment, "fail")
    walk.see("09-declined", visitor.url_of(payment, "return"))
    pay(live_shop, payment, "authorize")
    walk.see_our_part("10-thanks", visitor.url_of(payment, "return"))
    visitor.page.context.clear_cookies()
    walk.see("11-paid", visitor.url_of(payment, "return"))

    ended = Shopper().go_to_vipps(product)
    live_shop.simulator.advance(36 * 60)
    walk.see("12-ended", visitor.url_of(ended, "return"))
    walk.see("13-simulator", live_shop.simulator.url)


def pay(shop: Shop, payment: Payment, outcome: str) -> None:
    shop.simulator.pay(payment.session_id or "", outcome)
    shop.simulator.wait_for_deliveries()
