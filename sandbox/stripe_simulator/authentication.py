"""API keys: any secret or restricted key is good, and says which mode is meant."""

from __future__ import annotations

import base64
import binascii
import re

from . import errors


def livemode(authorization: str | None) -> bool:
    """Whether the key of an ``Authorization`` header (Bearer, or Basic without password) is live."""
    key = _key(authorization or "")
    if not key:
        raise errors.missing_api_key()
    if key.startswith(("pk_test_", "pk_live_")):
        raise errors.publishable_key()
    match = re.fullmatch(r"(?:sk|rk)_(test|live)_\w+", key)
    if match is None:
        raise errors.invalid_api_key(_masked(key))
    return match[1] == "live"


def restricted_key(authorization: str | None) -> str | None:
    """The key, as it may be shown, if it is a restricted one."""
    key = _key(authorization or "")
    return _masked(key) if key.startswith("rk_") else None


def _key(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(key: str) -> str:
    """All but the beginning and the last four characters as stars."""
    match = re.match(r"(?:sk|rk)_(?:test|live)_", key)
    start = match[0] if match else ""
    rest = key[len(start) :]
    return start + "*" * max(4, len(rest) - 4) + (rest[-4:] if len(rest) > 8 else "")
