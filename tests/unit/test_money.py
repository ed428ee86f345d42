from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oscar_vipps.money import quantize, to_decimal, to_ore

NO_DECIMALS = [1, 1.5, True, "1.50", None]
NOT_FINITE = [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")]

amounts = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("1", "1.00"),
        ("1.5", "1.50"),
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),
        ("-0.005", "-0.01"),
        # Only one rounding: by way of three decimals it would be 0.01.
        ("0.00499", "0.00"),
        ("999999.995", "1000000.00"),
    ],
)
def test_quantize_rounds_half_up_to_two_decimals(amount: str, rounded: str) -> None:
    assert str(quantize(Decimal(amount))) == rounded


def test_a_total_is_rounded_once_as_oscar_does() -> None:
    assert quantize(3 * Decimal("41.6625")) == Decimal("124.99")


@given(amounts)
def test_quantize_moves_an_amount_by_half_an_ore_at_most(amount: Decimal) -> None:
    rounded = quantize(amount)

    assert abs(rounded - amount) <= Decimal("0.005")
    assert rounded.as_tuple().exponent == -2
    assert quantize(rounded) == rounded


@pytest.mark.parametrize(
    ("amount", "ore"),
    [
        ("0", 0),
        ("-0.00", 0),
        ("0.01", 1),
        ("3", 300),
        ("124.990000", 12499),
        ("1E+2", 10000),
        ("-1.05", -105),
    ],
)
def test_to_ore(amount: str, ore: int) -> None:
    converted = to_ore(Decimal(amount))

    assert converted == ore
    assert type(converted) is int


@pytest.mark.parametrize("amount", ["0.001", "0.005", "124.9875", "-0.001", "1E-30"])
def test_to_ore_refuses_fractions_of_an_ore(amount: str) -> None:
    with pytest.raises(ValueError, match="whole number of øre"):
        to_ore(Decimal(amount))


@pytest.mark.parametrize("convert", [quantize, to_ore])
@pytest.mark.parametrize("amount", NOT_FINITE, ids=str)
def test_amounts_that_are_none_are_refused(convert: Any, amount: Decimal) -> None:
    with pytest.raises(ValueError, match="no amount"):
        convert(amount)


@pytest.mark.parametrize("convert", [quantize, to_ore])
@pytest.mark.parametrize("amount", NO_DECIMALS, ids=repr)
def test_kroner_are_decimals_and_nothing_else(convert: Any, amount: Any) -> None:
    with pytest.raises(TypeError, match=f"Decimal, not {type(amount).__name__}$"):
        convert(amount)


@pytest.mark.parametrize(
    ("ore", "amount"),
    [(0, "0.00"), (1, "0.01"), (300, "3.00"), (12499, "124.99"), (99_999_999, "999999.99"), (-105, "-1.05")],
)
def test_to_decimal_has_two_decimals(ore: int, amount: str) -> None:
    assert str(to_decimal(ore)) == amount


@pytest.mark.parametrize("ore", [True, False, 1.0, Decimal(1), "1", None], ids=repr)
def test_ore_are_integers_and_nothing_else(ore: Any) -> None:
    with pytest.raises(TypeError, match=f"int, not {type(ore).__name__}$"):
        to_decimal(ore)


@given(st.integers())
def test_ore_survive_the_way_to_kroner_and_back(ore: int) -> None:
    assert to_ore(to_decimal(ore)) == ore


@given(amounts)
def test_to_ore_gives_exactly_the_amount_or_refuses_it(amount: Decimal) -> None:
    if quantize(amount) == amount:
        assert to_decimal(to_ore(amount)) == amount
    else:
        with pytest.raises(ValueError, match="whole number of øre"):
            to_ore(amount)


def test_conversions_are_exact_however_coarse_decimals_are_set_to_be() -> None:
    with localcontext() as context:
        context.prec = 3

        assert to_ore(Decimal("999999.99")) == 99_999_999
        assert str(to_decimal(99_999_999)) == "999999.99"
