"""A shopper pays: from the basket to the thank-you page, with everything that the order then says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.dispatch import Signal
from oscar.apps.checkout.signals import post_checkout
from oscar.apps.order.signals import order_placed
from oscar.core.loading import get_model

from oscar_vipps.models import Payment
from oscar_vipps.shop.mail import send_confirmation
from tests.support.customer import EMAIL
from tests.support.factories import ProductFactory, UserFactory, digital_product, voucher
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

Basket = get_model("basket", "Basket")
Order = get_model("order", "Order")
Source = get_model("payment", "Source")

AMOUNT = Decimal("249.00")


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic requests"])
def transactions(request: Any, shop: Shop) -> Iterator[None]:
    """Both ways in which a project may use its database."""
    before = connection.settings_dict["ATOMIC_REQUESTS"]
    connection.settings_dict["ATOMIC_REQUESTS"] = request.param
    yield
    connection.settings_dict["ATOMIC_REQUESTS"] = before


@pytest.fixture(params=["guest", "account"])
def anybody(request: Any, shop: Shop) -> Shopper:
    return Shopper() if request.param == "guest" else Shopper(UserFactory.create(email=EMAIL))


@contextmanager
def listening(signal: Signal, receiver: Any) -> Iterator[None]:
    signal.connect(receiver)
    try:
        yield
    finally:
        signal.disconnect(receiver)


def allocated(product: Any) -> int:
    return product.stockrecords.get().num_allocated or 0


def transactions_of(order: Any) -> list[tuple[str, Decimal]]:
    return [
        (found.txn_type, found.amount) for found in order.sources.get().transactions.order_by("date_created")
    ]


@pytest.mark.usefixtures("transactions")
def test_the_order_is_there_before_the_shopper_leaves(shop: Shop, anybody: Shopper, product: Any) -> None:
    """Field failure 5: whoever pays has an order."""
    placed = anybody.order(product)
    assert placed.status_code == 303
    # Stripe isn't called while the order is being placed.
    assert shop.simulator.requests() == []

    order = Order.objects.get()
    assert (order.status, order.email, order.user) == ("Pending", EMAIL, anybody.user)
    assert order.basket.status == Basket.SUBMITTED
    payment = order.vipps_payment
    assert (payment.state, payment.amount, payment.currency) == (Payment.State.CREATED, 24900, "NOK")
    source = order.sources.get()
    assert (source.source_type.code, source.currency) == ("vipps", "NOK")
    assert (source.amount_allocated, source.amount_debited, source.amount_refunded) == (0, 0, 0)
    assert not source.transactions.exists()
    assert allocated(product) == 1
    assert mail.outbox == []

    sent = anybody.open(placed.url)
    payment.refresh_from_db()
    assert (sent.status_code, sent.url) == (303, payment.session_url)
    assert sent.url.startswith(shop.simulator.url)
    assert payment.state == Payment.State.OPEN


@pytest.mark.usefixtures("transactions")
def test_an_approved_payment_ends_on_the_thank_you_page(shop: Shop, anybody: Shopper, product: Any) -> None:
    anybody.add(product, quantity=2)
    payment = anybody.go_to_vipps()
    shop.simulator.pay(payment.session_id or "")
    response = anybody.visit(payment, "return", follow=True)
    assert response.redirect_chain == [("/checkout/thank-you/", 303)]
    assert response.context["order"] == payment.order

    payment.refresh_from_db()
    order = Order.objects.get()
    assert (payment.state, payment.amount_captured, order.status) == (Payment.State.CAPTURED, 49800, "Paid")
    source = order.sources.get()
    assert (source.amount_allocated, source.amount_debited) == (2 * AMOUNT, 2 * AMOUNT)
    assert transactions_of(order) == [("Authorise", 2 * AMOUNT), ("Debit", 2 * AMOUNT)]
    events = order.payment_events.order_by("pk")
    assert [(event.event_type.name, event.amount) for event in events] == [
        ("Authorised", 2 * AMOUNT),
        ("Settled", 2 * AMOUNT),
    ]
    assert [quantity.quantity for event in events for quantity in event.line_quantities.all()] == [2, 2]
    assert [note.message for note in order.notes.all()] == ["Vipps: NOK 498.00 is paid."]
    assert [(change.old_status, change.new_status) for change in order.status_changes.all()] == [
        ("Pending", "Paid")
    ]


@pytest.mark.usefixtures("transactions")
def test_the_confirmation_is_sent_once(shop: Shop, anybody: Shopper, product: Any) -> None:
    """Field failure 4: Stripe's events and the return page bring the same news."""
    payment = anybody.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    anybody.visit(payment, "return")
    assert {answer.status_code for answer in shop.deliver() + shop.deliver()} == {200}
    anybody.visit(payment, "return")
    # Nor again by whoever looks after confirmations that may not have been sent.
    assert not send_confirmation(payment.pk)
    assert [message.to for message in mail.outbox] == [[EMAIL]]
    assert payment.order.number in mail.outbox[0].body
    assert len(transactions_of(payment.order)) == 2
    assert allocated(product) == 1


def test_the_order_is_paid_although_the_shopper_never_comes_back(
    live_shop: Shop, shopper: Shopper, product: Any
) -> None:
    """Field failure 1."""
    payment = shopper.go_to_vipps(product)
    assert live_shop.simulator.pay(payment.session_id or "")["quiet"]
    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.CAPTURED, "Paid")
    assert [message.to for message in mail.outbox] == [[EMAIL]]


def test_the_checkout_is_over_once_it_is_paid(shop: Shop, anybody: Shopper, product: Any) -> None:
    heard: list[dict[str, Any]] = []

    def receiver(**details: Any) -> None:
        heard.append(details)

    payment = anybody.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    assert anybody.client.session["checkout_data"]
    with listening(post_checkout, receiver):
        response = anybody.visit(payment, "return")
        anybody.visit(payment, "return")
    assert [(each["order"], each["response"]) for each in heard] == [(payment.order, response)]
    assert heard[0]["request"].path.endswith("/return/")
    assert heard[0]["user"] == heard[0]["request"].user
    assert anybody.client.session["checkout_data"] == {}


class Watch(logging.Handler):
    """Hears Stripe's library say that it sends a request, and looks at the database at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.in_transaction: list[bool] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "Request to Stripe api" in record.getMessage():
            self.in_transaction.append(connection.in_atomic_block)


@pytest.fixture
def watch(caplog: Any) -> Iterator[Watch]:
    caplog.set_level(logging.INFO, logger="stripe")
    found = Watch()
    logging.getLogger("stripe").addHandler(found)
    yield found
    logging.getLogger("stripe").removeHandler(found)


@pytest.mark.usefixtures("transactions")
def test_no_lock_is_held_while_stripe_is_called(
    shop: Shop, shopper: Shopper, product: Any, watch: Watch
) -> None:
    payment = shopper.go_to_vipps(product)
    shopper.visit(payment, "return")
    shopper.visit(payment, "cancel")
    shopper.press(payment, "cancel")
    # Create, retrieve twice, expire, retrieve.
    assert watch.in_transaction == [False] * 5


@pytest.mark.usefixtures("transactions")
def test_an_order_that_can_not_be_placed_leaves_nothing_behind(
    shop: Shop, anybody: Shopper, product: Any
) -> None:
    def receiver(**details: Any) -> None:
        # At this point everything is written.
        assert details["order"].lines.exists()
        raise RuntimeError("the warehouse does not answer")

    code = voucher("TEN").code
    anybody.add(product)
    anybody.add_voucher(code)
    with listening(order_placed, receiver):
        response = anybody.order()
    assert response.status_code == 200
    assert "The order could not be placed. Nothing has been charged." in response.content.decode()
    assert "the warehouse" not in response.content.decode()
    assert not Order.objects.exists()
    assert not Payment.objects.exists()
    assert not Source.objects.exists()
    assert allocated(product) == 0
    assert shop.simulator.requests() == []
    assert Basket.objects.get().status == Basket.OPEN
    assert anybody.basket_contents() == ["1 Cheese slicer", code]

    assert anybody.submit().status_code == 303
    assert Payment.objects.get().amount == 22410


@pytest.mark.usefixtures("transactions")
def test_a_voucher_that_somebody_else_used_meanwhile_stops_the_order(shop: Shop, product: Any) -> None:
    """Field failure 23, from the other side: a single-use voucher is used once."""
    code = voucher("TEN", usage="Single use").code
    late, quick = Shopper(), Shopper()
    for each in (late, quick):
        each.add(product)
        each.add_voucher(code)
    late.identify()
    late.choose()
    quick.go_to_vipps()

    response = late.submit()
    assert response.status_code == 200
    assert "Nothing has been charged." in response.content.decode()
    assert Order.objects.count() == Payment.objects.count() == 1
    assert allocated(product) == 1
    assert late.basket_titles() == ["1 Cheese slicer"]


def test_a_download_needs_no_address(shop: Shop, shopper: Shopper) -> None:
    shopper.add(digital_product(price="99.00"))
    payment = shopper.go_to_vipps()
    shop.simulator.pay(payment.session_id or "")
    assert shopper.visit(payment, "return", follow=True).redirect_chain == [("/checkout/thank-you/", 303)]
    order = Order.objects.get()
    assert (order.status, order.shipping_address) == ("Paid", None)


@pytest.mark.parametrize(
    ("capture", "digital", "reserves"),
    [
        ("automatic", False, False),
        ("manual", False, True),
        ("manual", True, True),
        ("on_shipment", False, True),
        ("on_shipment", True, False),
    ],
)
def test_when_the_money_is_taken(
    shop: Shop, shopper: Shopper, settings: Any, capture: str, digital: bool, reserves: bool
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": capture}
    product = digital_product(price="249.00") if digital else ProductFactory.create(price="249.00")
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    shopper.visit(payment, "return")

    order = Order.objects.get()
    source = order.sources.get()
    note = order.notes.get().message
    if reserves:
        assert (order.status, order.vipps_payment.state) == ("Reserved", Payment.State.AUTHORIZED)
        assert (source.amount_allocated, source.amount_debited) == (AMOUNT, 0)
        assert transactions_of(order) == [("Authorise", AMOUNT)]
        assert note == "Vipps: NOK 249.00 is reserved. It must be captured within seven days."
    else:
        assert (order.status, order.vipps_payment.state) == ("Paid", Payment.State.CAPTURED)
        assert (source.amount_allocated, source.amount_debited) == (AMOUNT, AMOUNT)
        assert note == "Vipps: NOK 249.00 is paid."
    assert len(mail.outbox) == 1


def test_a_basket_of_both_kinds_is_reserved_until_it_is_sent(
    shop: Shop, shopper: Shopper, settings: Any, product: Any
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "on_shipment"}
    payment = shopper.go_to_vipps(digital_product(price="99.00"), product)
    assert payment.capture_method == Payment.CaptureMethod.MANUAL
