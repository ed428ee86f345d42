"""What happens to a payment, whoever makes it happen: the shopper, the shop's API call, or time.

A Checkout Session is ``open`` until it is ``complete`` or ``expired``. Its PaymentIntent is made when
the shopper first chooses to pay:

    requires_payment_method -> requires_action (the Vipps page, five minutes)
    requires_action -> succeeded, or requires_capture (manual capture, seven days)
    requires_action -> requires_payment_method (declined, or no answer): the session stays open
    requires_capture -> succeeded (captured), or canceled
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import objects
from .clock import Clock
from .errors import NotPossible, StripeError
from .ids import new_id
from .storage import Record, Storage
from .types import StripeObject
from .versions import ACCOUNT_VERSION
from .webhooks import Webhooks

#: The shopper must act within five minutes.
APPROVAL_SECONDS = 5 * 60
#: A reservation lasts seven days.
HOLD_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Cause:
    """The API request behind an event, if there is one."""

    request_id: str | None = None
    idempotency_key: str | None = None


#: The shopper or time, not a request of the shop.
NOBODY = Cause()


class Lifecycle:
    def __init__(self, storage: Storage, clock: Clock, webhooks: Webhooks, public_url: str) -> None:
        self._storage = storage
        self._clock = clock
        self._webhooks = webhooks
        self.public_url = public_url

    # The shopper

    def start_payment(self, session: Record) -> Record:
        """Pay with Vipps was pressed: the PaymentIntent waits for an answer on Vipps' page."""
        intent = self.intent_of(session)
        now = self._clock.now()
        if intent is None:
            data = objects.payment_intent(
                session.data,
                session.private["payment_intent_data"],
                created=now,
                livemode=session.livemode,
            )
            intent = Record(data, session.livemode, {"session": session.id})
            session.data["payment_intent"] = intent.id
            self._storage.save(session)
            self._storage.save(intent)
            self.emit("payment_intent.created", intent.data)
        elif intent.data["status"] == "requires_action":
            return intent
        method = objects.payment_method(created=now, livemode=session.livemode, email=_email(session))
        self._storage.save(Record(method, session.livemode))
        intent.data.update(
            status="requires_action",
            payment_method=method["id"],
            last_payment_error=None,
            next_action={
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "url": f"{self.public_url}/vipps/test/{intent.id}?attempt={method['id']}",
                    "return_url": session.data["url"],
                },
            },
        )
        intent.due = self._clock.exact() + APPROVAL_SECONDS
        self._storage.save(intent)
        self.emit("payment_intent.requires_action", intent.data)
        return intent

    def authorize(self, intent: Record) -> Record:
        """The payment was approved in the app. Returns the ``checkout.session.completed`` event."""
        session = self.session_of(intent)
        manual = intent.data["capture_method"] == "manual"
        charge = self._new_charge(intent, session, status="succeeded", captured=not manual)
        amount = intent.data["amount"]
        intent.data.update(
            status="requires_capture" if manual else "succeeded",
            next_action=None,
            latest_charge=charge.id,
            amount_capturable=amount if manual else 0,
            amount_received=0 if manual else amount,
        )
        intent.due = self._clock.exact() + HOLD_SECONDS if manual else None
        self._storage.save(intent)
        # Not documented: payment_status of a session whose payment is only reserved. "unpaid" is what
        # its name says.
        session.data.update(status="complete", payment_status="unpaid" if manual else "paid", url=None)
        session.due = None
        self._storage.save(session)
        self.emit("charge.succeeded", charge.data)
        name = "payment_intent.amount_capturable_updated" if manual else "payment_intent.succeeded"
        self.emit(name, intent.data)
        return self.emit("checkout.session.completed", session.data)

    def decline(self, intent: Record) -> None:
        """The card behind Vipps was declined: the session stays open for another try."""
        session = self.session_of(intent)
        charge = self._new_charge(intent, session, status="failed", captured=False)
        error = {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "generic_decline",
            "doc_url": "https://docs.stripe.com/error-codes/card-declined",
            "message": "Your card was declined.",
            "charge": charge.id,
        }
        intent.data["latest_charge"] = charge.id
        self.emit("charge.failed", charge.data)
        self._detach(intent, error)

    def _detach(self, intent: Record, error: StripeObject) -> None:
        """The PaymentMethod leaves the PaymentIntent, which waits for the next try."""
        method = self._storage.need("payment_method", intent.data["payment_method"])
        intent.data.update(
            status="requires_payment_method",
            payment_method=None,
            next_action=None,
            last_payment_error={**error, "payment_method": method.data},
        )
        intent.due = None
        self._storage.save(intent)
        self.emit("payment_intent.payment_failed", intent.data)

    def _new_charge(self, intent: Record, session: Record, *, status: str, captured: bool) -> Record:
        data = objects.charge(
            intent.data,
            created=self._clock.now(),
            email=_email(session),
            status=status,
            captured=captured,
        )
        return self._storage.save(Record(data, intent.livemode))

    # The shop

    def expire(self, session: Record, cause: Cause = NOBODY) -> None:
        """By the shop or by time. Not documented: expiring while an approval is pending. Here it
        takes the PaymentIntent along, so an approval that comes later finds nothing."""
        session.data.update(status="expired", url=None)
        session.due = None
        self._storage.save(session)
        intent = self.intent_of(session)
        if intent is not None and intent.data["status"] not in ("succeeded", "canceled"):
            self._cancel(intent, "expired", cause)
        self.emit("checkout.session.expired", session.data, cause)

    def capture(self, intent: Record, cause: Cause) -> None:
        amount = intent.data["amount"]
        charge = self._storage.need("charge", intent.data["latest_charge"])
        charge.data.update(captured=True, amount_captured=amount, balance_transaction=new_id("txn"))
        self._storage.save(charge)
        intent.data.update(status="succeeded", amount_capturable=0, amount_received=amount)
        intent.due = None
        self._storage.save(intent)
        session = self.session_of(intent)
        session.data["payment_status"] = "paid"
        self._storage.save(session)
        self.emit("charge.captured", charge.data, cause)
        self.emit("payment_intent.succeeded", intent.data, cause)

    def void(
        self, intent: Record, reason: str | None, cause: Cause = NOBODY, *, lapsed: bool = False
    ) -> None:
        """Give a reservation back. The charge counts as refunded then, although nothing was taken."""
        charge = self._storage.need("charge", intent.data["latest_charge"])
        charge.data.update(amount_refunded=charge.data["amount"], refunded=True)
        self._storage.save(charge)
        self.emit("charge.expired" if lapsed else "charge.refunded", charge.data, cause)
        self._cancel(intent, reason, cause)

    def _cancel(self, intent: Record, reason: str | None, cause: Cause) -> None:
        intent.data.update(
            status="canceled",
            canceled_at=self._clock.now(),
            cancellation_reason=reason,
            next_action=None,
            amount_capturable=0,
        )
        intent.due = None
        self._storage.save(intent)
        self.emit("payment_intent.canceled", intent.data, cause)

    # The bank and time

    def expire_hold(self, intent: Record) -> None:
        """The reservation lapses, at the end of its seven days or because the bank takes it back."""
        if intent.data["status"] != "requires_capture":
            raise NotPossible(f"The payment is {intent.data['status']}: nothing is reserved.")
        self.void(intent, "automatic", lapsed=True)

    def fall_due(self, record: Record) -> None:
        """What time brings to an object at its ``due`` moment."""
        if record.kind == "checkout.session":
            self.expire(record)
        elif record.data["status"] == "requires_action":
            message = (
                "The latest payment attempt of this PaymentIntent has expired. Provide a new payment "
                "method to attempt to fulfill this PaymentIntent again."
            )
            code = "payment_intent_payment_attempt_expired"
            error = {"type": "invalid_request_error", "code": code, "message": message}
            self._detach(record, error)
        elif record.data["status"] == "requires_capture":
            self.expire_hold(record)
        else:
            record.due = None
            self._storage.save(record)

    # Bookkeeping

    def emit(
        self, type: str, data: StripeObject, cause: Cause = NOBODY, previous: dict[str, Any] | None = None
    ) -> Record:
        event = objects.event(
            type,
            data,
            created=self._clock.now(),
            livemode=self._livemode(data),
            api_version=ACCOUNT_VERSION,
            request_id=cause.request_id,
            idempotency_key=cause.idempotency_key,
            previous=previous,
        )
        record = Record(event, event["livemode"])
        self._webhooks.publish(record)
        return record

    def _livemode(self, data: StripeObject) -> bool:
        """A refund doesn't show its mode; its charge does."""
        if "livemode" in data:
            return bool(data["livemode"])
        return self._storage.need("charge", data["charge"]).livemode

    def session_of(self, intent: Record) -> Record:
        return self._storage.need("checkout.session", intent.private["session"])

    def intent_of(self, session: Record) -> Record | None:
        id = session.data["payment_intent"]
        return self._storage.need("payment_intent", id) if id else None


def must_be(record: Record, status: str, verb: str) -> None:
    """Stripe's refusal of a capture or the like in the wrong state."""
    actual = record.data["status"]
    if actual == status:
        return
    message = (
        "This PaymentIntent could not be captured because it has already been captured."
        if verb == "captured" and actual == "succeeded"
        else f"This PaymentIntent could not be {verb} because it has a status of {actual}. Only a "
        f"PaymentIntent with one of the following statuses may be {verb}: {status}."
    )
    raise StripeError(
        message, code="payment_intent_unexpected_state", payment_intent=record.data, validation=False
    )


def _email(session: Record) -> str | None:
    email: str | None = session.data["customer_email"]
    return email
