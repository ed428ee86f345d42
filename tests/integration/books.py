"""All that the shop's database says about one payment, to be compared before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core import mail
from django.db import transaction
from django.db.models import DateTimeField

from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.webhooks import inbox

Books = dict[str, Any]


def books(payment: Payment) -> Books:
    """The payment, Oscar's ledger, the order with its history, stock, vouchers, offers and flags."""
    payment = Payment.objects.select_related("order", "source").get(pk=payment.pk)
    order, source = payment.order, payment.source
    return {
        "payment": {field.attname: _value(field, payment) for field in Payment._meta.concrete_fields},
        "source": (source.amount_allocated, source.amount_debited, source.amount_refunded),
        "transactions": list(
            source.transactions.order_by("pk").values_list("txn_type", "amount", "reference", "status")
        ),
        "payment events": [
            (event.event_type.name, event.amount, event.reference, _quantities(event))
            for event in order.payment_events.order_by("pk")
        ],
        "status": order.status,
        "history": list(order.status_changes.order_by("pk").values_list("old_status", "new_status")),
        "notes": list(order.notes.order_by("pk").values_list("message", "note_type")),
        "lines": [_line(line) for line in order.lines.order_by("pk")],
        "offers and vouchers": _uses(order),
        "flags": list(payment.flags.values_list("reason", "detail")),
    }


def differences(before: Books, after: Books) -> Books:
    """What changed: the name, and the values then and now."""
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    if "payment" in changed:
        changed |= {f"payment.{name}": two for name, two in differences(*changed.pop("payment")).items()}
    return changed


def mails() -> list[str]:
    """Whom the mails so far went to."""
    return [address for message in mail.outbox for address in message.to]


def hear(order: Iterable[int], capture_on_commit: Any, read: Callable[[], Books]) -> Books:
    """What ``read`` says after the stored events were processed in this order; then all of it is undone."""
    mail.outbox.clear()
    with transaction.atomic():
        for number in order:
            with capture_on_commit(execute=True):
                inbox.process(WebhookEvent.objects.get(pk=number))
        found = read()
        transaction.set_rollback(True)
    return found


def subjects() -> list[str]:
    """Of the mails so far, oldest first."""
    return [str(message.subject) for message in mail.outbox]


def _value(field: Any, payment: Payment) -> Any:
    """Of the moments at which something was done here, whether it was done; no two are the same."""
    value = getattr(payment, field.attname)
    is_ours = isinstance(field, DateTimeField) and field.name != "session_expires_at"
    return value is not None if is_ours else value


def _quantities(event: Any) -> list[int]:
    return list(event.line_quantities.order_by("line_id").values_list("quantity", flat=True))


def _line(line: Any) -> tuple[Any, ...]:
    record = line.stockrecord
    return (line.quantity, line.num_allocated, record and (record.num_in_stock, record.num_allocated))


def _uses(order: Any) -> list[tuple[Any, ...]]:
    return [
        (
            (discount.offer.num_applications, discount.offer.num_orders, discount.offer.total_discount),
            discount.voucher
            and (
                discount.voucher.num_orders,
                discount.voucher.total_discount,
                discount.voucher.applications.count(),
            ),
        )
        for discount in order.discounts.order_by("pk")
    ]
