"""From decoded parameters to a model, or to the error that Stripe would answer."""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .errors import StripeError, missing_parameter, not_simulated, unknown_parameters
from .parameters import Parameters
from .types import FormData

ModelT = TypeVar("ModelT", bound=Parameters)


def validate(model: type[ModelT], data: FormData) -> ModelT:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    unknown = [_name(problem) for problem in problems if problem["type"] == "extra_forbidden"]
    left_out = [name for name in unknown if re.sub(r"\[\d+\]", "", name) in model.not_simulated]
    if unknown and unknown == left_out:
        raise not_simulated(f"the parameter {unknown[0]}", unknown[0])
    if unknown:
        # Stripe names all of them at once; of other problems the first.
        raise unknown_parameters([name for name in unknown if name not in left_out])
    raise _as_stripe_error(problems[0])


def _as_stripe_error(problem: ErrorDetails) -> StripeError:
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
