"""What placing an order took is given back when it isn't paid: stock, vouchers, offers; all of it, once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from oscar.core.loading import get_model

from oscar_vipps.gateway import client
from oscar_vipps.gateway.snapshot import from_object
from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from tests.integration.books import books, mails
from tests.support.factories import ProductFactory, UserFactory, digital_product, voucher
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper

BasketLine = get_model("basket", "Line")

Uses = tuple[int, int, Decimal]
NO_USES: Uses = (0, 0, Decimal(0))

ends = pytest.mark.parametrize("given_up", [False, True], ids=["expired", "cancelled"])


def end(payment: Payment, *, given_up: bool = False) -> Payment:
    """Its session ends, by itself or because the shopper turned back, and is heard of twice."""
    snapshot = from_object(client.retrieve_session(payment.session_id or ""))
    if given_up:
        Payment.objects.filter(pk=payment.pk).update(cancel_requested_at=timezone.now())
    for _ in range(2):
        found = settle(payment.pk, replace(snapshot, session_ended=True))
    assert found.state == ("cancelled" if given_up else "expired")
    return found


def stock(product: Any) -> tuple[int, int]:
    record = product.stockrecords.get()
    return record.num_in_stock, record.num_allocated


def uses_of_offer(offer: Any) -> Uses:
    offer.refresh_from_db()
    return offer.num_applications, offer.num_orders, offer.total_discount


def uses_of_voucher(found: Any) -> Uses:
    found.refresh_from_db()
    return found.applications.count(), found.num_orders, found.total_discount


def offer_of_the_site(name: str = "Autumn", percent: int = 10) -> Any:
    offer = voucher(name, percent).offers.get()
    offer.offer_type = "Site"
    offer.vouchers.all().delete()
    offer.save()
    return offer


# Stock


@ends
def test_stock_is_released_exactly_once(shop: Shop, shopper: Shopper, product: Any, given_up: bool) -> None:
    """Field failure 24."""
    other = Shopper()
    other.add(product, 3)
    other.go_to_vipps()
    shopper.add(product, 2)
    payment = shopper.go_to_vipps()
    assert stock(product) == (10, 5)
    end(payment, given_up=given_up)
    assert stock(product) == (10, 3)
    found = books(payment)
    assert (found["lines"], len(found["notes"]), mails()) == ([(2, 0, (10, 3))], 1, [])


def test_the_last_piece_can_be_bought_again(shop: Shop, shopper: Shopper) -> None:
    rare = ProductFactory.create(title="The last piece", stock=1)
    payment = shopper.go_to_vipps(rare)
    other = Shopper()
    other.add(rare)
    in_baskets = BasketLine.objects.filter(product=rare, basket__status="Open")
    assert not in_baskets.exists()
    end(payment)
    other.add(rare)
    assert in_baskets.count() == 1
    assert other.go_to_vipps().state == Payment.State.OPEN


@pytest.mark.parametrize("gone", ["stock record", "product"])
def test_a_line_whose_stock_record_is_gone_does_not_keep_the_others(
    shop: Shop, shopper: Shopper, product: Any, gone: str
) -> None:
    doomed = ProductFactory.create(title="Discontinued")
    payment = shopper.go_to_vipps(doomed, product)
    if gone == "product":
        doomed.delete()
    else:
        doomed.stockrecords.all().delete()
    end(payment)
    assert stock(product) == (10, 0)
    assert books(payment)["status"] == "Expired"


def test_what_was_sent_already_is_not_released(shop: Shop, shopper: Shopper, product: Any) -> None:
    shopper.add(product, 3)
    payment = shopper.go_to_vipps()
    payment.order.lines.get().consume_allocation(1)
    assert stock(product) == (9, 2)
    end(payment)
    assert stock(product) == (9, 0)


def test_what_was_released_by_somebody_else_is_not_released_again(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    Shopper().go_to_vipps(product)
    payment = shopper.go_to_vipps(product)
    payment.order.lines.get().cancel_allocation(1)
    assert stock(product) == (10, 1)
    end(payment)
    assert stock(product) == (10, 1)


def test_a_product_without_stock_has_nothing_to_release(shop: Shop, shopper: Shopper) -> None:
    payment = shopper.go_to_vipps(digital_product(title="Knitting pattern"))
    end(payment)
    assert books(payment)["status"] == "Expired"


def test_paid_orders_keep_their_stock(shop: Shop, shopper: Shopper, product: Any) -> None:
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    snapshot = from_object(client.retrieve_session(payment.session_id or ""))
    assert settle(payment.pk, replace(snapshot, session_ended=True)).state == Payment.State.CAPTURED
    assert stock(product) == (10, 1)


# Vouchers and offers


@ends
@pytest.mark.parametrize("usage", ["Single use", "Multi-use", "Once per customer"])
def test_a_voucher_can_be_used_again(shop: Shop, product: Any, usage: str, given_up: bool) -> None:
    """Field failure 23."""
    ten = voucher("TEN", usage=usage)
    offer = ten.offers.get()
    user = UserFactory.create()

    def order_with_voucher() -> Payment:
        shopper = Shopper(user)
        shopper.add(product, 2)
        shopper.add_voucher("TEN")
        return shopper.go_to_vipps()

    payment = order_with_voucher()
    used = (1, 1, Decimal("49.80"))
    assert (payment.amount, uses_of_offer(offer), uses_of_voucher(ten)) == (44820, used, used)
    if usage != "Multi-use":
        assert order_with_voucher().amount == 49800

    end(payment, given_up=given_up)
    assert (uses_of_offer(offer), uses_of_voucher(ten)) == (NO_USES, NO_USES)
    assert order_with_voucher().amount == 44820
    assert (uses_of_offer(offer), uses_of_voucher(ten)) == (used, used)


@ends
def test_the_use_of_an_offer_is_reversed(shop: Shop, product: Any, given_up: bool) -> None:
    offer = offer_of_the_site()
    payment = Shopper().go_to_vipps(product)
    assert (payment.amount, uses_of_offer(offer)) == (22410, (1, 1, Decimal("24.90")))
    end(payment, given_up=given_up)
    assert uses_of_offer(offer) == NO_USES


@pytest.mark.parametrize(
    ("limit", "value"), [("max_global_applications", 1), ("max_discount", Decimal("24.90"))]
)
@pytest.mark.parametrize("with_voucher", [False, True])
def test_an_offer_whose_limit_was_reached_is_made_again(
    shop: Shop, product: Any, with_voucher: bool, limit: str, value: Any
) -> None:
    """Oscar marks such an offer as consumed, and makes it to nobody any more."""
    offer = voucher("TEN", usage="Multi-use").offers.get() if with_voucher else offer_of_the_site()
    setattr(offer, limit, value)
    offer.save()

    def order() -> Payment:
        shopper = Shopper()
        shopper.add(product)
        if with_voucher:
            shopper.add_voucher("TEN")
        return shopper.go_to_vipps()

    payment = order()
    assert (payment.amount, order().amount) == (22410, 24900)
    end(payment)
    assert order().amount == 22410


def test_an_offer_that_somebody_suspended_stays_suspended(shop: Shop, product: Any) -> None:
    offer = offer_of_the_site()
    payment = Shopper().go_to_vipps(product)
    offer.suspend()
    end(payment)
    offer.refresh_from_db()
    assert (offer.status, uses_of_offer(offer)) == ("Suspended", NO_USES)


def test_the_uses_of_other_orders_stay(shop: Shop, product: Any) -> None:
    ten = voucher("TEN", usage="Multi-use")
    payments = []
    for quantity in (1, 2, 3):
        shopper = Shopper()
        shopper.add(product, quantity)
        shopper.add_voucher("TEN")
        payments.append(shopper.go_to_vipps())
    end(payments[1])
    left = (2, 2, Decimal("99.60"))
    assert (uses_of_voucher(ten), uses_of_offer(ten.offers.get())) == (left, left)
    assert {each.order for each in ten.applications.all()} == {payments[0].order, payments[2].order}


@pytest.mark.parametrize("gone", ["voucher", "offer", "both"])
def test_what_is_gone_needs_no_reversal(shop: Shop, shopper: Shopper, product: Any, gone: str) -> None:
    ten = voucher("TEN")
    offer = ten.offers.get()
    shopper.add(product)
    shopper.add_voucher("TEN")
    payment = shopper.go_to_vipps()
    for name, each in (("voucher", ten), ("offer", offer)):
        if gone in (name, "both"):
            each.delete()
    end(payment)
    assert stock(product) == (10, 0)
    if gone == "voucher":
        assert uses_of_offer(offer) == NO_USES
    if gone == "offer":
        assert uses_of_voucher(ten) == NO_USES


def test_counters_that_somebody_set_back_do_not_fall_below_zero(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    ten = voucher("TEN")
    offer = ten.offers.get()
    shopper.add(product)
    shopper.add_voucher("TEN")
    payment = shopper.go_to_vipps()
    type(ten).objects.update(num_orders=0, total_discount=0)
    type(offer).objects.update(num_orders=0, num_applications=0, total_discount=Decimal("0.10"))
    end(payment)
    assert (uses_of_offer(offer), uses_of_voucher(ten)) == (NO_USES, NO_USES)
