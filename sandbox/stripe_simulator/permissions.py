"""What a restricted key (``rk_...``) may do, where the control API says so; without that, everything.

Where Stripe's documentation is silent, the permission is looked at before the object is looked for.
"""

from __future__ import annotations

from collections.abc import Collection

from .errors import StripeError

#: The first that a path begins with -> the resource, as in ``rak_webhook_read``.
_RESOURCES = {
    "/v1/checkout/sessions": "checkout_session",
    "/v1/payment_intents": "payment_intent",
    "/v1/charges": "charge",
    # One permission for both, "Charges and Refunds" in the Dashboard.
    "/v1/refunds": "charge",
    "/v1/disputes": "dispute",
    "/v1/events": "event",
    "/v1/webhook_endpoints": "webhook",
}
#: For no permission of a restricted key.
_NEVER = "/v1/account"


def check(method: str, path: str, masked_key: str, given: Collection[str] | None) -> None:
    """Refuse what none of the permissions ``given`` allows: ``webhook_read``, ``webhook_write``, ...

    ``None`` is a key without restrictions. *Write* includes *read*.
    """
    if given is None:
        return
    start = (
        f"The provided key '{masked_key}' does not have the required permissions for this endpoint on "
        "account 'acct_1StripeSimulator'."
    )
    if path.startswith(_NEVER):
        raise StripeError(
            f"{start} This is a restricted API key, but the required permissions are not available for use "
            "by restricted keys.",
            status=403,
        )
    resource = next((name for beginning, name in _RESOURCES.items() if path.startswith(beginning)), None)
    if resource is None:
        return
    allowing = {f"{resource}_write"} if method != "GET" else {f"{resource}_read", f"{resource}_write"}
    if allowing.isdisjoint(given):
        permission = f"rak_{resource}_{'read' if method == 'GET' else 'write'}"
        raise StripeError(
            f"{start} Having the '{permission}' permission would allow this request to continue.", status=403
        )
