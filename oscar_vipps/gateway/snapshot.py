"""Stripe's objects, reduced to the facts that settle a payment.

It makes no difference where an object comes from: an event, an answer to a call, a search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

#: Keys of the metadata on the session and on the PaymentIntent.
PAYMENT_KEY = "oscar_vipps_payment"
ORDER_KEY = "oscar_vipps_order"
SITE_KEY = "oscar_vipps_site"
#: And on a refund that this app asked for.
REFUND_KEY = "oscar_vipps_refund"

REFUND_STATUSES = ("pending", "requires_action", "succeeded", "failed", "canceled")

#: A dispute whose status begins with ``warning`` is an inquiry.
DISPUTE_STATUSES = (
    *("warning_needs_response", "warning_under_review", "warning_closed"),
    *("needs_response", "under_review", "prevented", "won", "lost"),
)

#: Among the stored facts of an event's object: what was there and made no sense.
MALFORMED = "malformed"

StripeObject = dict[str, Any]


@dataclass(frozen=True)
class RefundSnapshot:
    """What Stripe said about one refund. ``amount`` in øre."""

    refund_id: str
    amount: int
    #: One of ``REFUND_STATUSES``.
    status: str
    failure_reason: str = ""
    #: Ours, of a refund that this app asked for.
    reference: str = ""


@dataclass(frozen=True)
class DisputeSnapshot:
    """What Stripe said about one dispute. ``amount`` in øre."""

    dispute_id: str
    amount: int
    #: One of ``DISPUTE_STATUSES``.
    status: str
    reason: str = ""
    evidence_due_at: datetime | None = None
    #: The bank has taken the money; it has given it back.
    funds_withdrawn: bool = False
    funds_reinstated: bool = False


@dataclass(frozen=True)
class Snapshot:
    """What Stripe said about one payment at one moment. Amounts in øre."""

    #: Whose payment it is, as our metadata says: reference, order number, site. None, here and below, where
    #: the object has no way to tell; empty where it could and doesn't.
    payment: str | None = ""
    order: str | None = ""
    site: str | None = ""
    livemode: bool | None = False
    currency: str = ""
    #: What the shopper is asked for.
    amount: int | None = 0

    session_id: str | None = None
    session_url: str | None = None
    session_expires_at: datetime | None = None
    #: Nobody can pay the session any more.
    session_ended: bool = False

    payment_intent_id: str | None = None
    payment_intent_created_at: datetime | None = None
    charge_id: str = ""
    amount_authorized: int = 0
    amount_captured: int = 0
    #: The PaymentIntent was cancelled: what was reserved is free again.
    released: bool = False
    #: Why the last try failed; None where the object doesn't tell.
    decline_code: str | None = None

    #: Øre that Stripe says are refunded or about to be. No more than a hint to ask for the refunds.
    amount_refunded: int = 0
    refunds: tuple[RefundSnapshot, ...] = ()
    #: No more than a hint to ask for the disputes.
    disputed: bool = False
    disputes: tuple[DisputeSnapshot, ...] = ()


def from_object(data: StripeObject) -> Snapshot:
    """Of a ``checkout.session``, ``payment_intent``, ``refund`` or ``dispute``; raises ``ValueError`` for any
    other.
    """
    kind = data.get("object")
    if kind == "checkout.session":
        return _from_session(data)
    if kind == "payment_intent":
        return _from_payment_intent(data)
    if kind == "refund":
        return _from_refund(data)
    if kind == "dispute":
        return _from_dispute(data)
    raise ValueError(f"no facts about payments are known of a {kind}")


def from_event(type: str, data: StripeObject) -> Snapshot:
    """Of the object that an event of ``type`` brought; raises ``ValueError`` where it lacks what every such
    object has.
    """
    if malformed := data.get(MALFORMED):
        raise ValueError(f"{', '.join(malformed)} can't be read")
    try:
        snapshot = from_object(data)
    except KeyError as error:
        raise ValueError(f"the object has no {error}") from error
    if snapshot.livemode is not None and "livemode" not in data:
        raise ValueError("the object has no 'livemode'")
    if type == "checkout.session.async_payment_failed":
        # The session says no more than "complete" and "unpaid", as it does of a reservation.
        return replace(snapshot, session_ended=True)
    # What these tell is in their names; the object says it in lists that aren't kept.
    if type == "charge.dispute.funds_withdrawn":
        disputes = tuple(replace(each, funds_withdrawn=True) for each in snapshot.disputes)
    elif type == "charge.dispute.funds_reinstated":
        disputes = tuple(replace(each, funds_reinstated=True) for each in snapshot.disputes)
    else:
        disputes = snapshot.disputes
    return replace(snapshot, disputes=disputes)


def _from_session(session: StripeObject) -> Snapshot:
    money = _money_of_session(session)
    return Snapshot(
        **_binding(session),
        amount=session.get("amount_total") or 0,
        session_id=session["id"],
        session_url=session.get("url"),
        session_expires_at=_moment(session.get("expires_at")),
        session_ended=_has_ended(session),
        **money,
    )


def _has_ended(session: StripeObject) -> bool:
    intent = session.get("payment_intent")
    # A session that was completed with a way to pay that takes its time, and then failed.
    failed = (
        session.get("status") == "complete" and isinstance(intent, dict) and intent["status"] == "canceled"
    )
    return failed or session.get("status") == "expired"


def _money_of_session(session: StripeObject) -> dict[str, Any]:
    intent = session.get("payment_intent")
    if isinstance(intent, dict):
        return _money(intent)
    # "paid" is said of captured money only. Not documented is what a session says whose money is
    # reserved: nothing is concluded from it, the PaymentIntent tells.
    paid = session.get("payment_status") == "paid"
    amount = session.get("amount_total") or 0
    return {
        "payment_intent_id": intent,
        "amount_authorized": amount if paid else 0,
        "amount_captured": amount if paid else 0,
    }


def _from_payment_intent(intent: StripeObject) -> Snapshot:
    return Snapshot(**_binding(intent), amount=intent["amount"], **_money(intent))


def _from_refund(refund: StripeObject) -> Snapshot:
    """A refund that somebody made in Stripe's Dashboard says whose it is by its PaymentIntent alone."""
    metadata = refund.get("metadata") or {}
    return Snapshot(
        payment=metadata.get(PAYMENT_KEY),
        order=metadata.get(ORDER_KEY),
        site=metadata.get(SITE_KEY),
        livemode=None,
        currency=(refund.get("currency") or "").upper(),
        amount=None,
        payment_intent_id=refund["payment_intent"],
        refunds=(refund_facts(refund),),
    )


def refund_facts(refund: StripeObject) -> RefundSnapshot:
    """Of a ``refund``; raises ``ValueError`` where it is in no status that Stripe documents."""
    if refund["status"] not in REFUND_STATUSES:
        raise ValueError(f"a refund is never {refund['status']!r}")
    return RefundSnapshot(
        refund_id=refund["id"],
        amount=refund["amount"],
        status=refund["status"],
        failure_reason=(refund.get("failure_reason") or "")[:64],
        reference=(refund.get("metadata") or {}).get(REFUND_KEY, ""),
    )


def _from_dispute(dispute: StripeObject) -> Snapshot:
    """Nothing of ours is written on a dispute: its PaymentIntent says whose it is."""
    return Snapshot(
        payment=None,
        order=None,
        site=None,
        livemode=bool(dispute.get("livemode")),
        currency=(dispute.get("currency") or "").upper(),
        amount=None,
        payment_intent_id=dispute["payment_intent"],
        disputes=(dispute_facts(dispute),),
    )


def dispute_facts(dispute: StripeObject) -> DisputeSnapshot:
    """Of a ``dispute``; raises ``ValueError`` where it is in no status that Stripe documents."""
    if dispute["status"] not in DISPUTE_STATUSES:
        raise ValueError(f"a dispute is never {dispute['status']!r}")
    moved = [each["amount"] for each in dispute.get("balance_transactions") or ()]
    return DisputeSnapshot(
        dispute_id=dispute["id"],
        amount=dispute["amount"],
        status=dispute["status"],
        reason=(dispute.get("reason") or "")[:64],
        evidence_due_at=_moment((dispute.get("evidence_details") or {}).get("due_by")),
        funds_withdrawn=any(amount < 0 for amount in moved),
        funds_reinstated=any(amount > 0 for amount in moved),
    )


def _binding(data: StripeObject) -> dict[str, Any]:
    metadata = data.get("metadata") or {}
    return {
        "payment": metadata.get(PAYMENT_KEY, ""),
        "order": metadata.get(ORDER_KEY, ""),
        "site": metadata.get(SITE_KEY, ""),
        "livemode": bool(data.get("livemode")),
        "currency": (data.get("currency") or "").upper(),
    }


def _money(intent: StripeObject) -> dict[str, Any]:
    status = intent["status"]
    charge = intent.get("latest_charge")
    captured = (intent.get("amount_received") or 0) if status == "succeeded" else 0
    reserved = (intent.get("amount_capturable") or 0) if status == "requires_capture" else 0
    if status == "canceled" and isinstance(charge, dict) and charge.get("status") == "succeeded":
        # A reservation that is gone again: the charge still says that there was one.
        reserved = charge.get("amount") or 0
    return {
        "payment_intent_id": intent["id"],
        "payment_intent_created_at": _moment(intent.get("created")),
        "charge_id": (charge["id"] if isinstance(charge, dict) else charge) or "",
        # What was captured was reserved before, be it for no time at all.
        "amount_authorized": max(reserved, captured),
        "amount_captured": captured,
        # Stripe also calls a reservation refunded that was released.
        "amount_refunded": (charge.get("amount_refunded") or 0)
        if captured and isinstance(charge, dict)
        else 0,
        "disputed": bool(isinstance(charge, dict) and charge.get("disputed")),
        "released": status == "canceled",
        "decline_code": _decline_code(intent),
    }


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None


def _decline_code(intent: StripeObject) -> str:
    """Empty while a try is under way, or when it went well."""
    error = intent.get("last_payment_error")
    if intent["status"] != "requires_payment_method" or not error:
        return ""
    code: str = error.get("decline_code") or error.get("code") or error.get("type") or "declined"
    return code[:64]
