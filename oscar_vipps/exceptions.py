"""What can go wrong while a payment is handled.

.. code-block:: text

    VippsError
    ├── GatewayError               a call to Stripe did not give what was asked for
    │   ├── GatewayUnavailable     no answer, or one that says "later": nothing is known, try again
    │   │   ├── GatewayFailed      Stripe failed, and says so again under the same idempotency key
    │   │   └── GatewayBusy        the same request is under way already, from another tab
    │   └── GatewayRefused         Stripe understood and said no
    │       ├── KeyRefused         the secret key is wrong, or lacks a permission
    │       ├── NotEnrolled        the account is not enrolled in the Vipps preview
    │       ├── EmailRefused       Stripe doesn't take the shopper's e-mail address
    │       ├── KeyReuse           an idempotency key was used with other parameters
    │       └── VippsNotOffered    a session was made that doesn't offer Vipps, or asks for another amount
    ├── EventRefused               a webhook's body is not an event that Stripe signed for us
    ├── PaymentEnded               the payment was cancelled while something was done for it
    └── ConfirmationFailed         the mail that confirms an order couldn't be sent, and is still due

A wrong setting is no ``VippsError``: it is Django's ``ImproperlyConfigured``.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def describe(error: BaseException) -> str:
    """What failed and where, for logs and tables: without the error's own words, in which somebody's address
    may stand.
    """
    places = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {Path(place.filename).name}, line {place.lineno}" for place in places)
    return f"{type(error).__name__}{where}"


def trail(error: BaseException) -> str:
    """The same, with each call that led there."""
    return f"{describe(error)}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()


class VippsError(Exception):
    """The root: everything that this app raises while it runs."""


class GatewayError(VippsError):
    """A call to Stripe failed.

    ``str(error)`` says what happened, ``hint`` what the shop's owner can do. Neither holds a secret or
    anything about the shopper.
    """

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


class GatewayUnavailable(GatewayError):
    """Stripe didn't answer, is overloaded, or failed: whether it acted is not known."""


class GatewayFailed(GatewayUnavailable):
    """Stripe answered with an error of its own, which it keeps: see whether it acted, and try again under
    another idempotency key.
    """


class GatewayBusy(GatewayUnavailable):
    """Another request with the same idempotency key is at work; its answer will come."""


class GatewayRefused(GatewayError):
    """Stripe refused the request and did nothing."""


class KeyRefused(GatewayRefused):
    """``SECRET_KEY`` is wrong, revoked, or restricted too much."""


class NotEnrolled(GatewayRefused):
    """The account may not send the preview flag in this mode."""


class EmailRefused(GatewayRefused):
    """The e-mail address, a convenience for the shopper, is none to Stripe."""


class KeyReuse(GatewayRefused):
    """The idempotency key was used before, with other parameters."""


class VippsNotOffered(GatewayRefused):
    """A session exists, but not the one that was asked for."""


class EventRefused(VippsError):
    """Unsigned, wrongly signed, too old, or no event at all."""


class PaymentEnded(VippsError):
    """The payment was cancelled or ran out meanwhile, so there is nothing to pay any more."""


class ConfirmationFailed(VippsError):
    """The mail server, or a template of the shop, failed."""
