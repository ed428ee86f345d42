"""What a purchase has come to, in the shop and at Stripe; and what it may come to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oscar.core.loading import get_model

from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.money import to_decimal

from .purchase import AMOUNT, DISCOUNT, REFUND, STOCK, Purchase

ConditionalOffer = get_model("offer", "ConditionalOffer")
Line = get_model("basket", "Line")
ShippingEventQuantity = get_model("order", "ShippingEventQuantity")
StockRecord = get_model("partner", "StockRecord")

Outcome = dict[str, Any]

NOTHING = Decimal("0.00")
NO_ORDER = (None, None)


@dataclass(frozen=True)
class End:
    """An end that a purchase may come to. Amounts are what the books say has happened to the money."""

    #: Of the order, and of its payment.
    status: str | None
    state: str | None
    reserved: Decimal = NOTHING
    taken: Decimal = NOTHING
    given_back: Decimal = NOTHING
    #: Whether the order has the voucher, and whether it has the goods.
    keeps: bool = False
    is_taken_back: bool = False
    #: Whether the goods are marked as sent.
    is_sent: bool = False
    #: What Stripe calls the dispute about all that was taken, and whether the bank has the money.
    dispute: str = ""
    is_withdrawn: bool = False
    #: Whether the shopper has the goods in another basket.
    is_returned: bool = False
    #: Whether the shopper was sent a confirmation.
    is_confirmed: bool = False
    #: How many notes tell staff what has happened to the money.
    notes: int = 1

    @property
    def mails(self) -> int:
        """A confirmation, one about money that went back, and one to staff about a dispute."""
        return self.is_confirmed + bool(self.given_back) + bool(self.dispute)


def _reserved(status: str, state: str, **more: Any) -> End:
    return End(status, state, reserved=AMOUNT, is_confirmed=True, **more)


def _disputed(status: str, dispute: str, **more: Any) -> End:
    return _reserved(status, "captured", taken=AMOUNT, keeps=True, dispute=dispute, **more)


NOT_ORDERED = End(*NO_ORDER)
EXPIRED = End("Expired", "expired")
CANCELLED = End("Cancelled", "cancelled")
CANCELLED_WITH_BASKET = End("Cancelled", "cancelled", is_returned=True)
PAID = _reserved("Paid", "captured", taken=AMOUNT, keeps=True)
RESERVED = _reserved("Reserved", "authorized", keeps=True)
CAPTURED = _reserved("Paid", "captured", taken=AMOUNT, keeps=True, notes=2)
KEPT_IN_PART = _reserved("Partly refunded", "captured", taken=AMOUNT, given_back=REFUND, keeps=True, notes=3)
SENT = _reserved("Paid", "captured", taken=AMOUNT, keeps=True, is_sent=True, notes=2)
TAKEN_BACK = _reserved(
    "Refunded",
    "captured",
    taken=AMOUNT,
    given_back=AMOUNT,
    keeps=True,
    is_taken_back=True,
    notes=2,
)
DISPUTED = _disputed("Disputed", "needs_response", is_withdrawn=True, notes=3)
WON = _disputed("Paid", "won", notes=5)
LOST = _disputed("Disputed", "lost", is_withdrawn=True, notes=4)
RELEASED = _reserved("Cancelled", "cancelled", notes=2)
#: Of an order that had ended when the money came: the end is a note, the money, and that it went back.
SENT_BACK = End("Expired", "expired", reserved=AMOUNT, taken=AMOUNT, given_back=AMOUNT, notes=3)
RELEASED_LATE = End("Expired", "expired", reserved=AMOUNT, notes=3)


def outcome(purchase: Purchase) -> Outcome:
    """All that may be lost, or come twice."""
    return {**_of_order(purchase), **_of_basket(purchase), "at Stripe": _at_stripe(purchase)}


def expected(end: End) -> Outcome:
    """The outcome that this end is."""
    used = int(end.keeps)
    return {
        "end": (end.status, end.state),
        **(_expected_of_order(end) if end.status else {}),
        "basket": ("Submitted" if end.status else "Open", [1]),
        "other baskets": [("Open", 1)] * end.is_returned,
        "stock": (STOCK, 0 if end.is_taken_back else used),
        "voucher": (used, DISCOUNT * used, used),
        "offer": (used, used, DISCOUNT * used),
        "at Stripe": {
            "reserved": AMOUNT if end.state == "authorized" else NOTHING,
            "taken": end.taken,
            "given back": end.given_back,
            "withdrawn": AMOUNT if end.is_withdrawn else NOTHING,
            "open sessions": [],
            "sessions that the shop doesn't know": [],
        },
    }


def _expected_of_order(end: End) -> Outcome:
    books = (end.reserved, end.taken, end.given_back)

    def entries(*names: str) -> list[tuple[str, Decimal]]:
        return [(name, amount) for name, amount in zip(names, books) if amount]

    disputed = [("Dispute", AMOUNT), ("Dispute", -AMOUNT)] if end.dispute else []
    return {
        "books": books,
        "entries": [*entries("Authorise", "Debit", "Refund"), *disputed[: 1 if end.is_withdrawn else 2]],
        "payment events": [
            *entries("Authorised", "Settled", "Refunded"),
            *[("Disputed", amount) for _type, amount in disputed[:1]],
        ],
        "refunds": [(end.given_back, "succeeded")] if end.given_back else [],
        "disputes": [(AMOUNT, end.dispute)] if end.dispute else [],
        "disputed": AMOUNT if end.is_withdrawn else NOTHING,
        "sent": int(end.is_sent),
        "notes": end.notes,
        "flags": ["disputed"] if end.is_withdrawn else [],
        "events left": [],
    }


def _of_order(purchase: Purchase) -> Outcome:
    order = purchase.order
    if order is None:
        return {"end": NO_ORDER}
    payment = purchase.payment
    source = payment.source
    done = [WebhookEvent.Status.PROCESSED, WebhookEvent.Status.IGNORED]
    quantities = ShippingEventQuantity.objects
    told = order.notes.filter(message__startswith="Vipps:").exclude(message__contains="asked Stripe")
    return {
        "end": (order.status, payment.state),
        "books": (source.amount_allocated, source.amount_debited, source.amount_refunded),
        "entries": list(source.transactions.order_by("pk").values_list("txn_type", "amount")),
        "payment events": list(order.payment_events.order_by("pk").values_list("event_type__name", "amount")),
        "refunds": [(to_decimal(refund.amount), refund.status) for refund in payment.refunds.all()],
        "disputes": [(to_decimal(dispute.amount), dispute.status) for dispute in payment.disputes.all()],
        "disputed": to_decimal(payment.amount_disputed),
        "sent": sum(quantities.filter(event__order=order).values_list("quantity", flat=True)),
        "notes": told.count(),
        "flags": list(payment.flags.filter(resolved_at=None).values_list("reason", flat=True)),
        "events left": list(WebhookEvent.objects.exclude(status__in=done).values_list("type", "reason")),
    }


def _of_basket(purchase: Purchase) -> Outcome:
    basket, voucher = purchase.basket, purchase.voucher
    basket.refresh_from_db()
    voucher.refresh_from_db()
    others = Line.objects.filter(product=purchase.product).exclude(basket=basket)
    record = StockRecord.objects.get(product=purchase.product)
    offer = ConditionalOffer.objects.get(vouchers=voucher)
    return {
        "basket": (basket.status, list(basket.lines.values_list("quantity", flat=True))),
        "other baskets": list(others.values_list("basket__status", "quantity")),
        "stock": (record.num_in_stock, record.num_allocated or 0),
        "voucher": (voucher.num_orders, voucher.total_discount, voucher.applications.count()),
        "offer": (offer.num_applications, offer.num_orders, offer.total_discount),
    }


def _at_stripe(purchase: Purchase) -> Outcome:
    """Of everything there, since nobody else pays meanwhile."""
    state = purchase.simulator.state()
    known = set(Payment.objects.values_list("session_id", flat=True))
    sessions = {session["id"]: session["status"] for session in state["sessions"]}
    return {
        "reserved": _sum(state["payment_intents"], "amount_capturable"),
        "taken": _sum(state["payment_intents"], "amount_received"),
        "given back": _sum(state["refunds"], "amount"),
        "withdrawn": -sum(_sum(dispute["balance_transactions"], "amount") for dispute in state["disputes"]),
        "open sessions": [session for session, status in sessions.items() if status == "open"],
        "sessions that the shop doesn't know": [*sessions.keys() - known],
    }


def _sum(found: list[Any], name: str) -> Decimal:
    return to_decimal(sum(each[name] for each in found))
