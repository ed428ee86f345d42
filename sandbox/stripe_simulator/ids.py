"""Ids that look like Stripe's."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"


def session_id(livemode: bool) -> str:
    return new_id("cs_live_a1" if livemode else "cs_test_a1", 56).replace("a1_", "a1")
