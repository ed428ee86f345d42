"""``expand[]``: ids in an answer replaced by the objects they name."""

from __future__ import annotations

from .errors import StripeError
from .storage import Record, Storage
from .types import StripeObject

_MAX_DEPTH = 4

#: For each object, the fields that can be expanded and what they name.
_EXPANDABLE = {
    "checkout.session": {"payment_intent": "payment_intent"},
    "payment_intent": {"latest_charge": "charge", "payment_method": "payment_method"},
    "charge": {"payment_intent": "payment_intent"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent", "payment_method": "payment_method"},
}


def expand(data: StripeObject, paths: list[str], storage: Storage) -> StripeObject:
    for path in paths:
        steps = path.split(".")
        if len(steps) > _MAX_DEPTH:
            raise StripeError(
                f"You cannot expand more than {_MAX_DEPTH} levels of a property. Property: {path}",
                param="expand",
            )
        data = _expand(data, steps, path, storage)
    return data


def _expand(data: StripeObject, steps: list[str], path: str, storage: Storage) -> StripeObject:
    step, *rest = steps
    if data["object"] == "list" and step == "data" and rest:
        return {**data, "data": [_expand(item, rest, path, storage) for item in data["data"]]}
    if (data["object"], step) == ("checkout.session", "line_items") and not rest:
        return {**data, "line_items": _line_items(storage.need("checkout.session", data["id"]))}
    if (data["object"], step) == ("charge", "refunds") and not rest:
        return {**data, "refunds": _refunds(data["id"], storage)}
    kind = _EXPANDABLE.get(data["object"], {}).get(step)
    if kind is None:
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    value = data[step]
    if value is None:
        return data
    child = value if isinstance(value, dict) else storage.need(kind, value).data
    return {**data, step: _expand(child, rest, path, storage) if rest else child}


def _line_items(session: Record) -> StripeObject:
    """Ten at most; the rest has its own URL."""
    items = session.private["line_items"]
    return {
        "object": "list",
        "data": items[:10],
        "has_more": len(items) > 10,
        "url": f"/v1/checkout/sessions/{session.id}/line_items",
    }


def _refunds(charge: str, storage: Storage) -> StripeObject:
    found = [record.data for record in storage.all("refund") if record.data["charge"] == charge]
    url = f"/v1/charges/{charge}/refunds"
    return {"object": "list", "data": found[:10], "has_more": len(found) > 10, "url": url}
