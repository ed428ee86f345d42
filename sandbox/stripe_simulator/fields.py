"""Types of request parameters: strings on the wire, checked and refused with Stripe's texts."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from .money import LARGEST


def refuse(message: str, code: str = "") -> PydanticCustomError:
    """A refusal with Stripe's text and code; ``validation`` adds the parameter's name."""
    # The text goes in as a value: it may contain braces.
    return PydanticCustomError("stripe", "{text}", {"text": message, "code": code})


def _integer(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    raise refuse(f"Invalid integer: {value}", "parameter_invalid_integer")


def _at_least(minimum: int, message: str) -> AfterValidator:
    def check(value: int) -> int:
        if value < minimum:
            raise refuse(message, "parameter_invalid_integer")
        return value

    return AfterValidator(check)


def _not_too_large(value: int) -> int:
    if value > LARGEST:
        raise refuse("Amount must be no more than 999,999.99", "amount_too_large")
    return value


def _boolean(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    raise refuse(f"Invalid boolean: {value}")


def _list(value: Any) -> Any:
    """``a[0]=..&a[1]=..`` and ``a[]=..`` arrive as dicts with numbers for names."""
    if isinstance(value, dict) and all(re.fullmatch(r"\d+", key) for key in value):
        return [value[key] for key in sorted(value, key=int)]
    raise refuse("Invalid array")


def _not_empty(value: Any) -> Any:
    if value == "":
        raise refuse(
            "You passed an empty string for '{param}'. We assume empty values are an attempt to unset a "
            "parameter; however '{param}' cannot be unset. You should remove '{param}' from your request "
            "or supply a non-empty value.",
            "parameter_invalid_empty",
        )
    return value


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", value):
        raise refuse("Not a valid URL", "url_invalid")
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", value):
        raise refuse(f"Invalid email address: {value}", "email_invalid")
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", value):
        raise refuse(f"Invalid currency: {value.lower()}. Stripe takes three-letter ISO codes.")
    return value.lower()


def _metadata(value: Any) -> Any:
    """50 keys of 40 characters, values of 500; an empty value unsets its key."""
    if not isinstance(value, dict):
        raise refuse("Invalid object")
    if len(value) > 50:
        raise refuse(f"You can have up to 50 metadata keys, but you passed in {len(value)}.")
    for key, item in value.items():
        if not isinstance(item, str):
            raise refuse(f"Invalid string: {item}")
        if len(key) > 40:
            raise refuse(
                f"Metadata keys can have up to 40 characters, but you passed in a key that is {len(key)} "
                f"characters. Invalid key: {key}"
            )
        if len(item) > 500:
            raise refuse(
                "Metadata values can have up to 500 characters, but you passed in a value that is "
                f"{len(item)} characters. Invalid value: {item}"
            )
    return value


NotEmpty = BeforeValidator(_not_empty)
AsList = BeforeValidator(_list)
NotTooLarge = AfterValidator(_not_too_large)

Integer = Annotated[int, BeforeValidator(_integer)]
Timestamp = Integer
Amount = Annotated[Integer, _at_least(0, "Invalid non-negative integer"), NotTooLarge]
PositiveAmount = Annotated[Integer, _at_least(1, "Invalid positive integer"), NotTooLarge]
Quantity = Annotated[Integer, _at_least(1, "This value must be greater than or equal to 1.")]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Text = Annotated[str, StringConstraints(max_length=5000), NotEmpty]
Url = Annotated[str, AfterValidator(_url), NotEmpty]
Email = Annotated[str, AfterValidator(_email), NotEmpty]
Currency = Annotated[str, AfterValidator(_currency), NotEmpty]
Metadata = Annotated[dict[str, str], BeforeValidator(_metadata)]
