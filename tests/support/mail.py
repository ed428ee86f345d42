"""Mail in tests, set as each Django wants it: ``MAILERS`` from 6.1 on, ``EMAIL_...`` before."""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings

HAS_MAILERS = django.VERSION >= (6, 1)


def mail_settings(backend: str, **options: Any) -> dict[str, Any]:
    """For ``override_settings``. ``backend`` is one of Django's own, such as ``"smtp"``."""
    path = f"django.core.mail.backends.{backend}.EmailBackend"
    if HAS_MAILERS:
        return {"MAILERS": {"default": {"BACKEND": path, "OPTIONS": options}}}
    return {"EMAIL_BACKEND": path, **{f"EMAIL_{name.upper()}": value for name, value in options.items()}}


#: Into ``mail.outbox``.
WORKING = mail_settings("locmem")
#: Nobody listens at this port.
DOWN = mail_settings("smtp", host="127.0.0.1", port=1)


def managers(address: str) -> list[Any]:
    """The setting ``MANAGERS``."""
    return [address] if django.VERSION >= (6, 0) else [("Drift", address)]


def mail_works() -> bool:
    backend = settings.MAILERS["default"]["BACKEND"] if HAS_MAILERS else settings.EMAIL_BACKEND
    return bool(backend.endswith("locmem.EmailBackend"))
