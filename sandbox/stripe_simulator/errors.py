"""Stripe's errors: one exception that knows its HTTP status and its JSON body.

The texts are Stripe's own wherever they are known from its documentation or from public reports.
"""

from __future__ import annotations

from typing import Any

from .types import StripeObject


class StripeError(Exception):
    """An answer with an error, ``{"error": {"type", "code", "message", "param", ...}}``."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        validation: bool = True,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        #: Refused before the endpoint did anything: not kept under an idempotency key.
        self.validation = validation
        fields = {"type": type, "message": message, "code": code, "param": param, **extra}
        if code is not None:
            fields["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        self.error: StripeObject = {name: value for name, value in fields.items() if value is not None}

    def body(self, request_id: str, livemode: bool | None) -> StripeObject:
        """The body of the answer; requests of a known account name their entry in its log."""
        error = dict(self.error)
        if livemode is not None:
            mode = "" if livemode else "test/"
            error["request_log_url"] = f"https://dashboard.stripe.com/{mode}logs/{request_id}"
        return {"error": error}


class NotPossible(Exception):
    """A shopper, the shop's staff or a bank can't do that to a payment in this state: a sentence."""


def missing_api_key() -> StripeError:
    return StripeError(
        "You did not provide an API key. You need to provide your API key in the Authorization header, "
        "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        "https://stripe.com/docs/api#authentication for details, or we can help at "
        "https://support.stripe.com/.",
        status=401,
    )


def invalid_api_key(masked: str) -> StripeError:
    return StripeError(f"Invalid API Key provided: {masked}", status=401)


def publishable_key() -> StripeError:
    return StripeError(
        "This API call cannot be made with a publishable API key. Please use a secret API key. You can "
        "find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
        status=403,
        code="secret_key_required",
    )


def unrecognized_url(method: str, path: str) -> StripeError:
    return StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can "
        "help at https://support.stripe.com/.",
        status=404,
    )


def no_such(kind: str, id: str, *, param: str, other_mode: str | None = None) -> StripeError:
    """An id nobody knows, or one of the other mode (``other_mode`` is then "live" or "test")."""
    message = f"No such {kind}: '{id}'"
    if other_mode:
        this_mode = "test" if other_mode == "live" else "live"
        message += (
            f"; a similar object exists in {other_mode} mode, but a {this_mode} mode key was used to "
            "make this request."
        )
    return StripeError(message, status=404, code="resource_missing", param=param)


def unknown_parameters(names: list[str]) -> StripeError:
    word = "parameter" if len(names) == 1 else "parameters"
    return StripeError(
        f"Received unknown {word}: {', '.join(names)}", code="parameter_unknown", param=names[0]
    )


def missing_parameter(name: str) -> StripeError:
    return StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)


def not_simulated(what: str, param: str | None = None) -> StripeError:
    """Stripe knows it, this simulator doesn't: said plainly, so that nobody trusts a wrong answer."""
    return StripeError(f"The Stripe simulator does not simulate {what}.", param=param)
