"""Stripe's list objects: filters, pages, newest first."""

from __future__ import annotations

from .errors import StripeError, no_such
from .parameters import CreatedRange, ListCreated, ListParameters
from .storage import Record
from .types import StripeObject


def page(records: list[Record], parameters: ListParameters, url: str) -> StripeObject:
    """One page of ``records``, which come newest first."""
    if not 1 <= parameters.limit <= 100:
        raise StripeError(
            "Invalid integer: limit must be between 1 and 100",
            code="parameter_invalid_integer",
            param="limit",
        )
    if parameters.starting_after and parameters.ending_before:
        raise StripeError("You may only specify one of these parameters: starting_after, ending_before.")
    if isinstance(parameters, ListCreated):
        records = [record for record in records if _created_in(record, parameters.created)]
    ids = [record.id for record in records]
    if parameters.ending_before:
        before = records[: _position(ids, parameters.ending_before, "ending_before")]
        chosen, more = before[-parameters.limit :], len(before) > parameters.limit
    else:
        start = 0
        if parameters.starting_after:
            start = _position(ids, parameters.starting_after, "starting_after") + 1
        chosen = records[start : start + parameters.limit]
        more = len(records) > start + parameters.limit
    return {"object": "list", "data": [record.data for record in chosen], "has_more": more, "url": url}


def _position(ids: list[str], id: str, param: str) -> int:
    if id not in ids:
        raise no_such("object", id, param=param)
    return ids.index(id)


def _created_in(record: Record, wanted: CreatedRange | int | None) -> bool:
    created: int = record.data["created"]
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return created == wanted
    return (
        (wanted.gt is None or created > wanted.gt)
        and (wanted.gte is None or created >= wanted.gte)
        and (wanted.lt is None or created < wanted.lt)
        and (wanted.lte is None or created <= wanted.lte)
    )
