"""What each request of the API does. Synchronous: nothing else happens while one of them runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import errors, listing, objects, parameters, sessions
from .errors import StripeError
from .expansion import expand
from .ids import new_id
from .lifecycle import Cause, must_be
from .simulator import Simulator
from .storage import Record
from .types import FormData, StripeObject
from .validation import validate
from .versions import ApiVersion

MAX_WEBHOOK_ENDPOINTS = 16


@dataclass(frozen=True)
class Call:
    """One authenticated request, decoded but not validated."""

    simulator: Simulator
    livemode: bool
    version: ApiVersion
    data: FormData
    cause: Cause
    id: str = ""

    def find(self, kind: str, param: str, name: str | None = None) -> Record:
        """The object whose id is in the path, if it is of this key's mode."""
        record = self.simulator.storage.get(kind, self.id)
        if record is None or record.private.get("listener"):
            raise errors.no_such(name or kind, self.id, param=param)
        if record.livemode != self.livemode:
            other = "live" if record.livemode else "test"
            raise errors.no_such(name or kind, self.id, param=param, other_mode=other)
        self.check_vipps(record)
        return record

    def check_vipps(self, record: Record) -> None:
        """Every request that involves Vipps needs the preview flag, not only the first."""
        permitted = self.version.vipps_preview or self.simulator.account.vipps_generally_available
        types = record.data.get("payment_method_types", ())
        involved = "vipps" in types or record.kind in ("charge", "dispute", "refund")
        if involved and not permitted:
            raise StripeError(
                f"The {record.kind} {record.id} involves the payment method type vipps, which is not "
                "permitted in this API version. Vipps is in private preview: send the header "
                "Stripe-Version with vipps_preview=v1."
            )

    def page(self, records: list[Record], shape: parameters.ListParameters, path: str) -> StripeObject:
        found = listing.page(records, shape, path)
        return expand(found, shape.expand, self.simulator.storage)

    def all(self, kind: str) -> list[Record]:
        return self.simulator.storage.all(kind, self.livemode)

    def answer(self, record: Record, shape: parameters.Expandable) -> StripeObject:
        return expand(record.data, shape.expand, self.simulator.storage)


Handler = Callable[[Call], StripeObject]


# Checkout Sessions


def create_session(call: Call) -> StripeObject:
    model: type[parameters.CreateSession] = parameters.CreateSessionNamingTypes
    if call.version.has_allowed_payment_method_types:
        model = parameters.CreateSessionAllowingTypes
    shape = validate(model, call.data)
    simulator = call.simulator
    session = sessions.create(
        shape,
        livemode=call.livemode,
        version=call.version,
        account=simulator.account,
        storage=simulator.storage,
        clock=simulator.clock,
        lifecycle=simulator.lifecycle,
    )
    return call.answer(session, shape)


def retrieve_session(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    return call.answer(call.find("checkout.session", "session"), shape)


def list_sessions(call: Call) -> StripeObject:
    shape = validate(parameters.ListSessions, call.data)
    found = [
        record
        for record in call.all("checkout.session")
        if (shape.payment_intent is None or record.data["payment_intent"] == shape.payment_intent)
        and (shape.status is None or record.data["status"] == shape.status)
        and (shape.customer_details is None or record.data["customer_email"] == shape.customer_details.email)
    ]
    return call.page(found, shape, "/v1/checkout/sessions")


def list_line_items(call: Call) -> StripeObject:
    shape = validate(parameters.ListParameters, call.data)
    session = call.find("checkout.session", "session")
    items = [Record(item, session.livemode) for item in session.private["line_items"]]
    return call.page(items, shape, f"/v1/checkout/sessions/{session.id}/line_items")


def expire_session(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    session = call.find("checkout.session", "session")
    status = session.data["status"]
    if status != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of `{status}`.",
            validation=False,
        )
    call.simulator.lifecycle.expire(session, call.cause)
    return call.answer(session, shape)


# PaymentIntents and charges


def retrieve_payment_intent(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    return call.answer(call.find("payment_intent", "intent"), shape)


def list_payment_intents(call: Call) -> StripeObject:
    shape = validate(parameters.ListCreated, call.data)
    return call.page(call.all("payment_intent"), shape, "/v1/payment_intents")


def update_payment_intent(call: Call) -> StripeObject:
    shape = validate(parameters.UpdatePaymentIntent, call.data)
    intent = call.find("payment_intent", "intent")
    intent.data["metadata"] = merged(intent.data["metadata"], shape.metadata)
    if shape.description is not None:
        intent.data["description"] = shape.description or None
    call.simulator.storage.save(intent)
    return call.answer(intent, shape)


def cancel_payment_intent(call: Call) -> StripeObject:
    shape = validate(parameters.CancelPaymentIntent, call.data)
    intent = call.find("payment_intent", "intent")
    if intent.data["status"] in ("requires_payment_method", "requires_action"):
        raise StripeError(
            "You cannot cancel this PaymentIntent directly, because it was created by a Checkout Session "
            "that is still open. Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
            payment_intent=intent.data,
            validation=False,
        )
    must_be(intent, "requires_capture", "canceled")
    call.simulator.lifecycle.void(intent, shape.cancellation_reason, call.cause)
    return call.answer(intent, shape)


def capture_payment_intent(call: Call) -> StripeObject:
    shape = validate(parameters.CapturePaymentIntent, call.data)
    intent = call.find("payment_intent", "intent")
    must_be(intent, "requires_capture", "captured")
    capturable = intent.data["amount_capturable"]
    if shape.amount_to_capture is not None and shape.amount_to_capture > capturable:
        raise StripeError(
            "The amount_to_capture you provided is greater than the amount capturable for this "
            "PaymentIntent.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    if shape.amount_to_capture not in (None, capturable):
        raise StripeError(
            "The payment method type vipps does not support partial capture: amount_to_capture must be the "
            "full amount.",
            param="amount_to_capture",
        )
    intent.data["metadata"] = merged(intent.data["metadata"], shape.metadata)
    call.simulator.lifecycle.capture(intent, call.cause)
    return call.answer(intent, shape)


def retrieve_charge(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    return call.answer(call.find("charge", "charge"), shape)


# Refunds


def create_refund(call: Call) -> StripeObject:
    shape = validate(parameters.CreateRefund, call.data)
    for kind, id in (("payment_intent", shape.payment_intent), ("charge", shape.charge)):
        record = call.simulator.storage.get(kind, id) if id else None
        if record is not None:
            call.check_vipps(record)
    refund = call.simulator.refunds.create(shape, call.livemode, call.cause)
    return call.answer(refund, shape)


def retrieve_refund(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    return call.answer(call.find("refund", "id"), shape)


def list_refunds(call: Call) -> StripeObject:
    shape = validate(parameters.ListRefunds, call.data)
    found = [
        record
        for record in call.all("refund")
        if shape.charge in (None, record.data["charge"])
        and shape.payment_intent in (None, record.data["payment_intent"])
    ]
    return call.page(found, shape, "/v1/refunds")


# Disputes


def retrieve_dispute(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    return call.answer(call.find("dispute", "dispute"), shape)


def list_disputes(call: Call) -> StripeObject:
    shape = validate(parameters.ListDisputes, call.data)
    found = [
        record
        for record in call.all("dispute")
        if shape.charge in (None, record.data["charge"])
        and shape.payment_intent in (None, record.data["payment_intent"])
    ]
    return call.page(found, shape, "/v1/disputes")


def close_dispute(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    dispute = call.find("dispute", "dispute")
    call.simulator.disputes.accept(dispute, call.cause)
    return call.answer(dispute, shape)


# Events and the account


def retrieve_event(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    return call.answer(call.find("event", "id"), shape)


def list_events(call: Call) -> StripeObject:
    shape = validate(parameters.ListEvents, call.data)
    wanted = [shape.type] if shape.type else shape.types
    found = [
        record
        for record in call.all("event")
        if (wanted is None or any(_type_matches(record.data["type"], pattern) for pattern in wanted))
        and (
            shape.delivery_success is None or shape.delivery_success == (not record.data["pending_webhooks"])
        )
    ]
    return call.page(found, shape, "/v1/events")


def _type_matches(type: str, pattern: str) -> bool:
    return type.startswith(pattern[:-1]) if pattern.endswith("*") else type == pattern


def retrieve_account(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    account = objects.account(call.livemode) | {"charges_enabled": call.simulator.account.charges_enabled}
    return expand(account, shape.expand, call.simulator.storage)


# Webhook endpoints


def create_webhook_endpoint(call: Call) -> StripeObject:
    shape = validate(parameters.CreateWebhookEndpoint, call.data)
    if len(_endpoints(call)) >= MAX_WEBHOOK_ENDPOINTS:
        mode = "live" if call.livemode else "test"
        raise StripeError(
            f"You have reached the maximum of {MAX_WEBHOOK_ENDPOINTS} {mode} webhook endpoints."
        )
    secret = new_id("whsec", 32)
    data = objects.webhook_endpoint(
        url=shape.url,
        enabled_events=list(shape.enabled_events),
        created=call.simulator.clock.now(),
        livemode=call.livemode,
        api_version=shape.api_version,
        description=shape.description or None,
        metadata=merged({}, shape.metadata),
    )
    record = call.simulator.storage.save(Record(data, call.livemode, {"secrets": [secret]}))
    # Shown here and never again.
    return {**call.answer(record, shape), "secret": secret}


def update_webhook_endpoint(call: Call) -> StripeObject:
    shape = validate(parameters.UpdateWebhookEndpoint, call.data)
    endpoint = call.find("webhook_endpoint", "webhook_endpoint")
    if shape.url is not None:
        endpoint.data["url"] = shape.url
    if shape.enabled_events is not None:
        endpoint.data["enabled_events"] = list(shape.enabled_events)
    if shape.disabled is not None:
        endpoint.data["status"] = "disabled" if shape.disabled else "enabled"
    if shape.description is not None:
        endpoint.data["description"] = shape.description or None
    endpoint.data["metadata"] = merged(endpoint.data["metadata"], shape.metadata)
    call.simulator.storage.save(endpoint)
    return call.answer(endpoint, shape)


def retrieve_webhook_endpoint(call: Call) -> StripeObject:
    shape = validate(parameters.Expandable, call.data)
    return call.answer(call.find("webhook_endpoint", "webhook_endpoint"), shape)


def list_webhook_endpoints(call: Call) -> StripeObject:
    shape = validate(parameters.ListParameters, call.data)
    return call.page(_endpoints(call), shape, "/v1/webhook_endpoints")


def delete_webhook_endpoint(call: Call) -> StripeObject:
    validate(parameters.Parameters, call.data)
    endpoint = call.find("webhook_endpoint", "webhook_endpoint")
    call.simulator.storage.delete(endpoint)
    return {"id": endpoint.id, "object": "webhook_endpoint", "deleted": True}


def _endpoints(call: Call) -> list[Record]:
    return [record for record in call.all("webhook_endpoint") if not record.private.get("listener")]


def merged(old: dict[str, str], new: dict[str, str] | Any) -> dict[str, str]:
    """Metadata is merged key by key; an empty value unsets its key, an empty whole unsets all."""
    if new is None:
        return old
    if new == "":
        return {}
    return {key: value for key, value in {**old, **new}.items() if value}


#: (method, path) -> handler; ``{id}`` stands for an object's id.
OPERATIONS: dict[tuple[str, str], Handler] = {
    ("POST", "/v1/checkout/sessions"): create_session,
    ("GET", "/v1/checkout/sessions"): list_sessions,
    ("GET", "/v1/checkout/sessions/{id}"): retrieve_session,
    ("GET", "/v1/checkout/sessions/{id}/line_items"): list_line_items,
    ("POST", "/v1/checkout/sessions/{id}/expire"): expire_session,
    ("GET", "/v1/payment_intents"): list_payment_intents,
    ("GET", "/v1/payment_intents/{id}"): retrieve_payment_intent,
    ("POST", "/v1/payment_intents/{id}"): update_payment_intent,
    ("POST", "/v1/payment_intents/{id}/cancel"): cancel_payment_intent,
    ("POST", "/v1/payment_intents/{id}/capture"): capture_payment_intent,
    ("GET", "/v1/charges/{id}"): retrieve_charge,
    ("POST", "/v1/refunds"): create_refund,
    ("GET", "/v1/refunds"): list_refunds,
    ("GET", "/v1/refunds/{id}"): retrieve_refund,
    ("GET", "/v1/disputes"): list_disputes,
    ("GET", "/v1/disputes/{id}"): retrieve_dispute,
    ("POST", "/v1/disputes/{id}/close"): close_dispute,
    ("GET", "/v1/events"): list_events,
    ("GET", "/v1/events/{id}"): retrieve_event,
    ("GET", "/v1/account"): retrieve_account,
    ("POST", "/v1/webhook_endpoints"): create_webhook_endpoint,
    ("GET", "/v1/webhook_endpoints"): list_webhook_endpoints,
    ("GET", "/v1/webhook_endpoints/{id}"): retrieve_webhook_endpoint,
    ("POST", "/v1/webhook_endpoints/{id}"): update_webhook_endpoint,
    ("DELETE", "/v1/webhook_endpoints/{id}"): delete_webhook_endpoint,
}
