"""One shop, asked to place orders: a line ``LINES ORDERS`` comes in, a line of JSON goes out.

Runs with the settings of one side. The times are those of the requests alone, in one process, so that the
statements can be counted.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import django
import stripe
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.support.customer import ADDRESS
from tests.support.statements import number_of


@dataclass
class Placed:
    """One order. Times in milliseconds."""

    ours: float = 0.0
    stripe: float = 0.0
    queries: int = 0


class TimedStripe(stripe.RequestsClient):
    """What was waited for at Stripe."""

    seconds = 0.0

    def request(self, *args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return super().request(*args, **kwargs)
        finally:
            TimedStripe.seconds += time.perf_counter() - begun


def main() -> None:
    stripe.RequestsClient = TimedStripe  # type: ignore[misc]
    django.setup()
    settings.ALLOWED_HOSTS = ["*"]
    from tests.support.factories import CountryFactory, ProductFactory

    CountryFactory.create()
    products = [ProductFactory.create(stock=10_000_000) for _ in range(100)]
    for line in sys.stdin:
        lines, orders = map(int, line.split())
        found = [asdict(place(products[:lines])) for _ in range(orders)]
        print(json.dumps(found), flush=True)


def place(products: list[Any]) -> Placed:
    """From the pressed button to where the shopper is sent: with Vipps, to Stripe."""
    with_vipps = apps.is_installed("oscar_vipps")
    client = Client()

    def post(name: str, *args: Any, **data: Any) -> Any:
        return client.post(reverse(name, args=args), data)

    post("basket:add", products[0].pk, quantity=1, action="add")
    fill(products[1:])
    post("checkout:index", username="kari@example.com", options="anonymous")
    post("checkout:shipping-address", **ADDRESS)
    client.get(reverse("checkout:shipping-method"))
    if with_vipps:
        post("checkout:payment-method", method_code="vipps")
    TimedStripe.seconds = 0.0
    with CaptureQueriesContext(connection) as captured:
        begun = time.perf_counter()
        answer = post("checkout:preview", action="place_order")
        if with_vipps:
            answer = client.get(answer.url)
        seconds = time.perf_counter() - begun
    assert answer.status_code in (302, 303), answer.content
    assert answer.url.startswith("http") == with_vipps, answer.url
    queries = number_of(each["sql"] for each in captured.captured_queries)
    return Placed((seconds - TimedStripe.seconds) * 1000, TimedStripe.seconds * 1000, queries)


def fill(products: list[Any]) -> None:
    """More lines for the basket that was begun last."""
    from oscar.core.loading import get_model

    first = get_model("basket", "Line").objects.select_related("product").latest("pk")
    for product in products:
        record = product.stockrecords.get()
        copied = {
            "pk": None,
            "product": product,
            "stockrecord": record,
            "line_reference": f"{product.pk}_{record.pk}",
        }
        for name, value in copied.items():
            setattr(first, name, value)
        first.save(force_insert=True)


if __name__ == "__main__":
    main()
