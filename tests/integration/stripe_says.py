"""What Stripe says of a payment, as ``settle`` takes it."""

from __future__ import annotations

from oscar_vipps.gateway import client
from oscar_vipps.gateway.snapshot import Snapshot, from_object
from oscar_vipps.models import Payment
from tests.support.fixtures import Shop


def at_stripe(payment: Payment) -> Snapshot:
    """What Stripe says now."""
    return from_object(client.retrieve_session(payment.session_id or ""))


def paid(shop: Shop, payment: Payment) -> Snapshot:
    shop.simulator.pay(payment.session_id or "")
    return at_stripe(payment)
