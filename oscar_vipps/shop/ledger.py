"""Oscar's books: ``Source``, ``Transaction`` and ``PaymentEvent`` follow what Stripe confirmed.

Only ever called with the payment's row locked, which is what makes reading and adding safe here: Oscar's own
``Source.allocate`` and ``debit`` know neither lock nor limit.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from oscar.core.loading import get_class, get_model

from oscar_vipps.models import Dispute, Payment, Refund
from oscar_vipps.money import to_decimal, to_ore

EventHandler = get_class("order.processing", "EventHandler")
PaymentEventType = get_model("order", "PaymentEventType")
Source = get_model("payment", "Source")
SourceType = get_model("payment", "SourceType")
Transaction = get_model("payment", "Transaction")

#: Code of the source type that orders paid with Vipps carry.
SOURCE_TYPE = "vipps"
#: ``Transaction.txn_type`` of money that a bank withdrew, beside Oscar's own.
DISPUTE = "Dispute"


def open_source(order: Any, reference: str) -> Any:
    """The order's empty ``Source``: nothing is promised before Stripe confirms it."""
    # The name isn't unique in Oscar's table, the code is.
    source_type, _created = SourceType.objects.get_or_create(code=SOURCE_TYPE, defaults={"name": "Vipps"})
    return Source.objects.create(
        order=order, source_type=source_type, currency=order.currency, reference=reference
    )


def record(payment: Payment) -> None:
    """Bring the books up to what the payment says is confirmed; what is there already isn't added again."""
    source = Source.objects.select_for_update().get(pk=payment.source_id)
    reference = payment.payment_intent_id or ""
    reserved = payment.amount_authorized - to_ore(source.amount_allocated)
    captured = payment.amount_captured - to_ore(source.amount_debited)
    everything = _everything(payment) if max(reserved, captured) > 0 else []
    if reserved > 0:
        source.allocate(to_decimal(reserved), reference=reference, status="confirmed")
        _add_event(payment, "Authorised", reserved, everything)
    if captured > 0:
        source.debit(to_decimal(captured), reference=reference, status="confirmed")
        _add_event(payment, "Settled", captured, everything)


def record_refund(payment: Payment, refund: Refund) -> None:
    """Money went back to the shopper."""
    _refund(payment, refund, refund.amount, status="confirmed")
    goods = [(each.line, each.quantity) for each in refund.lines.select_related("line")]
    _add_event(payment, "Refunded", refund.amount, goods)


def take_back_refund(payment: Payment, refund: Refund) -> None:
    """A refund that was in the books came back: a row of its own says so, and none is changed."""
    _refund(payment, refund, -refund.amount, status=refund.status)


def record_dispute(payment: Payment, dispute: Dispute) -> None:
    """The bank took the money. ``Source`` has no sum for that: a ``Transaction`` says it."""
    _dispute(payment, dispute, dispute.amount, status="withdrawn")
    _add_event(payment, "Disputed", dispute.amount)


def take_back_dispute(payment: Payment, dispute: Dispute) -> None:
    """The bank gave the money back."""
    _dispute(payment, dispute, -dispute.amount, status="reinstated")


def _refund(payment: Payment, refund: Refund, amount: int, *, status: str) -> None:
    source = Source.objects.select_for_update().get(pk=payment.source_id)
    source.refund(to_decimal(amount), reference=refund.refund_id, status=status)


def _dispute(payment: Payment, dispute: Dispute, amount: int, *, status: str) -> None:
    Transaction.objects.create(
        source_id=payment.source_id,
        txn_type=DISPUTE,
        amount=to_decimal(amount),
        reference=dispute.dispute_id,
        status=status,
    )


def _add_event(payment: Payment, name: str, amount: int, goods: Collection[tuple[Any, int]] = ()) -> None:
    """``goods``: the order lines that it is about, with quantities; none where it is about money alone."""
    event_type, _created = PaymentEventType.objects.get_or_create(name=name)
    EventHandler().create_payment_event(
        payment.order,
        event_type,
        to_decimal(amount),
        [line for line, _quantity in goods],
        [quantity for _line, quantity in goods],
        reference=payment.payment_intent_id or "",
    )


def _everything(payment: Payment) -> list[tuple[Any, int]]:
    return [(line, line.quantity) for line in payment.order.lines.all()]
