"""The parameters of each request, as models that refuse what they don't know.

What Stripe's contract names and a model leaves out is listed as ``not_simulated``: such a parameter gets
an honest refusal, not "unknown".
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from .fields import (
    Amount,
    AsList,
    Boolean,
    Currency,
    Email,
    Integer,
    Metadata,
    NotEmpty,
    PositiveAmount,
    Quantity,
    Text,
    Timestamp,
    Url,
)

#: What Checkout can offer at all; an account has a few of them.
PaymentMethodType = Literal[
    "affirm", "alipay", "amazon_pay", "bancontact", "billie", "blik", "card", "cashapp", "eps", "ideal",
    "klarna", "link", "mobilepay", "multibanco", "p24", "paypal", "revolut_pay", "satispay", "sepa_debit",
    "swish", "twint", "vipps", "wechat_pay",
]  # fmt: skip

Locale = Literal[
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA",
    "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro",
    "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
]  # fmt: skip

EventType = Literal[
    "*", "charge.captured", "charge.dispute.closed", "charge.dispute.created",
    "charge.dispute.funds_reinstated", "charge.dispute.funds_withdrawn", "charge.dispute.updated",
    "charge.expired", "charge.failed", "charge.pending", "charge.refund.updated", "charge.refunded",
    "charge.succeeded", "charge.updated", "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded", "checkout.session.completed", "checkout.session.expired",
    "payment_intent.amount_capturable_updated", "payment_intent.canceled", "payment_intent.created",
    "payment_intent.partially_funded", "payment_intent.payment_failed", "payment_intent.processing",
    "payment_intent.requires_action", "payment_intent.succeeded", "refund.created", "refund.failed",
    "refund.updated",
]  # fmt: skip


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    #: Known to Stripe, left out here. Inner ones as ``line_items[price]``, whatever the position.
    not_simulated: ClassVar[frozenset[str]] = frozenset()


class Expandable(Parameters):
    expand: Annotated[list[Text], AsList] = []


# Checkout Sessions


class ProductData(Parameters):
    name: Text
    description: Annotated[str, StringConstraints(max_length=40000), NotEmpty] | None = None
    images: Annotated[list[Url], AsList, Field(max_length=8)] = []
    metadata: Metadata = {}
    tax_code: Text | None = None
    unit_label: Annotated[str, StringConstraints(max_length=12), NotEmpty] | None = None


class PriceData(Parameters):
    currency: Currency
    unit_amount: Amount
    product_data: ProductData
    tax_behavior: Literal["exclusive", "inclusive", "unspecified"] = "unspecified"


class LineItem(Parameters):
    price_data: PriceData
    quantity: Quantity
    metadata: Metadata = {}


class Address(Parameters):
    line1: Text
    line2: str | None = None
    city: str | None = None
    country: str | None = None
    postal_code: str | None = None
    state: str | None = None


class Shipping(Parameters):
    name: Text
    address: Address
    carrier: Text | None = None
    phone: Text | None = None
    tracking_number: Text | None = None


class PaymentIntentData(Parameters):
    capture_method: Literal["automatic", "automatic_async", "manual"] = "automatic"
    description: Annotated[str, StringConstraints(max_length=1000), NotEmpty] | None = None
    metadata: Metadata = {}
    receipt_email: Email | None = None
    shipping: Shipping | None = None
    statement_descriptor: Annotated[str, StringConstraints(max_length=22), NotEmpty] | None = None
    statement_descriptor_suffix: Annotated[str, StringConstraints(max_length=22), NotEmpty] | None = None
    transfer_group: Text | None = None


class CustomTextPosition(Parameters):
    message: Annotated[str, StringConstraints(max_length=1200), NotEmpty]


class CustomText(Parameters):
    submit: CustomTextPosition | None = None
    after_submit: CustomTextPosition | None = None


class Enabled(Parameters):
    enabled: Boolean


class CreateSession(Expandable):
    """What both forms of Checkout Session create have in common."""

    not_simulated: ClassVar[frozenset[str]] = names(
        """adaptive_pricing after_expiration allow_promotion_codes automatic_tax branding_settings
        consent_collection currency custom_fields customer customer_account customer_creation customer_update
        discounts excluded_payment_method_types integration_identifier invoice_creation managed_payments
        name_collection optional_items payment_method_collection payment_method_data payment_method_options
        permissions redirect_on_completion return_url saved_payment_method_options setup_intent_data
        shipping_address_collection shipping_options subscription_data tax_id_collection wallet_options

        custom_text[shipping_address] custom_text[terms_of_service_acceptance]
        line_items[adjustable_quantity] line_items[price] line_items[tax_rates]
        line_items[price_data][product] line_items[price_data][recurring]
        line_items[price_data][unit_amount_decimal]
        payment_intent_data[application_fee_amount] payment_intent_data[on_behalf_of]
        payment_intent_data[setup_future_usage] payment_intent_data[transfer_data]"""
    )

    mode: Literal["payment", "setup", "subscription"]
    success_url: Url
    cancel_url: Url | None = None
    line_items: Annotated[list[LineItem], AsList]
    client_reference_id: Annotated[str, StringConstraints(max_length=200), NotEmpty] | None = None
    customer_email: Email | None = None
    expires_at: Timestamp | None = None
    locale: Locale | None = None
    metadata: Metadata = {}
    payment_intent_data: PaymentIntentData = PaymentIntentData()
    payment_method_configuration: Annotated[str, StringConstraints(max_length=100), NotEmpty] | None = None
    billing_address_collection: Literal["auto", "required"] | None = None
    custom_text: CustomText = CustomText()
    origin_context: Literal["mobile_app", "web"] | None = None
    phone_number_collection: Enabled = Enabled.model_construct(enabled=False)
    submit_type: Literal["auto", "book", "donate", "pay", "subscribe"] | None = None
    ui_mode: Literal["elements", "embedded_page", "hosted_page"] = "hosted_page"

    @property
    def named_types(self) -> list[str] | None:
        """``payment_method_types``: what must be offered."""
        return None

    @property
    def allowed_types(self) -> list[str] | None:
        """``allowed_payment_method_types``: what may be offered."""
        return None


class CreateSessionNamingTypes(CreateSession):
    """Before 2026-09-30."""

    payment_method_types: Annotated[list[PaymentMethodType], AsList] | None = None

    @property
    def named_types(self) -> list[str] | None:
        return None if self.payment_method_types is None else list(self.payment_method_types)


class CreateSessionAllowingTypes(CreateSession):
    """From 2026-09-30."""

    allowed_payment_method_types: Annotated[list[PaymentMethodType], AsList] | None = None

    @property
    def allowed_types(self) -> list[str] | None:
        types = self.allowed_payment_method_types
        return None if types is None else list(types)


# PaymentIntents


class UpdatePaymentIntent(Expandable):
    not_simulated: ClassVar[frozenset[str]] = names(
        """allowed_payment_method_types amount amount_details application_fee_amount capture_method currency
        customer customer_account excluded_payment_method_types hooks payment_details payment_method
        payment_method_configuration payment_method_data payment_method_options payment_method_types
        receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix
        transfer_data transfer_group"""
    )

    metadata: Metadata | Literal[""] | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] | None = None


class CancelPaymentIntent(Expandable):
    cancellation_reason: Literal["abandoned", "duplicate", "fraudulent", "requested_by_customer"] | None = (
        None
    )


class CapturePaymentIntent(Expandable):
    not_simulated: ClassVar[frozenset[str]] = names(
        "amount_details application_fee_amount hooks payment_details transfer_data"
    )

    amount_to_capture: PositiveAmount | None = None
    final_capture: Boolean = True
    metadata: Metadata | Literal[""] | None = None
    statement_descriptor: Annotated[str, StringConstraints(max_length=22), NotEmpty] | None = None
    statement_descriptor_suffix: Annotated[str, StringConstraints(max_length=22), NotEmpty] | None = None


# Refunds


class CreateRefund(Expandable):
    not_simulated: ClassVar[frozenset[str]] = names("customer origin refund_application_fee reverse_transfer")

    payment_intent: Text | None = None
    charge: Text | None = None
    amount: PositiveAmount | None = None
    currency: Currency | None = None
    metadata: Metadata = {}
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    instructions_email: Email | None = None


# Webhook endpoints


class CreateWebhookEndpoint(Expandable):
    url: Url
    enabled_events: Annotated[list[EventType], AsList, Field(min_length=1)]
    api_version: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$")] | None = None
    connect: Boolean = False
    description: Text | Literal[""] | None = None
    metadata: Metadata | Literal[""] | None = None


class UpdateWebhookEndpoint(Expandable):
    url: Url | None = None
    enabled_events: Annotated[list[EventType], AsList, Field(min_length=1)] | None = None
    disabled: Boolean | None = None
    description: Text | Literal[""] | None = None
    metadata: Metadata | Literal[""] | None = None


# Lists


class CreatedRange(Parameters):
    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None


class ListParameters(Expandable):
    limit: Integer = 10
    starting_after: Text | None = None
    ending_before: Text | None = None


class ListCreated(ListParameters):
    created: CreatedRange | Integer | None = None


class SessionCustomer(Parameters):
    email: Text


class ListSessions(ListCreated):
    payment_intent: Text | None = None
    status: Literal["complete", "expired", "open"] | None = None
    customer_details: SessionCustomer | None = None


class ListRefunds(ListCreated):
    charge: Text | None = None
    payment_intent: Text | None = None


class ListDisputes(ListCreated):
    charge: Text | None = None
    payment_intent: Text | None = None


class ListEvents(ListCreated):
    type: Text | None = None
    types: Annotated[list[Text], AsList, Field(max_length=20)] | None = None
    delivery_success: Boolean | None = None
