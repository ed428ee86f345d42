"""Idempotency keys: the first answer to a POST is kept for a day and given again.

Kept: status and body of what an endpoint answered, 500s included. Not kept: what was refused before
the endpoint began (validation, another request with the same key at work).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .clock import Clock
from .errors import StripeError
from .storage import Storage
from .types import FormData, StripeObject

MAX_LENGTH = 255
KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Key:
    livemode: bool
    name: str
    fingerprint: str


def key_of(name: str | None, livemode: bool, method: str, path: str, data: FormData) -> Key | None:
    """Only POST requests take a key; elsewhere it has no effect."""
    if name is None or method != "POST":
        return None
    if not 1 <= len(name) <= MAX_LENGTH:
        raise StripeError(
            f"Idempotency keys must be between 1 and {MAX_LENGTH} characters, but yours has {len(name)}."
        )
    content = json.dumps([method, path, data], sort_keys=True)
    return Key(livemode, name, hashlib.sha256(content.encode()).hexdigest())


def kept_answer(key: Key, storage: Storage, clock: Clock) -> tuple[int, StripeObject] | None:
    found = storage.idempotent_answer(key.livemode, key.name)
    if found is None or found[1] + KEPT_SECONDS <= clock.now():
        return None
    fingerprint, _, status, body = found
    if fingerprint != key.fingerprint:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. Try using a key other than '{key.name}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    return status, body


@contextmanager
def in_use(key: Key | None, busy: set[tuple[bool, str]]) -> Iterator[None]:
    """Hold the key while its request is at work."""
    if key is None:
        yield
        return
    name = (key.livemode, key.name)
    if name in busy:
        raise StripeError(
            "There is currently another in-progress request using this Idempotency Key (that probably means "
            "you submitted twice, and the other request is still going through): "
            f"{key.name}. Please try again later.",
            status=409,
            code="idempotency_key_in_use",
        )
    busy.add(name)
    try:
        yield
    finally:
        busy.discard(name)
