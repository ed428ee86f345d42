"""Checkout Session create: Stripe's rules beyond the parameters' types."""

from __future__ import annotations

from typing import Any

from . import money, objects
from .clock import Clock
from .errors import StripeError, missing_parameter, not_simulated
from .lifecycle import Lifecycle
from .parameters import CreateSession
from .settings import AccountSettings
from .storage import Record, Storage
from .versions import ApiVersion

MAX_LINE_ITEMS = 100
SHORTEST = 30 * 60
LONGEST = 24 * 3600
#: Stripe compares with its own clock at arrival; a few seconds on the way are forgiven.
TOLERANCE = 10

DEFAULT_CONFIGURATION = "pmc_1StripeSimulatorDefault"

_DASHBOARD = "https://dashboard.stripe.com/account/payments/settings"


def create(
    parameters: CreateSession,
    *,
    livemode: bool,
    version: ApiVersion,
    account: AccountSettings,
    storage: Storage,
    clock: Clock,
    lifecycle: Lifecycle,
) -> Record:
    if parameters.mode != "payment":
        raise not_simulated(f"mode={parameters.mode}", "mode")
    if parameters.ui_mode != "hosted_page":
        raise not_simulated(f"ui_mode={parameters.ui_mode}", "ui_mode")
    now = clock.now()
    expires_at = _expires_at(parameters, now, clock.offset)
    currency, total = _total(parameters)
    vipps_allowed = version.vipps_preview or account.vipps_generally_available
    types, configuration = _payment_method_types(parameters, currency, account, vipps_allowed)
    items = [objects.line_item(item, created=now, livemode=livemode) for item in parameters.line_items]
    session = objects.checkout_session(
        parameters,
        created=now,
        expires_at=expires_at,
        livemode=livemode,
        currency=currency,
        total=total,
        payment_method_types=types,
        configuration=configuration,
        pages=lifecycle.public_url,
    )
    private: dict[str, Any] = {
        "line_items": items,
        "payment_intent_data": parameters.payment_intent_data.model_dump(),
        "descriptions": [item.price_data.product_data.description for item in parameters.line_items],
    }
    return storage.save(Record(session, livemode, private, due=expires_at))


def _expires_at(parameters: CreateSession, now: int, clock_offset: float) -> int:
    expires_at = now + LONGEST if parameters.expires_at is None else parameters.expires_at
    # Who advanced the clock and then wonders is told.
    moved = f" (The simulator's clock is {round(clock_offset)} s ahead.)" if clock_offset >= 1 else ""
    if expires_at < now + SHORTEST - TOLERANCE:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation." + moved,
            param="expires_at",
        )
    if expires_at > now + LONGEST + TOLERANCE:
        raise StripeError(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation." + moved,
            param="expires_at",
        )
    return expires_at


def _total(parameters: CreateSession) -> tuple[str, int]:
    items = parameters.line_items
    if not items:
        raise missing_parameter("line_items")
    if len(items) > MAX_LINE_ITEMS:
        raise StripeError(
            f"You may only specify up to {MAX_LINE_ITEMS} line items, but you passed in {len(items)}.",
            param="line_items",
        )
    currencies = {item.price_data.currency for item in items}
    if len(currencies) > 1:
        raise StripeError(
            "All line items of a Checkout Session must have the same currency, but you passed in "
            f"{' and '.join(sorted(currencies))}.",
            param="line_items",
        )
    currency = currencies.pop()
    total = sum(item.price_data.unit_amount * item.quantity for item in items)
    if total < money.minimum(currency):
        least = money.english(money.minimum(currency), currency)
        raise StripeError(
            f"The Checkout Session's total amount must be at least {least} {currency}.",
            code="amount_too_small",
            param="line_items",
        )
    if total > money.LARGEST:
        most = money.english(money.LARGEST, currency)
        raise StripeError(
            f"The Checkout Session's total amount must be no more than {most} {currency}.",
            code="amount_too_large",
            param="line_items",
        )
    return currency, total


def _payment_method_types(
    parameters: CreateSession, currency: str, account: AccountSettings, vipps_allowed: bool
) -> tuple[list[str], str | None]:
    """What the session offers, and the Dashboard configuration that decided it, if one did."""
    offered = ["card"]
    if account.vipps_enabled and vipps_allowed and currency == "nok":
        offered.append("vipps")
    named = parameters.named_types
    if named is not None:
        if parameters.payment_method_configuration:
            raise StripeError(
                "You may only specify one of these parameters: payment_method_types, "
                "payment_method_configuration.",
                param="payment_method_types",
            )
        _check_named(named, currency, account, vipps_allowed)
        return named, None
    configuration = parameters.payment_method_configuration or DEFAULT_CONFIGURATION
    if not configuration.startswith("pmc_"):
        raise StripeError(
            f"No such payment_method_configuration: '{configuration}'",
            code="resource_missing",
            param="payment_method_configuration",
        )
    allowed = parameters.allowed_types
    if allowed is None:
        return offered, configuration
    if "vipps" in allowed and not vipps_allowed:
        raise _not_a_type(f"allowed_payment_method_types[{allowed.index('vipps')}]")
    # What does not fit is dropped without a word. Not documented: what becomes of a session for which
    # nothing is left; it is created here, so that a caller who doesn't look is found out.
    return [type for type in offered if type in allowed], configuration


def _not_a_type(param: str) -> StripeError:
    """Without the preview flag the API doesn't know the word."""
    return StripeError(
        f"Invalid {param}: must be one of card, klarna, link, mobilepay, paypal or another supported payment "
        "method type; vipps is not permitted in this API version",
        param=param,
    )


def _check_named(types: list[str], currency: str, account: AccountSettings, vipps_allowed: bool) -> None:
    """``payment_method_types`` must all be possible."""
    for position, type in enumerate(types):
        if type == "vipps" and not vipps_allowed:
            raise _not_a_type(f"payment_method_types[{position}]")
        active = type == "card" or (type == "vipps" and account.vipps_enabled)
        if not active:
            raise StripeError(
                f"The payment method type provided: {type} is invalid. Please ensure the provided type is "
                f"activated in your dashboard ({_DASHBOARD}) and your account is enabled for any preview "
                "features that you are trying to use. See "
                "https://stripe.com/docs/payments/payment-methods/integration-options for supported "
                "payment method, country, currency, and mode combinations.",
                param="payment_method_types",
            )
        if type == "vipps" and currency != "nok":
            raise StripeError(
                f"The currency provided ({currency}) is invalid. Payments with vipps support the following "
                "currencies: nok.",
                param="payment_method_types",
            )
    if not types:
        raise StripeError("Invalid array: payment_method_types is empty", param="payment_method_types")
