"""Decimal kroner in the shop, integer øre at Stripe: the one place where amounts cross over."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CURRENCY = "NOK"

#: The least and the most that one payment may be, in øre. Source: Stripe's minimum charge amounts, and
#: its limit of eight digits.
MINIMUM = 300
MAXIMUM = 99_999_999

_TWO_DECIMALS = Decimal("0.01")


def quantize(amount: Decimal) -> Decimal:
    """``amount`` in kroner, rounded half up to whole øre: the one rounding, for the order and for Stripe.

    Half up is how Oscar rounds a basket's total. A database that is left to round does it half even.
    Raises ``TypeError`` for anything but a ``Decimal`` and ``ValueError`` for NaN and infinity.
    """
    return _finite(amount).quantize(_TWO_DECIMALS, rounding=ROUND_HALF_UP)


def to_ore(amount: Decimal) -> int:
    """``amount`` in kroner as øre.

    Raises ``TypeError`` for anything but a ``Decimal``, and ``ValueError`` for NaN, infinity and fractions
    of an øre: whoever has those rounds with ``quantize`` first.
    """
    numerator, denominator = _finite(amount).as_integer_ratio()
    ore, fraction = divmod(numerator * 100, denominator)
    if fraction:
        raise ValueError(f"{amount} kr is not a whole number of øre")
    return ore


def to_decimal(ore: int) -> Decimal:
    """``ore`` as kroner with exactly two decimals. Raises ``TypeError`` for anything but an ``int``."""
    if not isinstance(ore, int) or isinstance(ore, bool):
        raise TypeError(f"øre are an int, not {type(ore).__name__}")
    return Decimal(f"{ore}e-2")


def _finite(amount: Decimal) -> Decimal:
    if not isinstance(amount, Decimal):
        raise TypeError(f"kroner are a Decimal, not {type(amount).__name__}")
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount of money")
    return amount
