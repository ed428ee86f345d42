"""Webhook endpoints at Stripe: where it sends events, which ones, and in which form.

These calls involve no Vipps, so they go without the preview flag: an account that isn't enrolled yet can be
made ready all the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import stripe

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import GatewayRefused

from .client import translated
from .events import HANDLED
from .snapshot import SITE_KEY, StripeObject

#: Stripe's word for all events.
EVERYTHING = "*"
#: Without the preview; the version that Stripe's library was made for.
WITHOUT_PREVIEW: Any = {"stripe_version": stripe.api_version}


def list_endpoints() -> list[StripeObject]:
    """The account's endpoints in this key's mode, newest first; raises ``GatewayError``."""
    with translated() as client:
        found = client.v1.webhook_endpoints.list({"limit": 100}, WITHOUT_PREVIEW)
        return [endpoint.to_dict() for endpoint in found.auto_paging_iter()]


def create_endpoint(url: str, *, site: str) -> tuple[StripeObject, str]:
    """A new endpoint that hears what is handled, and its signing secret, which Stripe never shows again.

    ``site`` is the shop's domain. Raises ``GatewayError``.
    """
    parameters: dict[str, Any] = {
        "url": url,
        "enabled_events": sorted(HANDLED),
        "api_version": get_settings().api_version,
        "description": f"Vipps, {site}",
        "metadata": {SITE_KEY: site},
    }
    try:
        endpoint = _create(parameters)
    except GatewayRefused as error:
        if getattr(error.__cause__, "param", None) != "api_version":
            raise
        # Not documented: whether an endpoint takes a preview's version. The account's own does as well, for
        # the facts that are read of an event have been the same for years.
        del parameters["api_version"]
        endpoint = _create(parameters)
    return endpoint, endpoint.pop("secret")


def update_endpoint(endpoint_id: str) -> StripeObject:
    """Let it hear exactly what is handled, and be enabled. Its version can't be changed. Raises
    ``GatewayError``.
    """
    with translated() as client:
        changes: Any = {"enabled_events": sorted(HANDLED), "disabled": False}
        return client.v1.webhook_endpoints.update(endpoint_id, changes, WITHOUT_PREVIEW).to_dict()


def delete_endpoint(endpoint_id: str) -> None:
    """No event goes there any more; raises ``GatewayError``."""
    with translated() as client:
        client.v1.webhook_endpoints.delete(endpoint_id, None, WITHOUT_PREVIEW)


def undelivered(*, within: timedelta, older_than: timedelta) -> list[StripeObject]:
    """Events of the handled types that some endpoint of the account did not take, newest first; a hundred at
    most. Raises ``GatewayError``.
    """
    now = int(time.time())
    created = {"gte": now - _seconds(within), "lte": now - _seconds(older_than)}
    found: list[StripeObject] = []
    # Stripe takes at most 20 types at once.
    types = sorted(HANDLED)
    with translated() as client:
        for first in range(0, len(types), 20):
            wanted: Any = {
                "types": types[first : first + 20],
                "delivery_success": False,
                "created": created,
                "limit": 100,
            }
            found += [each.to_dict() for each in client.v1.events.list(wanted, WITHOUT_PREVIEW).data]
    return sorted(found, key=lambda event: event["created"], reverse=True)[:100]


def missing_events(endpoint: StripeObject) -> list[str]:
    """What is handled and not sent there."""
    enabled = set(endpoint["enabled_events"])
    return [] if EVERYTHING in enabled else sorted(HANDLED - enabled)


def needless_events(endpoint: StripeObject) -> list[str]:
    """What is sent there and not handled."""
    return sorted(set(endpoint["enabled_events"]) - HANDLED)


def has_other_version(endpoint: StripeObject) -> bool:
    """Whether it was made for another API version. Without one it has the account's, which will do."""
    return endpoint["api_version"] not in (None, get_settings().api_version)


def address(url: str) -> tuple[str, str]:
    """Host, with the port where there is one, and path: by which endpoints are compared."""
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path


def is_of_this_app(endpoint: StripeObject, url: str) -> bool:
    """Whether it was registered by this app, or has the path of ``url``; for whichever shop."""
    return SITE_KEY in (endpoint["metadata"] or {}) or address(endpoint["url"])[1] == address(url)[1]


def _create(parameters: dict[str, Any]) -> StripeObject:
    with _nothing_logged(), translated() as client:
        created: Any = client.v1.webhook_endpoints.create(parameters, WITHOUT_PREVIEW)  # type: ignore[arg-type]
        return created.to_dict()


@contextmanager
def _nothing_logged() -> Iterator[None]:
    """Stripe's library logs whole answers where its logger shows DEBUG; this answer holds the secret."""
    logger = logging.getLogger("stripe")
    logger.addFilter(_has_no_secret)
    try:
        yield
    finally:
        logger.removeFilter(_has_no_secret)


def _has_no_secret(record: logging.LogRecord) -> bool:
    return "whsec_" not in record.getMessage()


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
