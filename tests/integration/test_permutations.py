"""``settle`` is idempotent and indifferent to order: whatever happens to Stripe's events on their way, the
shop's database says the same in the end.

Each life of a payment is lived once at the simulator, with nobody listening. What Stripe told is then heard
in every order, and each piece of news twice; between one order and the next all is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from oscar_vipps import signals
from oscar_vipps.gateway import client
from oscar_vipps.gateway.events import HANDLED, facts
from oscar_vipps.gateway.snapshot import Snapshot, from_event, from_object
from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from tests.integration.books import Books, books, differences, mails
from tests.simulator.orders import client_for
from tests.support.customer import EMAIL
from tests.support.factories import voucher
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

Act = Callable[[Shop, Payment], None]

MINUTE, DAY = 60, 24 * 3600


# What happens at Stripe


def approve(shop: Shop, payment: Payment) -> None:
    shop.simulator.pay(payment.session_id or "")


def decline(shop: Shop, payment: Payment) -> None:
    shop.simulator.pay(payment.session_id or "", "fail")


def begin(shop: Shop, payment: Payment) -> None:
    shop.simulator.pay(payment.session_id or "", "start")


def expire(shop: Shop, payment: Payment) -> None:
    client_for(shop.simulator).v1.checkout.sessions.expire(payment.session_id or "")


def capture(shop: Shop, payment: Payment) -> None:
    client_for(shop.simulator).v1.payment_intents.capture(shop.session(payment)["payment_intent"])


def release(shop: Shop, payment: Payment) -> None:
    client_for(shop.simulator).v1.payment_intents.cancel(shop.session(payment)["payment_intent"])


def wait(seconds: int) -> Act:
    def pass_time(shop: Shop, payment: Payment) -> None:
        shop.simulator.advance(seconds)

    return pass_time


@dataclass(frozen=True)
class Life:
    name: str
    acts: tuple[Act, ...]
    #: What the handled events are, in their natural order.
    told: str
    #: What the payment and its order come to, and how many mails were sent.
    end: tuple[str, str, int]
    manual: bool = False
    given_up: bool = False

    def __str__(self) -> str:
        return self.name


LIVES = [
    Life("paid", (approve,), "succeeded completed", ("captured", "Paid", 1)),
    Life(
        "reserved",
        (approve,),
        "amount_capturable_updated completed",
        ("authorized", "Reserved", 1),
        manual=True,
    ),
    Life(
        "reserved, then captured",
        (approve, capture),
        "amount_capturable_updated completed succeeded",
        ("captured", "Paid", 1),
        manual=True,
    ),
    Life(
        "declined, then paid",
        (decline, approve),
        "payment_failed succeeded completed",
        ("captured", "Paid", 1),
    ),
    Life(
        "not answered in time, then paid",
        (begin, wait(6 * MINUTE), approve),
        "payment_failed succeeded completed",
        ("captured", "Paid", 1),
    ),
    Life("never begun, expired", (wait(40 * MINUTE),), "expired", ("expired", "Expired", 0)),
    Life(
        "declined, then expired",
        (decline, wait(40 * MINUTE)),
        "payment_failed canceled expired",
        ("expired", "Expired", 0),
    ),
    Life(
        "cancelled by the shopper",
        (begin, expire),
        "canceled expired",
        ("cancelled", "Cancelled", 0),
        given_up=True,
    ),
    Life(
        "reserved, then released",
        (approve, release),
        "amount_capturable_updated completed canceled",
        ("cancelled", "Cancelled", 1),
        manual=True,
    ),
    Life(
        "reserved, then lapsed",
        (approve, wait(8 * DAY)),
        "amount_capturable_updated completed canceled",
        ("cancelled", "Cancelled", 1),
        manual=True,
    ),
]
BY_NAME = {life.name: life for life in LIVES}


# How it is heard here


@dataclass(frozen=True)
class Told:
    """What Stripe told of a life, and the payment that is to hear it."""

    payment: Payment
    opened: Snapshot
    events: list[Snapshot]
    #: What Stripe says when it is asked in the end, as the reconciler asks.
    asked: Snapshot
    capture_on_commit: Callable[..., AbstractContextManager[Any]]

    def hear(self, news: Iterable[Snapshot]) -> Books:
        """What the shop says after these news; then all of it is undone."""
        sent: list[str] = []
        mail.outbox.clear()
        with transaction.atomic(), listening(sent):
            for snapshot in news:
                with self.capture_on_commit(execute=True):
                    settle(self.payment.pk, snapshot)
            found = {**books(self.payment), "mails": mails(), "signals": sent}
            transaction.set_rollback(True)
        return found


@contextmanager
def listening(sent: list[str]) -> Iterator[None]:
    """Adds the name of each signal that is sent."""
    with ExitStack() as receivers:
        for name, signal in vars(signals).items():
            if isinstance(signal, Signal):

                def receive(name: str = name, **kwargs: Any) -> None:
                    sent.append(name)

                signal.connect(receive, weak=False)
                receivers.callback(signal.disconnect, receive)
        yield


def all_twice_in_every_order(news: Sequence[Snapshot]) -> Iterator[Sequence[Snapshot]]:
    for order in sorted(set(permutations([*range(len(news))] * 2))):
        yield [news[number] for number in order]


def in_every_order_and_then_again(news: Sequence[Snapshot]) -> Iterator[Sequence[Snapshot]]:
    for order in permutations(news):
        yield [*order, *order]


Figure = Callable[[str, int], None]
HEARD = "orders in which the events of a life were heard"
Live = Callable[[Life], Told]


@pytest.fixture
def live(shop: Shop, product: Any, settings: Any, django_capture_on_commit_callbacks: Any) -> Live:
    """Lives a life at the simulator, and takes the payment back to when nothing was heard yet."""
    voucher(usage="Multi-use")

    def lived(life: Life) -> Told:
        settings.OSCAR_VIPPS = {
            **settings.OSCAR_VIPPS,
            "CAPTURE": "manual" if life.manual else "automatic",
        }
        shopper = Shopper()
        shopper.add(product, 2)
        shopper.add_voucher("TEN")
        placed = shopper.order()
        row = Payment.objects.filter(pk=Payment.objects.latest("pk").pk)
        before = row.values().get()
        shopper.client.get(placed.url)

        payment, earlier = row.get(), len(shop.simulator.events())
        opened = from_object(client.retrieve_session(payment.session_id or ""))
        for act in life.acts:
            act(shop, payment)
        told = [event for event in shop.simulator.events()[earlier:] if event["type"] in HANDLED]
        assert [event["type"].rpartition(".")[2] for event in told] == life.told.split()

        asked = from_object(client.retrieve_session(payment.session_id or ""))

        row.update(**before)
        if life.given_up:
            row.update(cancel_requested_at=timezone.now())
        news = [from_event(event["type"], facts(event)) for event in told]
        return Told(row.get(), opened, news, asked, django_capture_on_commit_callbacks)

    return lived


CONFIRMATION = ("mails", "payment.confirmation_claimed_at", "payment.confirmation_sent_at")


def position(order: Sequence[Snapshot], is_it: Callable[[Snapshot], object]) -> int:
    """Where it comes first in the order; behind everything where it doesn't come."""
    return next((number for number, each in enumerate(order) if is_it(each)), len(order))


def check(told: Told, order: Sequence[Snapshot], expected: Books) -> None:
    found = told.hear(order)
    different = differences(expected, found)
    # All is the same but a confirmation, which can't be called back when its order is cancelled later, and
    # isn't sent when that is known already.
    assert {name: two for name, two in different.items() if name not in CONFIRMATION} == {}, order
    money = position(order, lambda each: each.amount_authorized)
    is_confirmed = money < position(order, lambda each: each.released)
    assert found["mails"] == [EMAIL] * is_confirmed, order


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_events_in_any_order_and_twice_end_as_the_natural_order_does(
    live: Live, life: Life, figure: Figure
) -> None:
    told = live(life)
    expected = told.hear([told.opened, *told.events])
    assert (expected["payment"]["state"], expected["status"], len(expected["mails"])) == life.end
    orders = list(all_twice_in_every_order(told.events))
    for order in orders:
        check(told, [told.opened, *order], expected)
    figure(HEARD, len(orders))


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_events_that_overtake_the_answer_about_the_session_end_as_the_natural_order_does(
    live: Live, life: Life, figure: Figure
) -> None:
    told = live(life)
    news = [told.opened, *told.events]
    expected = told.hear(news)
    orders = list(in_every_order_and_then_again(news))
    for order in orders:
        check(told, order, expected)
    figure(HEARD, len(orders))


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_whatever_is_lost_and_then_reconciled_ends_as_the_natural_order_does(
    live: Live, life: Life, figure: Figure
) -> None:
    told = live(life)
    expected = told.hear([told.opened, *told.events])
    news = [told.opened, *told.events]
    for size in range(len(news) + 1):
        for heard in combinations(news, size):
            check(told, [*heard, told.asked, told.asked], expected)
    figure("sets of events that were lost and then reconciled", 2 ** len(news))


# Money that comes after the end


@pytest.mark.parametrize("manual", [False, True], ids=["captured", "reserved, then captured"])
def test_money_and_an_end_that_exclude_each_other_end_as_the_first_of_them_says(
    live: Live, shop: Shop, settings: Any, manual: bool
) -> None:
    """Goods that were promised stay promised, and what comes after the end is late. The books say the same of
    the money in both cases."""
    paid = live(BY_NAME["reserved, then captured" if manual else "paid"])
    expired = live(replace(BY_NAME["never begun, expired"], manual=manual))
    end = expired.events
    # As if it were of this payment. What its session says is left out: one session doesn't do both.
    money = [
        replace(each, payment=end[0].payment, order=end[0].order)
        for each in paid.events
        if each.session_id is None
    ]
    # So that late money can't be sent back, which is done once and not in every order.
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0}
    shop.simulator.fault("error", "/v1/", "POST", status=503, count=10_000)
    late = expired.hear([expired.opened, *end, *money])
    in_time = expired.hear([expired.opened, *money, *end])
    assert (late["payment"]["state"], late["status"], late["mails"]) == ("expired", "Expired", [])
    assert (in_time["payment"]["state"], in_time["status"], in_time["mails"]) == ("captured", "Paid", [EMAIL])
    assert [reason for reason, _detail in late["flags"]] == ["late_payment"]
    assert in_time["flags"] == []
    for part in ("source", "transactions", "payment events"):
        assert late[part] == in_time[part]

    for order in all_twice_in_every_order([*end, *money]):
        is_late = order[0].session_ended
        found = expired.hear([expired.opened, *order])
        assert differences(late if is_late else in_time, found) == {}, order
