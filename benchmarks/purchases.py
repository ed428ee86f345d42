"""Payments to measure with: one that a shopper begins, with the simulator as Stripe, and any number like it.

Runs where Django is set up, on the database that is measured.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from oscar.core.loading import get_model

from benchmarks import seeds
from benchmarks.load import Request
from oscar_vipps.models import Payment
from stripe_simulator.webhooks import signature
from tests.support.factories import CountryFactory, ProductFactory
from tests.support.shopper import Shopper
from tests.support.simulator import Simulator

Line = get_model("order", "Line")
Order = get_model("order", "Order")
Source = get_model("payment", "Source")

SECRET = "whsec_for_the_benchmarks"
COMPLETED, SUCCEEDED = "checkout.session.completed", "payment_intent.succeeded"
#: What stands for the payment's own name in what is copied.
TAIL = "0thepayment0"


def tail(number: int) -> str:
    """The name of that payment: its reference, and what its ids at Stripe end with."""
    return f"bench{number:012d}"


def tail_in_sql(number: str) -> str:
    """The same as an expression, of an expression."""
    return f"'bench' || substr(CAST(1000000000000 + {number} AS varchar), 2)"


def order_number(number: int) -> str:
    return str(10_000_000 + number)


@dataclass(frozen=True)
class Purchase:
    """A payment that waits for the shopper, and what Stripe tells when it is paid."""

    payment: Payment
    #: Type -> the event as Stripe sends it, with ``TAIL`` in its ids.
    events: dict[str, str]
    #: Kind, as in an address of the API -> the object, likewise, and its id.
    objects: dict[str, tuple[str, str]]

    def event(self, type: str, number: int, kind: str = "a") -> bytes:
        """Of that payment. ``kind`` makes another event of the same."""
        text = (
            self.events[type].replace(TAIL, tail(number)).replace("evt_bench", f"evt_{kind}{number}{type[0]}")
        )
        text = text.replace(self.payment.reference, tail(number))
        return text.replace(f'"{self.payment.order.number}"', f'"{order_number(number)}"').encode()

    def foreign(self, number: int, kind: str) -> bytes:
        """The same, of something else on the same account: nothing of ours is written on it."""
        event = json.loads(self.event(SUCCEEDED, number, kind))
        event["data"]["object"]["metadata"] = {}
        return json.dumps(event).encode()


def begin(simulator: Simulator, lines: int = 2, **keys: str) -> Purchase:
    """Place an order, go to Stripe, and pay there; the shop doesn't hear of it.

    ``keys`` go to ``OSCAR_VIPPS``, with the simulator as Stripe.
    """
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "API_BASE": simulator.url, **keys}
    CountryFactory.create()
    payment = Shopper().go_to_vipps(*(ProductFactory.create(stock=10_000_000) for _ in range(lines)))
    simulator.pay(payment.session_id or "")
    session = simulator.session(payment.session_id or "")
    intent = simulator.payment_intent(session["payment_intent"])
    charge = next(each for each in simulator.state()["charges"] if each["id"] == intent["latest_charge"])
    # As Stripe's reference shows it; the simulator has none to ask for.
    method = {
        "id": charge["payment_method"],
        "object": "payment_method",
        "billing_details": charge["billing_details"],
        "created": charge["created"],
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "vipps",
        "vipps": {},
    }
    there = {
        "checkout/sessions": session,
        "payment_intents": intent,
        "charges": charge,
        "payment_methods": method,
    }
    ids = {each["id"] for each in there.values()}

    def named(data: Any) -> str:
        text = json.dumps(data)
        for id in ids:
            text = text.replace(id, f"{id.rpartition('_')[0]}_{TAIL}")
        return text

    found = {event["type"]: event for event in simulator.events()}
    return Purchase(
        payment,
        {type: named({**event, "id": "evt_bench"}) for type, event in found.items()},
        {kind: (named(data), json.loads(named(data))["id"]) for kind, data in there.items()},
    )


def copy(
    purchase: Purchase, count: int, *, first: int | None = None, lines: bool = True, **changes: str
) -> range:
    """So many payments like it, each with its order and source; their numbers.

    ``changes`` gives columns of the payment an SQL expression.
    """
    payment = purchase.payment
    first = seeds.first_free(Payment) + 1_000 if first is None else first
    number = f"({first} + {seeds.NUMBER})"
    name = tail_in_sql(number)
    order = {"number": f"CAST({number} + 10000000 AS varchar)", "basket_id": "NULL"}
    seeds.copy(payment.order, count, first, order)
    if lines:
        for each, line in enumerate(payment.order.lines.all()):
            free = max(seeds.first_free(Line), first * payment.order.lines.count())
            seeds.copy(line, count, free + each, {"order_id": number})
    seeds.copy(payment.source, count, first, {"order_id": number, "reference": name})
    ours = {
        "reference": name,
        "order_id": number,
        "source_id": number,
        "session_id": f"'cs_test_' || {name}",
        **changes,
    }
    seeds.copy(payment, count, first, ours)
    return range(first + 1, first + count + 1)


def signed(path: str, bodies: list[bytes]) -> list[Request]:
    """As Stripe sends them, now."""
    return [
        Request(
            "POST",
            path,
            body,
            (
                ("Content-Type", "application/json; charset=utf-8"),
                ("Stripe-Signature", signature(body, [SECRET], int(time.time()))),
            ),
        )
        for body in bodies
    ]


def staff() -> Any:
    """Somebody who may see all of it."""
    return get_user_model().objects.create_superuser("staff", "staff@example.com", "staff")
