"""One shopper who buys one thing with a voucher: what the shopper, Stripe, staff and cron do, over HTTP."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse
from oscar.core.loading import get_class, get_classes, get_model

from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.dashboard.forms import QUANTITY
from oscar_vipps.gateway.events import HANDLED
from oscar_vipps.gateway.snapshot import from_object
from oscar_vipps.models import Payment, new_reference
from oscar_vipps.payments.settlement import settle
from oscar_vipps.shop import staff_mail
from tests.support.customer import ADDRESS
from tests.support.factories import ClassFactory, ProductFactory, UserFactory, voucher
from tests.support.fixtures import SECRET
from tests.support.simulator import Json, Simulator

from .browser import Browser, Clock

Basket = get_model("basket", "Basket")
CheckoutSessionData = get_class("checkout.utils", "CheckoutSessionData")
Free, NoShippingRequired = get_classes("shipping.methods", ["Free", "NoShippingRequired"])
Order = get_model("order", "Order")
Selector = get_class("partner.strategy", "Selector")
ShippingEventType = get_model("order", "ShippingEventType")

#: Oscar's own setting, which the checker doesn't know.
BASKET_COOKIE: str = getattr(settings, "OSCAR_BASKET_COOKIE_OPEN")  # noqa: B009
MINUTE = 60
STOCK = 10
#: What is to be paid, what the voucher takes off, and what staff send back.
AMOUNT, DISCOUNT, REFUND = Decimal("224.10"), Decimal("24.90"), Decimal("100.00")

_numbers = count(1)


@dataclass(frozen=True)
class MortalShop:
    """The shop in a process of its own, and where it keeps its mail."""

    address: str
    mail: Path
    simulator: Simulator


class Purchase:
    """Begins before the button "Place order". What takes ``kill_at`` raises ``Killed`` if that is given."""

    def __init__(self, shop: MortalShop, *, is_shipped: bool) -> None:
        self.shop = shop
        self.simulator = shop.simulator
        self.clock = Clock()
        self.shopper, self.staff, self.others = (Browser(shop.address, self.clock) for _ in range(3))
        self._sent: set[str] = set()
        self._refund_form = new_reference()
        number = next(_numbers)
        self.email = f"kari.{number}@example.com"
        kind = ClassFactory.create(name="Parcels" if is_shipped else "Tickets", requires_shipping=is_shipped)
        self.product = ProductFactory.create(product_class=kind, price=AMOUNT + DISCOUNT, stock=STOCK)
        self.voucher = voucher(f"TEN{number}")
        self.basket = self._begin()

    def _begin(self) -> Any:
        """The basket, when the order only has to be placed. Nothing dies before, so no page is asked for."""
        basket = Basket.objects.create()
        basket.strategy = Selector().strategy()
        basket.add_product(self.product)
        basket.vouchers.add(self.voucher)
        session = SessionStore()
        checkout = CheckoutSessionData(SimpleNamespace(session=session))
        checkout.set_guest_email(self.email)
        checkout.pay_by("vipps")
        if basket.is_shipping_required():
            checkout.ship_to_new_address({**ADDRESS, "country_id": "NO"})
            checkout.use_shipping_method(Free.code)
        else:
            checkout.use_shipping_method(NoShippingRequired.code)
        session.save()
        self.shopper.take(settings.SESSION_COOKIE_NAME, session.session_key or "")
        self.shopper.take(BASKET_COOKIE, Signer().sign(basket.pk))
        return basket

    def close(self) -> None:
        for browser in (self.shopper, self.staff, self.others):
            browser.close()

    # What the shopper does

    def place_order(self, kill_at: int = 0) -> httpx.Response:
        return self.shopper.post(reverse("checkout:preview"), {"action": "place_order"}, kill_at=kill_at)

    def go_to_vipps(self, kill_at: int = 0) -> httpx.Response:
        return self.shopper.get(url_for(self.payment, "pay"), kill_at=kill_at)

    def come_back(self, kill_at: int = 0) -> httpx.Response:
        return self.shopper.get(url_for(self.payment, "return"), kill_at=kill_at)

    def cancel(self, kill_at: int = 0) -> httpx.Response:
        return self.shopper.post(url_for(self.payment, "cancel"), kill_at=kill_at)

    def look_into_basket(self) -> str:
        """The page."""
        return self.shopper.get(reverse("basket:summary")).text

    # What Stripe does

    def approve(self) -> None:
        """The shopper says yes in the Vipps app; the shop hasn't heard of it yet."""
        self.simulator.pay(self.payment.session_id or "")

    def hear(self, type: str, kill_at: int = 0) -> httpx.Response:
        """Stripe sends its only event of that type."""
        (event,) = self.simulator.events(type)
        return self._hear(event, kill_at)

    def hear_all(self) -> None:
        """Stripe sends all events that the shop listens to, once each, be it that they were answered."""
        for event in self.simulator.events():
            if event["type"] in HANDLED and event["id"] not in self._sent:
                self._sent.add(event["id"])
                self._hear(event)

    def _hear(self, event: Json, kill_at: int = 0) -> httpx.Response:
        now = int(time.time() + self.clock.ahead)
        body, signature = self.simulator.signed_event(event["id"], SECRET, timestamp=now)
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        return self.others.request(
            "POST", reverse("vipps:webhook"), content=body, headers=headers, kill_at=kill_at
        )

    # What the shopper's bank does

    def dispute(self) -> None:
        """All of it."""
        self._dispute = self.simulator.dispute(self.payment.payment_intent_id or "")

    def win(self) -> None:
        self.simulator.decide_dispute(self._dispute, "won")

    def lose(self) -> None:
        self.simulator.decide_dispute(self._dispute, "lost")

    # What time does

    def wait(self, minutes: int) -> None:
        """In the shop. At Stripe it stays now, so that sessions stay open."""
        self.clock.ahead += minutes * MINUTE

    def wait_for_the_end(self) -> None:
        """Until sessions have ended at Stripe, and the shop looks at everything again."""
        self.simulator.advance(7 * 60 * MINUTE)
        self.wait(7 * 60)

    def end_too_early(self) -> None:
        """The shop takes the payment for expired, and Stripe doesn't."""
        session = from_object(self.simulator.session(self.payment.session_id or ""))
        settle(self.payment.pk, replace(session, session_ended=True))

    def run(self, command: str, kill_at: int = 0) -> httpx.Response:
        """What cron does."""
        return self.others.request("POST", f"/run/{command}/", kill_at=kill_at)

    # What staff do, in the dashboard

    def cancel_order(self, kill_at: int = 0) -> httpx.Response:
        form = {"order_action": "change_order_status", "new_status": "Cancelled"}
        return self._press(self._order_page(), form, kill_at)

    def ship(self, kill_at: int = 0) -> httpx.Response:
        """All of it. Pressed again, Oscar takes no more than was ordered."""
        event_type, _created = ShippingEventType.objects.get_or_create(code="shipped", name="Shipped")
        (line,) = self.order.lines.all()
        form = {"line_action": "create_shipping_event", "shipping_event_type": event_type.code}
        form |= {
            "reference": "",
            "selected_line": str(line.pk),
            f"selected_line_qty_{line.pk}": str(line.quantity),
        }
        return self._press(self._order_page(), form, kill_at)

    def capture(self, kill_at: int = 0) -> httpx.Response:
        return self._press(self._action("capture"), {}, kill_at)

    def capture_many(self, kill_at: int = 0) -> httpx.Response:
        """This one, from the list."""
        page = reverse("vipps_dashboard:payment-capture-selected")
        return self._press(page, {"payment": self.payment.reference}, kill_at)

    def capture_part(self, kill_at: int = 0) -> httpx.Response:
        """The whole is captured, and what isn't kept is sent back. Pressed again, it is the same form."""
        form = {"amount": str(REFUND), "reference": self._refund_form}
        return self._press(self._action("capture-part"), form, kill_at)

    def release(self, kill_at: int = 0) -> httpx.Response:
        return self._press(self._action("release"), {}, kill_at)

    def take_back(self, kill_at: int = 0) -> httpx.Response:
        """The goods, for what was paid; they go back in stock. Pressed again, it is the same form."""
        (line,) = self.order.lines.all()
        form = {QUANTITY.format(line.pk): str(line.quantity), "returns_stock": "yes"}
        return self._press(self._action("refund"), form | {"reference": self._refund_form}, kill_at)

    def _order_page(self) -> str:
        return reverse("dashboard:order-detail", args=[self.order.number])

    def _action(self, name: str) -> str:
        return reverse(f"vipps_dashboard:payment-{name}", args=[self.payment.reference])

    def _press(self, page: str, form: dict[str, str], kill_at: int) -> httpx.Response:
        name = settings.SESSION_COOKIE_NAME
        if name not in self.staff.client.cookies:
            inside = Client()
            inside.force_login(UserFactory.create(is_staff=True, is_superuser=True))
            self.staff.take(name, inside.cookies[name].value)
        return self.staff.post(page, form, kill_at=kill_at)

    # What is there

    @property
    def order(self) -> Any:
        """None where none was placed; fails where there are two."""
        orders = list(Order.objects.filter(basket=self.basket))
        assert len(orders) <= 1
        return orders[0] if orders else None

    @property
    def payment(self) -> Payment:
        return Payment.objects.select_related("order", "source").get(order__basket=self.basket)

    def mails(self) -> int:
        """How many the shopper got, and staff about this payment."""
        sent = [file.read_text() for file in self.shop.mail.glob("*")]
        payment = Payment.objects.filter(order__basket=self.basket).first()
        address = payment and staff_mail.address_of(payment)
        to_staff = sum(text.count(f"{address}\n") for text in sent) if address else 0
        return to_staff + sum(text.count(f"To: {self.email}\n") for text in sent)
