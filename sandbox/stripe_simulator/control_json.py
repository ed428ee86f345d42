"""JSON in and out, for the control API: bodies are read, refusals answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .errors import NotPossible, StripeError
from .simulator import Simulator
from .storage import Record

ModelT = TypeVar("ModelT", bound=BaseModel)

#: Answers a request with what is to be sent as JSON.
JsonHandler = Callable[[Request], Awaitable[Any]]

#: How long the simulator waits for a shop's answers before it says that it is not quiet.
WAIT_SECONDS = 30.0


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Refused(Exception):
    """A control request that can't be done; ``status`` and a sentence."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


async def read(request: Request, model: type[ModelT]) -> ModelT:
    raw = await request.body()
    try:
        return model.model_validate(json.loads(raw) if raw else {})
    except (ValueError, ValidationError) as error:
        raise Refused(str(error)) from None


def find(simulator: Simulator, request: Request, kind: str) -> Record:
    """The object that the path names."""
    id = request.path_params["id"]
    record = simulator.storage.get(kind, id)
    if record is None:
        raise Refused(f"no {kind} {id}", 404)
    return record


def route(method: str, path: str, handler: JsonHandler) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except Refused as error:
            return JSONResponse({"error": str(error)}, error.status)
        except (NotPossible, StripeError) as error:
            return JSONResponse({"error": str(error)}, 409)

    return Route(f"/_simulator/{path}", endpoint, methods=[method])
