"""On the narrowest phones, and in a window that is zoomed in to 400 %, nothing is scrolled for sideways."""

from __future__ import annotations

from typing import Any

from tests.support.fixtures import Shop

from .visitor import NARROW, Meet


def test_every_page_of_the_payment_fits(
    meet: Meet, product: Any, live_shop: Shop, with_invoice: None
) -> None:
    visitor = meet(NARROW)
    simulator = live_shop.simulator

    visitor.go_to_payment(product)
    visitor.page.wait_for_url(visitor.url("checkout:payment-method"))
    visitor.look("1-choice")
    visitor.expect_to_fit()
    visitor.press("[value=vipps] ~ [type=submit]")
    visitor.page.wait_for_url(visitor.url("checkout:preview"))
    visitor.look("2-preview")
    visitor.expect_to_fit()

    payment = visitor.place_order()
    visitor.turn_back(payment)
    visitor.look("3-unfinished")
    visitor.expect_to_fit()
    simulator.pay(payment.session_id or "", "start")
    visitor.visit(payment, "return")
    visitor.expect_heading("Waiting for Vipps")
    visitor.look("4-waiting")
    visitor.expect_to_fit()
    simulator.pay(payment.session_id or "", "fail")
    visitor.visit(payment, "return")
    visitor.expect_heading("The payment did not go through")
    visitor.look("5-declined")
    visitor.expect_to_fit()

    visitor.press(".page form[action$='/cancel/'] [type=submit]")
    visitor.page.wait_for_url(visitor.url("basket:summary"))
    visitor.visit(payment, "return")
    visitor.expect_heading("The payment is cancelled")
    visitor.look("6-ended")
    visitor.expect_to_fit()
