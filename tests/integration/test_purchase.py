"""A shopper pays: from the basket to the thank-you page, with everything that the order then says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core import mail

from oscar_vipps.models import Payment
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper


def test_a_guest_pays_and_is_thanked(shop: Shop, shopper: Shopper, product: Any) -> None:
    payment = shopper.go_to_vipps(product)
    order = payment.order
    assert (payment.state, order.status, payment.amount) == ("open", "Pending", 24900)
    assert mail.outbox == []

    shop.simulator.pay(payment.session_id or "")
    response = shopper.visit(payment, "return", follow=True)
    assert response.redirect_chain == [("/checkout/thank-you/", 303)]

    payment.refresh_from_db()
    order.refresh_from_db()
    source = order.sources.get()
    assert (payment.state, order.status) == (Payment.State.CAPTURED, "Paid")
    assert (source.amount_allocated, source.amount_debited) == (Decimal("249.00"), Decimal("249.00"))
    assert len(mail.outbox) == 1
