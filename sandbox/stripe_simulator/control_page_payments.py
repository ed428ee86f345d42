"""The payments on the control page: what is shown of each, and what the buttons beside it do.

A button is there only while it makes sense. One that is pressed too late is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from . import money, staff
from .disputes import FORMAL, INQUIRIES, Reason
from .errors import NotPossible
from .pages import moment
from .simulator import Simulator
from .storage import Record

#: What the page's forms offer.
OUTCOMES = {"succeeded": "gets through", "pending": "waits at the bank", "failed": "fails at the bank"}
REASONS = {reason: reason.replace("_", " ").capitalize() for reason in get_args(Reason)}

Form = Mapping[str, str]


# What is shown


def row(simulator: Simulator, session: Record) -> dict[str, Any]:
    """A Checkout Session, its payment, and what can be done to it."""
    intent = simulator.lifecycle.intent_of(session)
    data = session.data
    return {
        "id": session.id,
        "url": data["url"],
        "reference": data["client_reference_id"],
        "amount": money.shown(data["amount_total"], data["currency"], "en"),
        "status": data["status"],
        "payment_status": data["payment_status"],
        "created": moment(data["created"]),
        "livemode": session.livemode,
        "intent": intent.data if intent else None,
        "reserved": intent is not None and intent.data["status"] == "requires_capture",
        **_captured(simulator, intent),
    }


def _captured(simulator: Simulator, intent: Record | None) -> dict[str, Any]:
    """What can be refunded and disputed now, in kroner for the forms, and what was."""
    if intent is None or intent.data["status"] != "succeeded":
        return {"refundable": None, "disputable": None, "refunds": [], "disputes": []}
    disputes = simulator.disputes
    charge = simulator.storage.need("charge", intent.data["latest_charge"])
    left = disputes.refundable(charge)
    disputable = disputes.disputable(charge)
    return {
        "refundable": money.kroner(left) if left and not disputes.block_refunds(charge) else None,
        "disputable": money.kroner(min(left, disputable) or disputable) if disputable else None,
        "refunds": [_amount_and_status(refund) for refund in simulator.refunds.of(charge)],
        "disputes": [_dispute(dispute) for dispute in disputes.of(charge)],
    }


def _amount_and_status(record: Record) -> dict[str, Any]:
    data = record.data
    amount = money.shown(data["amount"], data["currency"], "en")
    return {"id": record.id, "amount": amount, "status": data["status"]}


def _dispute(dispute: Record) -> dict[str, Any]:
    status = dispute.data["status"]
    return {
        **_amount_and_status(dispute),
        "reason": REASONS[dispute.data["reason"]],
        "is_inquiry": status in INQUIRIES,
        "is_formal": status in FORMAL,
        "answer_before": (
            moment(dispute.data["evidence_details"]["due_by"]) if status.endswith("needs_response") else None
        ),
    }


# What the buttons do. Each concerns one object, whose id is the form's value.


def act(simulator: Simulator, action: str, form: Form) -> str | None:
    """Do what a button says, and tell whose payment it was; None when it is none of these.

    Raises NotPossible or StripeError where that can't be done any more.
    """
    kind, change = _ACTIONS.get(action, (None, None))
    if kind is None or change is None:
        return None
    simulator.catch_up()
    record = simulator.storage.get(kind, form.get("value", ""))
    if record is None:
        raise NotPossible(f"There is no such {kind}.")
    with simulator.atomic():
        change(simulator, record, form)
    return record.id if kind == "payment_intent" else str(record.data["payment_intent"])


def _refund(simulator: Simulator, intent: Record, form: Form) -> None:
    staff.refund(simulator, intent, _amount(form), _choice(form, "outcome", OUTCOMES))


def _open_dispute(simulator: Simulator, intent: Record, form: Form) -> None:
    reason = _choice(form, "reason", REASONS)
    simulator.disputes.open(intent, reason, _amount(form), inquiry=form["action"] == "inquire")


def _choice(form: Form, name: str, offered: Mapping[str, str]) -> Any:
    value = form.get(name, "")
    if value not in offered:
        raise NotPossible(f"Choose one of: {', '.join(offered)}.")
    return value


def _amount(form: Form) -> int:
    try:
        return money.from_kroner(form.get("amount", ""))
    except ValueError as error:
        raise NotPossible(str(error)) from None


_Change = Callable[[Simulator, Record, Form], Any]

_ACTIONS: dict[str, tuple[str, _Change]] = {
    "capture": ("payment_intent", lambda simulator, intent, _: staff.capture(simulator, intent)),
    "cancel": ("payment_intent", lambda simulator, intent, _: staff.cancel(simulator, intent)),
    "expire_hold": ("payment_intent", lambda simulator, intent, _: simulator.lifecycle.expire_hold(intent)),
    "refund": ("payment_intent", _refund),
    "refund_succeeded": (
        "refund",
        lambda simulator, refund, _: simulator.refunds.decide(refund, "succeeded"),
    ),
    "refund_failed": ("refund", lambda simulator, refund, _: simulator.refunds.decide(refund, "failed")),
    "refund_canceled": ("refund", lambda simulator, refund, _: simulator.refunds.decide(refund, "canceled")),
    "dispute": ("payment_intent", _open_dispute),
    "inquire": ("payment_intent", _open_dispute),
    "dispute_answered": ("dispute", lambda simulator, dispute, _: simulator.disputes.answer(dispute)),
    "dispute_escalated": ("dispute", lambda simulator, dispute, _: simulator.disputes.escalate(dispute)),
    "dispute_won": ("dispute", lambda simulator, dispute, _: simulator.disputes.decide(dispute, "won")),
    "dispute_lost": ("dispute", lambda simulator, dispute, _: simulator.disputes.decide(dispute, "lost")),
    "dispute_closed": ("dispute", lambda simulator, dispute, _: simulator.disputes.decide(dispute, "closed")),
}
