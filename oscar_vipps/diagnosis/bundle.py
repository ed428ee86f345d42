"""A bundle for whoever helps: how the shop is set up and how it is, without secrets and personal data.

What goes in is listed here, so that nothing else can.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from django.conf import settings as django_settings
from django.db import connections, router
from django.db.models import Count
from django.utils import timezone

from oscar_vipps.conf import RULES, SETTING
from oscar_vipps.models import Dispute, Flag, Payment, Refund, WebhookEvent

from .doctor import Result

PACKAGES = ("django-oscar-vipps", "django", "django-oscar", "stripe")
#: Of these, only the kind and the number are told.
SECRET = ("SECRET_KEY", "WEBHOOK_SECRETS")
_SECRET = re.compile(r"((?:[srp]k_(?:test|live)|whsec)_)\w+")
#: Django's and Oscar's settings that matter here. None holds a secret.
SETTINGS = (
    *("DEBUG", "USE_TZ", "TIME_ZONE", "LANGUAGE_CODE", "ALLOWED_HOSTS", "SITE_ID", "INSTALLED_APPS"),
    *("MIDDLEWARE", "SECURE_PROXY_SSL_HEADER", "SECURE_SSL_REDIRECT", "OSCAR_DEFAULT_CURRENCY"),
    *("OSCAR_ALLOW_ANON_CHECKOUT", "OSCAR_INITIAL_ORDER_STATUS", "OSCAR_ORDER_STATUS_PIPELINE"),
)


def make_bundle(results: Iterable[Result]) -> dict[str, Any]:
    """All of it, good for JSON."""
    return {
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "database": _database(),
        SETTING: _redacted(getattr(django_settings, SETTING, None)),
        "settings": {name: plain(getattr(django_settings, name, None)) for name in SETTINGS},
        "checks": [as_json(result) for result in results],
        "counts": _counts(),
    }


def as_json(result: Result) -> dict[str, str]:
    """One result."""
    return {
        "check": result.name,
        "title": result.title,
        "mark": result.mark.value,
        "text": _without_secrets(result.text),
        "hint": _without_secrets(result.hint),
    }


def plain(value: Any) -> Any:
    """A setting's value as JSON has it; what is none of its kinds as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _without_secrets(str(value))


def _redacted(given: Any) -> Any:
    """``OSCAR_VIPPS``: its known keys. A name that isn't known may be a secret at the wrong place."""
    if not isinstance(given, Mapping):
        return f"a {type(given).__name__}"
    shown = {key: plain(given[key]) for key in RULES if key in given and key not in SECRET}
    if "SECRET_KEY" in given:
        shown["SECRET_KEY"] = _kind(given["SECRET_KEY"])
    if "WEBHOOK_SECRETS" in given:
        secrets = given["WEBHOOK_SECRETS"]
        shown["WEBHOOK_SECRETS"] = (
            [_kind(each) for each in secrets] if isinstance(secrets, list | tuple) else "not a list"
        )
    unknown = len([key for key in given if key not in RULES])
    return {**shown, "unknown names": unknown} if unknown else shown


def _without_secrets(text: str) -> str:
    """Keys that somebody wrote at the wrong place, cut off after what tells their kind."""
    return _SECRET.sub(r"\1...", text)


def _kind(secret: Any) -> str:
    """The beginning that tells keys apart, and nothing that makes it one."""
    found = _SECRET.match(str(secret or ""))
    return f"{found[1]}..." if found else ("of no known kind" if secret else "empty")


def _database() -> dict[str, Any]:
    connection: Any = connections[router.db_for_write(Payment)]
    try:
        number = ".".join(str(part) for part in connection.get_database_version())
    except Exception:  # noqa: BLE001 - the bundle is made for shops where things fail
        number = "not known"
    return {
        "vendor": connection.display_name,
        "version": number,
        "atomic_requests": connection.settings_dict.get("ATOMIC_REQUESTS", False),
    }


def _counts() -> dict[str, Any]:
    """How many of each, by state."""
    try:
        return {
            "payments": _count(Payment.objects.all(), "state"),
            "payments_livemode": Payment.objects.filter(livemode=True).count(),
            "refunds": _count(Refund.objects.all(), "status"),
            "disputes": _count(Dispute.objects.all(), "status"),
            "open_flags": _count(Flag.objects.filter(resolved_at=None), "reason"),
            "events": _count(WebhookEvent.objects.all(), "status"),
        }
    except Exception as error:  # noqa: BLE001 - tables may be missing
        return {"error": type(error).__name__}


def _count(rows: Any, field: str) -> dict[str, int]:
    return dict(rows.order_by(field).values_list(field).annotate(Count("pk")))
