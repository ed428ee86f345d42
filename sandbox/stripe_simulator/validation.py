"""From decoded parameters to a model, or to the error that Stripe would answer."""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .errors import StripeError, missing_parameter, unknown_parameters
from .parameters import Parameters
from .types import FormData

ModelT = TypeVar("ModelT", bound=Parameters)


def validate(model: type[ModelT], data: FormData) -> ModelT:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _as_stripe_error(error.errors(include_url=False)) from None


def _as_stripe_error(problems: list[ErrorDetails]) -> StripeError:
    """Stripe names all unknown parameters at once, and else the first problem."""
    unknown = [_name(problem) for problem in problems if problem["type"] == "extra_forbidden"]
    if unknown:
        return unknown_parameters(unknown)
    problem = problems[0]
    name, kind, context = _name(problem), problem["type"], problem.get("ctx", {})
    value = problem["input"]
    if kind == "missing":
        return missing_parameter(name)
    if kind == "stripe":
        text = str(context["text"]).replace("{param}", name)
        return StripeError(text, code=context["code"] or None, param=name)
    if kind == "literal_error":
        allowed = re.sub(r"'", "", str(context["expected"]))
        return StripeError(f"Invalid {name}: must be one of {allowed}", param=name)
    if kind == "string_too_long":
        text = str(value)
        return StripeError(
            f"Invalid string: {text[:12]}…{text[-12:]}; must be at most {context['max_length']} characters",
            param=name,
        )
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return StripeError("Invalid object", param=name)
    if kind == "string_type":
        return StripeError(f"Invalid string: {value}", param=name)
    return StripeError(f"Invalid {name}: {problem['msg']}", param=name)


def _name(problem: ErrorDetails) -> str:
    """``("line_items", 0, "price_data")`` as ``line_items[0][price_data]``.

    Where a field takes either of two types pydantic adds the type's name; it isn't Stripe's, and
    neither a parameter's name nor a number looks like it.
    """
    first, *rest = problem["loc"]
    inner = [part for part in rest if isinstance(part, int) or re.fullmatch(r"[a-z0-9_]+", part)]
    return str(first) + "".join(f"[{part}]" for part in inner)
