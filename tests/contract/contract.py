"""Stripe's published contract (its OpenAPI specification as JSON Schema), with what Vipps adds.

The file's path comes from ``STRIPE_CONTRACT``. Where it is absent the tests that need it are skipped
and say so; with ``CI=true`` they fail.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

Json = dict[str, Any]

_ROOT = Path(__file__).resolve().parents[2]
_DEFAULT = _ROOT.parent / "shared" / "stripe-contract" / "contract.json"

CREATE_SESSION = "POST /v1/checkout/sessions"

#: The API version up to which sessions are created with ``payment_method_types``.
ALLOWED_TYPES_SINCE = "2026-09-30"


def path() -> Path:
    return Path(os.environ.get("STRIPE_CONTRACT") or _DEFAULT)


def require() -> None:
    """Skip the calling test where there is no contract; fail it in CI."""
    if path().is_file():
        return
    reason = f"Stripe's contract is not at {path()}; set STRIPE_CONTRACT to its path"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def validate_object(name: str, data: Any) -> None:
    """``data`` is the object ``name`` (a key of ``$defs``), has nothing that Stripe doesn't know, and
    an event's payload is what its own ``object`` says."""
    _check({"$ref": f"#/$defs/{name}"}, data, name)
    if name == "event":
        inner = data["data"]["object"]
        validate_object(inner["object"], inner)


def validate_response(operation: str, data: Any) -> None:
    """``data`` is what ``operation`` ("GET /v1/refunds/{refund}") answers."""
    require()
    _check(_overlaid()["operations"][operation]["response"], data, operation)


def validate_form(operation: str, data: Json, api_version: str = "2026-04-22.preview") -> None:
    """``data`` are parameters that Stripe takes for ``operation``.

    They may be as Python has them, or as they come out of a form, with strings for numbers.
    """
    require()
    schema = _overlaid()["operations"][operation]["form"]
    if operation == CREATE_SESSION:
        gone = "allowed_payment_method_types" if api_version < ALLOWED_TYPES_SINCE else "payment_method_types"
        kept = {name: value for name, value in schema["properties"].items() if name != gone}
        schema = {**schema, "properties": kept}
    _check(schema, _coerce(schema, data), operation)


def validate_query(operation: str, data: Json) -> None:
    """The same for the query of a GET."""
    require()
    query = _overlaid()["operations"][operation].get("query", {})
    schema = {"type": "object", "properties": query, "additionalProperties": False}
    _check(schema, _coerce(schema, data), operation)


def _check(schema: Json, data: Any, what: str) -> None:
    require()
    validator = Draft202012Validator({**schema, "$defs": _overlaid()["$defs"]})
    problems = sorted(validator.iter_errors(data), key=lambda error: list(map(str, error.absolute_path)))
    lines = [f"{error.json_path}: {_shorten(error.message)}" for error in problems[:10]]
    assert not problems, f"not Stripe's {what}:\n" + "\n".join(lines)


def _shorten(message: str) -> str:
    return message if len(message) < 400 else f"{message[:250]} ... {message[-140:]}"


@functools.cache
def _overlaid() -> Json:
    """The contract with Vipps in it, and closed: a field that Stripe doesn't know is an error."""
    contract: Json = json.loads(path().read_text())
    _close(contract["$defs"])
    _add_vipps(contract)
    return contract


def _add_vipps(contract: Json) -> None:
    """All that the published contract doesn't know, because Vipps is in private preview."""
    form = contract["operations"][CREATE_SESSION]["form"]["properties"]
    form["payment_method_types"]["items"]["enum"].append("vipps")
    form["allowed_payment_method_types"] = copy.deepcopy(form["payment_method_types"])
    method = contract["$defs"]["payment_method"]["properties"]
    method["type"]["enum"].append("vipps")
    method["vipps"] = {"type": "object"}
    contract["$defs"]["payment_method_details"]["properties"]["vipps"] = {"type": "object"}


def _close(schema: Any) -> None:
    """Stripe's own objects are open in the contract, so that old clients bear new fields."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for item in schema.values():
            _close(item)


def _coerce(schema: Json, value: Any) -> Any:
    """A form's strings in the types that the schema wants, where they look like them."""
    if "anyOf" in schema:
        for choice in schema["anyOf"]:
            found = _coerce(choice, value)
            if not list(Draft202012Validator({**choice, "$defs": _overlaid()["$defs"]}).iter_errors(found)):
                return found
        return value
    kind = schema.get("type")
    if isinstance(value, dict) and kind == "object":
        properties = schema.get("properties", {})
        return {name: _coerce(properties.get(name, {}), item) for name, item in value.items()}
    if isinstance(value, list) and kind == "array":
        return [_coerce(schema["items"], item) for item in value]
    if isinstance(value, str):
        if kind == "integer" and re.fullmatch(r"-?\d+", value):
            return int(value)
        if kind == "boolean" and value in ("true", "false"):
            return value == "true"
    return value
