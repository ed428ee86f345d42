"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Mark(str, Enum):
    """How it is. Only ``ERROR`` means that payments, or news of them, are lost or delayed."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    #: Nobody looked, because something else is missing.
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """``text`` says what is, ``hint`` what to do; neither holds a secret or anything about a shopper."""

    mark: Mark
    text: str
    hint: str = ""


def ok(text: str) -> Finding:
    """All is well."""
    return Finding(Mark.OK, text)


def warning(text: str, hint: str) -> Finding:
    """Somebody should look at it, and nothing is lost."""
    return Finding(Mark.WARNING, text, hint)


def error(text: str, hint: str) -> Finding:
    """It doesn't work."""
    return Finding(Mark.ERROR, text, hint)


def skipped(text: str, hint: str = "") -> Finding:
    """Nobody looked."""
    return Finding(Mark.SKIPPED, text, hint)
