"""Amounts: integers in a currency's smallest unit, never anything else."""

from __future__ import annotations

import re

#: Stripe takes at most eight digits.
LARGEST = 99_999_999

#: Stripe's minimum is 3.00 NOK; for other currencies about half a dollar, said here without rates.
_MINIMUM = {"nok": 300}

#: What a dispute costs, in øre. Its size follows from the account's price list; this is only plausible.
DISPUTE_FEE = 15000


def minimum(currency: str) -> int:
    return _MINIMUM.get(currency, 50)


def norwegian(amount: int, currency: str = "nok") -> str:
    """``123450`` as ``kr 1 234,50``, with spaces that don't break."""
    kroner, oere = divmod(abs(amount), 100)
    grouped = f"{kroner:,}".replace(",", "\N{NO-BREAK SPACE}")
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    unit = "kr" if currency == "nok" else currency.upper()
    return f"{unit}\N{NO-BREAK SPACE}{sign}{grouped},{oere:02d}"


def shown(amount: int, currency: str, language: str) -> str:
    """As the payment pages show it: ``kr 1 234,50`` or ``NOK 1,234.50``."""
    if language == "nb":
        return norwegian(amount, currency)
    return f"{currency.upper()}\N{NO-BREAK SPACE}{amount // 100:,}.{amount % 100:02d}"


def kroner(amount: int) -> str:
    """``123450`` as ``1234.50``: what a form starts with, and ``from_kroner`` reads."""
    return f"{amount // 100}.{amount % 100:02d}"


def from_kroner(text: str) -> int:
    """``1 234,50``, ``1234.5`` or ``1234`` in øre. Raises ValueError for anything else."""
    match = re.fullmatch(r"(\d{1,6})(?:[.,](\d{1,2}))?", re.sub(r"\s", "", text), re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not an amount in kroner, such as 149,50.")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def english(amount: int, currency: str) -> str:
    """``500`` as ``kr5.00``: how Stripe's error texts write an amount."""
    symbol = "kr" if currency == "nok" else ""
    return f"{symbol}{amount // 100:,}.{amount % 100:02d}"
