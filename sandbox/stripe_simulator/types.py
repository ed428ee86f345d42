"""The names that the other modules share for JSON-like data."""

from typing import Any

#: A Stripe object as it travels: what a response or an event carries.
StripeObject = dict[str, Any]

#: Decoded request parameters: nested dicts and lists with strings at the leaves.
FormData = dict[str, Any]
