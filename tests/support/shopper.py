"""A shopper without a browser: walks through the shop's real pages with Django's test client."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse
from oscar.core.loading import get_model

from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.models import Payment
from tests.support.customer import ADDRESS, EMAIL


def personal(text: str) -> list[str]:
    """What of the shopper stands in the text, as words of their own: random ids may hold a postcode."""
    values = (EMAIL, *ADDRESS.values())
    return [value for value in values if re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", text)]


class Shopper:
    """One browser. ``user`` signs in with it; without, the shopper is a guest."""

    def __init__(self, user: Any = None, **headers: str) -> None:
        self.client = Client(headers=headers or None)
        self.user = user
        if user is not None:
            self.client.force_login(user)

    def get(self, name: str, *args: Any, **more: Any) -> Any:
        return self.client.get(reverse(name, args=args), **more)

    def post(self, name: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        return self.client.post(reverse(name), data or {}, **more)

    def open(self, address: str, *args: Any, **more: Any) -> Any:
        """Any address, such as that of a redirect."""
        return self.client.get(address, *args, **more)

    def add(self, product: Any, quantity: int = 1, **options: Any) -> Any:
        address = reverse("basket:add", args=[product.pk])
        return self.client.post(address, {"quantity": quantity, "action": "add", **options})

    def add_voucher(self, code: str) -> Any:
        return self.post("basket:vouchers-add", {"code": code})

    def fill_basket(self, product: Any, code: str) -> None:
        """With all that a basket can hold: a line with an option, and a voucher."""
        options = get_model("catalogue", "Option").objects
        option, _created = options.get_or_create(code="engraving", defaults={"name": "Engraving"})
        product.product_class.options.add(option)
        self.add(product, 2, engraving="Kari & Ola")
        self.add_voucher(code)
        # And see what the shop says to that, so that what it says later stands alone.
        self.get("basket:summary")

    def identify(self, email: str = EMAIL) -> None:
        """Say who it is, and where parcels go."""
        if self.user is None:
            self.post("checkout:index", {"username": email, "options": "anonymous"})
        self.post("checkout:shipping-address", ADDRESS)
        self.get("checkout:shipping-method")

    def choose(self, method: str = "vipps") -> Any:
        return self.post("checkout:payment-method", {"method_code": method})

    def submit(self) -> Any:
        """Press "Place order" on the preview."""
        return self.post("checkout:preview", {"action": "place_order"})

    def order(self, *products: Any, method: str = "vipps") -> Any:
        """From an empty basket to the pressed button; the answer to that."""
        for product in products:
            self.add(product)
        self.identify()
        self.choose(method)
        return self.submit()

    def go_to_vipps(self, *products: Any) -> Payment:
        """Order, and follow to Stripe's door; the payment whose session is open then."""
        placed = self.order(*products)
        assert placed.status_code == 303, placed.content
        sent = self.client.get(placed.url)
        assert sent.status_code == 303
        return Payment.objects.latest("pk")

    def visit(self, payment: Payment, name: str, **more: Any) -> Any:
        """One of the payment's pages: pay, return, cancel or status."""
        return self.client.get(url_for(payment, name), **more)

    def press(self, payment: Payment, name: str, **more: Any) -> Any:
        return self.client.post(url_for(payment, name), **more)

    def sign_in(self, user: Any, password: str) -> Any:
        """In the shop's own form, with whatever the browser's session holds."""
        form = {"login-username": user.email, "login-password": password, "login_submit": "Log in"}
        self.user = user
        return self.post("customer:login", form)

    def basket_contents(self) -> list[str]:
        """All that the basket holds: lines with their options, then vouchers."""
        basket = self.get("basket:summary").context["basket"]
        contents = []
        for line in basket.all_lines():
            options = [str(attribute.value) for attribute in line.attributes.all()]
            contents.append(" ".join([f"{line.quantity} {line.product.title}", *options]))
        return contents + ([voucher.code for voucher in basket.vouchers.all()] if basket.pk else [])

    def basket_titles(self) -> list[str]:
        """What the shopper's basket page lists."""
        basket = self.get("basket:summary").context["basket"]
        return [f"{line.quantity} {line.product.title}" for line in basket.all_lines()]


def told(response: Any) -> list[str]:
    """The messages that a page shows above its content, without Oscar's news of the basket (markup)."""
    return [str(message) for message in response.context["messages"] if "safe" not in message.tags]
