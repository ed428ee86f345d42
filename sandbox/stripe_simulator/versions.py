"""The ``Stripe-Version`` header: what it says, and what follows from it.

Vipps is in private preview: each request that involves it carries
``Stripe-Version: <date>.preview; vipps_preview=v1``.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from .errors import StripeError

#: The version of an account whose requests name none, and of events to endpoints that name none.
ACCOUNT_VERSION = "2026-08-26.dahlia"

#: From this date Checkout Sessions are created with ``allowed_payment_method_types``
#: in place of ``payment_method_types``.
ALLOWED_TYPES_SINCE = datetime.date(2026, 9, 30)

VIPPS_PREVIEW = "vipps_preview"

_HEADER = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?((?:\s*;\s*[a-z0-9_]+=v\d+)*)")


@dataclass(frozen=True)
class ApiVersion:
    date: datetime.date
    release: str | None
    betas: frozenset[str]

    @property
    def vipps_preview(self) -> bool:
        return VIPPS_PREVIEW in self.betas

    @property
    def has_allowed_payment_method_types(self) -> bool:
        return self.date >= ALLOWED_TYPES_SINCE


def parse(header: str | None, *, vipps_enrolled: bool) -> ApiVersion:
    """Read the header, or refuse it as Stripe does: 400 and no ``code``.

    Not documented: whether a preview flag is accepted beside a version that is no preview. It is
    refused here, since the documented form is ``<date>.preview; vipps_preview=v1``.
    """
    header = (header or ACCOUNT_VERSION).strip()
    match = _HEADER.fullmatch(header)
    if match is None:
        raise _invalid(header, "The version is not of the form YYYY-MM-DD.release.")
    try:
        date = datetime.date.fromisoformat(match[1])
    except ValueError:
        raise _invalid(header, "There is no such date.") from None
    betas = frozenset(re.findall(r"([a-z0-9_]+)=v\d+", match[3]))
    for beta in sorted(betas):
        if beta != VIPPS_PREVIEW or not vipps_enrolled:
            raise _invalid(header, f"You do not have permission to pass this beta header: {beta}.")
    if betas and match[2] != "preview":
        raise _invalid(header, f"{VIPPS_PREVIEW} needs a preview version, such as {match[1]}.preview.")
    return ApiVersion(date, match[2], betas)


def _invalid(header: str, reason: str) -> StripeError:
    return StripeError(
        f"Invalid Stripe API version: {header}. {reason} If you have any questions, we can help at "
        "https://support.stripe.com/."
    )
