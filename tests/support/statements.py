"""Statements that were captured, counted."""

from __future__ import annotations

from collections.abc import Iterable

#: They begin and end transactions.
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def number_of(statements: Iterable[str]) -> int:
    return sum(not each.startswith(NOT_COUNTED) for each in statements)
