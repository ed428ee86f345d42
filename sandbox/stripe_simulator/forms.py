"""Stripe's form encoding: ``line_items[0][price_data][currency]=nok`` and its kin.

Decoding knows no schema, so ``a[0]=x`` becomes ``{"a": {"0": "x"}}``; ``parameters`` turns such a
dict into a list where a list is due. (``metadata[0]=x`` is a key named "0".)
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import StripeError
from .types import FormData

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(encoded: str) -> FormData:
    """Decode a query string or a body; where a name comes twice the last one counts."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise StripeError(f"Invalid request: {error}") from None
    data: FormData = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        if match is None:
            raise StripeError(f"Invalid parameter name: {name}", param=name)
        _put(data, [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])], value, name)
    return data


def _put(data: FormData, path: list[str], value: str, name: str) -> None:
    *parents, last = path
    for position, key in enumerate(parents):
        child = data.setdefault(key or str(len(data)), {})
        if not isinstance(child, dict):
            raise StripeError(f"Invalid object: {parents[position]} is a value as well", param=name)
        data = child
    if isinstance(data.get(last), dict):
        raise StripeError(f"Invalid string: {last} is an object as well", param=name)
    data[last or str(len(data))] = value


def readable(value: Any, key: str = "") -> Any:
    """Decoded parameters with lists in place of numbered dicts, for people and for the request log."""
    if not isinstance(value, dict):
        return value
    items = {name: readable(item, name) for name, item in value.items()}
    if key != "metadata" and items and set(items) == {str(number) for number in range(len(items))}:
        return [items[str(number)] for number in range(len(items))]
    return items
