"""Stripe's objects, each with all the fields that its API shows for a payment of this kind.

Pure: facts in, dict out. That they are Stripe's is checked against Stripe's published contract in
``tests/contract``. What Stripe hasn't documented for Vipps is kept to the least that is safe to say.
"""

from __future__ import annotations

from typing import Any

from .ids import new_id, session_id
from .parameters import CreateSession, LineItem
from .types import StripeObject


def line_item(item: LineItem, *, created: int, livemode: bool) -> StripeObject:
    data = item.price_data
    total = data.unit_amount * item.quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": data.currency,
        "description": data.product_data.name,
        "metadata": item.metadata,
        "price": {
            "id": new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": created,
            "currency": data.currency,
            "custom_unit_amount": None,
            "livemode": livemode,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": new_id("prod", 14),
            "recurring": None,
            "tax_behavior": data.tax_behavior,
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": data.unit_amount,
            "unit_amount_decimal": str(data.unit_amount),
        },
        "quantity": item.quantity,
    }


def checkout_session(
    parameters: CreateSession,
    *,
    created: int,
    expires_at: int,
    livemode: bool,
    currency: str,
    total: int,
    payment_method_types: list[str],
    configuration: str | None,
    pages: str,
) -> StripeObject:
    id = session_id(livemode)
    email = parameters.customer_email
    text = parameters.custom_text
    custom_text = {
        "after_submit": {"message": text.after_submit.message} if text.after_submit else None,
        "shipping_address": None,
        "submit": {"message": text.submit.message} if text.submit else None,
        "terms_of_service_acceptance": None,
    }
    return {
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": parameters.billing_address_collection,
        "cancel_url": parameters.cancel_url,
        "client_reference_id": parameters.client_reference_id,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": custom_text,
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": _customer_details(email) if email else None,
        "customer_email": email,
        "discounts": [],
        "expires_at": expires_at,
        "invoice": None,
        "invoice_creation": None,
        "livemode": livemode,
        "locale": parameters.locale,
        "metadata": {key: value for key, value in parameters.metadata.items() if value},
        "mode": "payment",
        "origin_context": parameters.origin_context,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": (
            {"id": configuration, "parent": None} if configuration else None
        ),
        "payment_method_options": {},
        "payment_method_types": payment_method_types,
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": parameters.phone_number_collection.enabled},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": parameters.submit_type,
        "subscription": None,
        "success_url": parameters.success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{pages}/c/pay/{id}",
        "wallet_options": None,
    }


def _customer_details(email: str) -> StripeObject:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def payment_intent(
    session: StripeObject, data: dict[str, Any], *, created: int, livemode: bool
) -> StripeObject:
    """``data`` is the session's ``payment_intent_data``. A session's own metadata is not copied."""
    id = new_id("pi")
    return {
        "id": id,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": data["capture_method"],
        "client_secret": f"{id}_secret_{new_id('x', 25)[2:]}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": session["currency"],
        "customer": None,
        "description": data["description"],
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": livemode,
        "metadata": {key: value for key, value in data["metadata"].items() if value},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": list(session["payment_method_types"]),
        "processing": None,
        "receipt_email": data["receipt_email"],
        "review": None,
        "setup_future_usage": None,
        "shipping": data["shipping"],
        "statement_descriptor": data["statement_descriptor"],
        "statement_descriptor_suffix": data["statement_descriptor_suffix"],
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": data["transfer_group"],
    }


def payment_method(*, created: int, livemode: bool, email: str | None) -> StripeObject:
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing_details(email),
        "created": created,
        "customer": None,
        "livemode": livemode,
        "metadata": {},
        "type": "vipps",
        "vipps": {},
    }


def charge(
    intent: StripeObject,
    *,
    created: int,
    email: str | None,
    status: str,
    captured: bool,
) -> StripeObject:
    """A card transaction behind the PaymentIntent. What Stripe tells about Vipps in
    ``payment_method_details`` isn't documented, so nothing is told."""
    failed = status == "failed"
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": new_id("txn") if captured else None,
        "billing_details": _billing_details(email),
        "calculated_statement_descriptor": "STRIPE SIMULATOR",
        "captured": captured,
        "created": created,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": "card_declined" if failed else None,
        "failure_message": "Your card was declined." if failed else None,
        "fraud_details": {},
        "livemode": intent["livemode"],
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": {
            "network_status": "declined_by_network" if failed else "approved_by_network",
            "reason": "generic_decline" if failed else None,
            "risk_level": "normal",
            "seller_message": (
                "The bank did not return any further details with this decline."
                if failed
                else "Payment complete."
            ),
            "type": "issuer_declined" if failed else "authorized",
        },
        "paid": not failed,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {"type": "vipps", "vipps": {}},
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def _billing_details(email: str | None) -> StripeObject:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {"address": address, "email": email, "name": None, "phone": None, "tax_id": None}


def refund(
    charge: StripeObject,
    *,
    amount: int,
    created: int,
    metadata: dict[str, str],
    reason: str | None,
    status: str,
) -> StripeObject:
    data: StripeObject = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if status == "pending":
        data["pending_reason"] = "processing"
    return data


#: The fields of a dispute's evidence. The simulator shows that there is some, not what it says.
_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
    "refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date",
    "service_documentation", "shipping_address", "shipping_carrier", "shipping_date",
    "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def dispute(
    charge: StripeObject,
    *,
    amount: int,
    created: int,
    due_by: int,
    reason: str,
    status: str,
) -> StripeObject:
    """What Stripe tells about Vipps in ``payment_method_details`` isn't documented, so it is absent."""
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": charge["livemode"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": status,
    }


def dispute_balance_transaction(
    dispute: StripeObject, *, amount: int, created: int, fee: int
) -> StripeObject:
    """A withdrawal (negative, with its fee), or what is given back."""
    currency, charge = dispute["currency"], dispute["charge"]
    details = {"amount": fee, "application": None, "currency": currency, "type": "stripe_fee"}
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {charge}",
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [{**details, "description": "Dispute fee"}] if fee else [],
        "net": amount - fee,
        "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
        "source": dispute["id"],
        "status": "available",
        "type": "adjustment",
    }


def event(
    type: str,
    object: StripeObject,
    *,
    created: int,
    livemode: bool,
    api_version: str,
    request_id: str | None,
    idempotency_key: str | None,
    previous: StripeObject | None = None,
) -> StripeObject:
    data: StripeObject = {"object": object}
    if previous is not None:
        data["previous_attributes"] = previous
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": api_version,
        "created": created,
        "data": data,
        "livemode": livemode,
        "pending_webhooks": 0,
        "request": {"id": request_id, "idempotency_key": idempotency_key},
        "type": type,
    }


def webhook_endpoint(
    *,
    url: str,
    enabled_events: list[str],
    created: int,
    livemode: bool,
    api_version: str | None = None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
) -> StripeObject:
    return {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": api_version,
        "application": None,
        "created": created,
        "description": description,
        "enabled_events": enabled_events,
        "livemode": livemode,
        "metadata": metadata or {},
        "status": "enabled",
        "url": url,
    }


def account(livemode: bool) -> StripeObject:
    return {
        "id": "acct_1StripeSimulator",
        "object": "account",
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "NO",
        "default_currency": "nok",
        "details_submitted": True,
        "email": "butikk@example.no",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }
