"""A shopper in one of the shops: from the product's page to the pressed button, and what is the case then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
from bs4 import Tag

from tests.support.customer import ADDRESS, EMAIL

from .browser import Browser
from .shop import Shop

STAFF, PARTNER = "staff@example.com", "partner@example.com"
#: Everybody's.
PASSWORD = "correct horse battery"
SHIPPED, NOT_SHIPPED = "Cheese slicer", "Knitting pattern"
PRICE = Decimal("249.00")


class Shopper(Browser):
    """A guest, unless they ``register``."""

    def __init__(self, shop: Shop, address: str = "", transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(address or shop.address, transport)
        self.shop = shop
        self.is_guest = True

    def register(self, email: str = EMAIL) -> None:
        self.open(self.shop.goods["customer:register"])
        self.submit("#register_form", email=email, password1=PASSWORD, password2=PASSWORD)
        assert not self.path.endswith("/register/"), self.text[:2000]
        self.is_guest = False

    def sign_in(self, email: str) -> None:
        self.open(self.shop.goods["customer:login"])
        self.submit("#login_form", **{"login-username": email, "login-password": PASSWORD})
        self.is_guest = False

    def follow(self, link: str) -> None:
        """The link with that text."""
        found = self.page.find("a", string=lambda text: bool(text) and text.strip() == link)
        assert isinstance(found, Tag), f"no link {link} at {self.url}:\n{self.text[:2000]}"
        self.open(str(found["href"]))

    def add(self, product: str = SHIPPED) -> None:
        self.open(self.shop.goods[product])
        self.submit("#add_to_basket_form", quantity="1")

    def add_voucher(self, code: str) -> None:
        self.open(self.shop.goods["basket:summary"])
        self.submit(f"form[action='{self.shop.goods['basket:vouchers-add']}']", code=code)

    def check_out(self) -> None:
        """As far as the first question about paying, or the preview where there is none."""
        self.open(self.shop.goods["checkout:index"])
        if self.is_guest:
            self.submit("form:has([name=options])", username=EMAIL, options="anonymous")
        if self.path.endswith("/shipping-address/"):
            self.submit("#new_shipping_address", **ADDRESS)

    def place_order(self) -> None:
        self.submit("#place_order_form")

    def go_to_vipps(self) -> str:
        """Place the order; the id of the session at Stripe whose page the shopper is sent to."""
        self.place_order()
        assert self.left_for.startswith(f"{self.shop.simulator.url}/c/pay/"), (self.url, self.text[:2000])
        (session,) = self.shop.rows(
            "SELECT session_id FROM oscar_vipps_payment WHERE session_url = ?", self.left_for
        )
        return str(session["session_id"])

    def approve(self, session_id: str) -> str:
        """In the app; returns when the shop has answered Stripe's events, with the address to go back to."""
        url = str(self.shop.simulator.pay(session_id)["url"])
        self.shop.simulator.wait_for_deliveries()
        return url


def paid_order(shop: Shop, number: str) -> dict[str, Any]:
    """The order with all that belongs to it, for one comparison."""
    order = shop.row("SELECT * FROM order_order WHERE number = ?", number)
    payment = shop.row("SELECT * FROM oscar_vipps_payment WHERE order_id = ?", order["id"])
    source = shop.row("SELECT * FROM payment_source WHERE order_id = ?", order["id"])
    entries = shop.rows("SELECT * FROM payment_transaction WHERE source_id = ? ORDER BY id", source["id"])
    events = shop.rows(
        "SELECT name, amount FROM order_paymentevent AS event JOIN order_paymenteventtype AS type"
        " ON type.id = event_type_id WHERE order_id = ? ORDER BY event.id",
        order["id"],
    )
    return {
        "order": (order["status"], money(order["total_incl_tax"])),
        "payment": (payment["state"], payment["amount"], payment["amount_captured"]),
        "source": [money(source[f"amount_{name}"]) for name in ("allocated", "debited", "refunded")],
        "entries": [(entry["txn_type"], money(entry["amount"])) for entry in entries],
        "payment events": [(event["name"], money(event["amount"])) for event in events],
        "confirmed": payment["confirmation_sent_at"] is not None,
    }


def money(amount: Any) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def buy_with_vipps(
    shopper: Shopper, *, total: Decimal = PRICE, status: str = "Paid", choose: str = "", **choice: str
) -> dict[str, Any]:
    """The test that every project passes: a purchase whose order is paid before the shopper is back.

    ``choose`` finds the form that asks how to pay, where one does, and ``choice`` is what is filled in.
    Returns the order's row.
    """
    shop = shopper.shop
    assert shop.checks == []
    shopper.add()
    shopper.check_out()
    if choose:
        shopper.submit(choose, **choice)
    sent_before = len(shop.mails_to(EMAIL))
    session_id = shopper.go_to_vipps()
    order = shop.row("SELECT * FROM order_order ORDER BY id DESC LIMIT 1")
    assert len(shop.mails_to(EMAIL)) == sent_before
    back = shopper.approve(session_id)
    # Stripe's events alone have done it.
    deliveries = shop.simulator.deliveries("checkout.session.completed")
    assert {attempt["status"] for delivery in deliveries for attempt in delivery["attempts"]} == {200}
    assert paid_order(shop, order["number"]) == {
        "order": (status, total),
        "payment": ("captured", int(total * 100), int(total * 100)),
        "source": [total, total, Decimal(0)],
        "entries": [("Authorise", total), ("Debit", total)],
        "payment events": [("Authorised", total), ("Settled", total)],
        "confirmed": True,
    }
    (mail,) = shop.mails_to(EMAIL)[sent_before:]
    assert order["number"] in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    shopper.open(back)
    assert shopper.path.endswith("/checkout/thank-you/")
    assert order["number"] in shopper.text
    return shop.row("SELECT * FROM order_order WHERE id = ?", order["id"])


def take_for_nothing(shopper: Shopper) -> None:
    """The other one: where nothing is to be paid, the order is placed as Oscar alone does it."""
    shop = shopper.shop
    before = len(shop.simulator.requests())
    shopper.add()
    shopper.add_voucher("ALL")
    shopper.check_out()
    shopper.place_order()
    assert shopper.path.endswith("/checkout/thank-you/")
    order = shop.row("SELECT * FROM order_order ORDER BY id DESC LIMIT 1")
    assert money(order["total_incl_tax"]) == 0
    assert order["number"] in shopper.text
    assert shop.rows("SELECT * FROM oscar_vipps_payment WHERE order_id = ?", order["id"]) == []
    assert shop.rows("SELECT * FROM payment_source WHERE order_id = ?", order["id"]) == []
    assert len(shop.simulator.requests()) == before


def look_as_staff(shop: Shop, number: str) -> None:
    """In the dashboard: the payment among the others, its order, and its own page."""
    with Shopper(shop) as staff:
        staff.sign_in(STAFF)
        staff.open(shop.goods["dashboard:index"])
        staff.follow("Payments")
        assert number in staff.text
        staff.follow(number)
        assert f"Vipps payment of order {number}" in str(staff.page.title)
        staff.follow("The order")
        assert f"Order #{number}" in staff.text
        staff.follow("What happened to the payment")
        assert "Captured" in staff.text
