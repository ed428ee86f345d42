"""The way of an API request: key, version, parameters, faults, idempotency, endpoint, answer, log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import authentication, connections, errors, forms, idempotency, permissions, versions
from .errors import StripeError
from .faults import Fault
from .lifecycle import Cause
from .operations import OPERATIONS, Call, Handler
from .simulator import Simulator
from .types import FormData, StripeObject

logger = logging.getLogger(__name__)


def routes(simulator: Simulator) -> list[Route]:
    """One route for all; unknown paths and methods get Stripe's 404."""
    methods = ["GET", "POST", "DELETE", "PUT", "PATCH"]
    return [Route("/v1/{rest:path}", ApiEndpoint(simulator).answer, methods=methods)]


def find(method: str, path: str) -> tuple[Handler, str]:
    """The operation for a path, and the id that the path carries."""
    parts = path.split("/")
    for (known_method, template), handler in OPERATIONS.items():
        pattern = template.split("/")
        if known_method != method or len(pattern) != len(parts):
            continue
        if all(want == part or (want == "{id}" and part) for want, part in zip(pattern, parts)):
            id = parts[pattern.index("{id}")] if "{id}" in pattern else ""
            return handler, id
    raise errors.unrecognized_url(method, path)


class ApiEndpoint:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def answer(self, request: Request) -> Response:
        request_id = self._simulator.fresh_request_id
        entry: dict[str, Any] = {
            "id": request_id,
            "at": self._simulator.clock.now(),
            "method": request.method,
            "path": request.url.path,
            "parameters": {},
            # Selected ones. Never the key: a log is no place for it.
            "headers": {
                name: request.headers[name]
                for name in ("Stripe-Version", "Idempotency-Key", "Stripe-Account")
                if name in request.headers
            },
            "livemode": None,
            "status": None,
            "error": None,
            "replayed": False,
            "fault": None,
        }
        headers = {"Request-Id": request_id}
        try:
            status, body = await self._process(request, entry, headers)
        except StripeError as error:
            status, body = error.status, error.body(request_id, entry["livemode"])
        except _Silence as silence:
            entry["status"] = silence.status
            self._simulator.storage.log_request(entry)
            await self._say_nothing(request, silence.cut)
            return Response(status_code=499)
        except Exception:
            logger.exception("%s %s failed", request.method, request.url.path)
            failure = StripeError("The simulator has failed: see its log.", status=500, type="api_error")
            status, body = failure.status, failure.body(request_id, entry["livemode"])
        entry["status"] = status
        entry["error"] = body.get("error", {}).get("message")
        self._simulator.storage.log_request(entry)
        self._simulator.webhooks.start_due()
        return _response(status, body, headers)

    async def _process(
        self, request: Request, entry: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, StripeObject]:
        simulator = self._simulator
        method, path = request.method, request.url.path
        data = await _parameters(request)
        entry["parameters"] = forms.readable(data)
        livemode = authentication.livemode(request.headers.get("Authorization"))
        entry["livemode"] = livemode
        await simulator.pacer.wait()
        simulator.pacer.take(headers)
        simulator.catch_up()
        fault = simulator.faults.take(method, path)
        if fault is not None:
            entry["fault"] = fault.kind
            headers.update(fault.headers)
            _fail_before(fault)
        handler, id = find(method, path)
        account = simulator.account
        version = versions.parse(
            request.headers.get("Stripe-Version"),
            vipps_enrolled=account.enrolled(livemode) or account.vipps_generally_available,
        )
        restricted = authentication.restricted_key(request.headers.get("Authorization"))
        if restricted:
            permissions.check(method, path, restricted, account.restricted_key)
        headers["Stripe-Version"] = request.headers.get("Stripe-Version", versions.ACCOUNT_VERSION)
        name = request.headers.get("Idempotency-Key")
        key = idempotency.key_of(name, livemode, method, path, data)
        if key is not None:
            headers["Idempotency-Key"] = key.name
        with idempotency.in_use(key, simulator.busy_keys):
            if fault is not None and fault.kind == "slow":
                await self._be_slow(fault.seconds)
            kept = idempotency.kept_answer(key, simulator.storage, simulator.clock) if key else None
            if kept is not None:
                status, body = kept
                entry["replayed"] = True
                headers["Idempotent-Replayed"] = "true"
            else:
                cause = Cause(entry["id"], name if key else None)
                call = Call(simulator, livemode, version, data, cause, id)
                status, body, keep = _act(handler, call, fault)
                if key is not None and keep:
                    simulator.storage.keep_answer(
                        livemode, key.name, key.fingerprint, simulator.clock.now(), status, body
                    )
        if fault is not None and fault.kind == "timeout_after":
            simulator.webhooks.start_due()
            raise _Silence(status)
        return status, body

    async def _be_slow(self, seconds: float) -> None:
        """Without an effect when everything is reset meanwhile."""
        try:
            await asyncio.wait_for(self._simulator.released.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise _Silence(None)

    async def _say_nothing(self, request: Request, cut: bool) -> None:
        """Hold the connection until the client leaves, or cut it."""
        if not cut:
            left = asyncio.ensure_future(_client_left(request))
            released = asyncio.ensure_future(self._simulator.released.wait())
            _, pending = await asyncio.wait({left, released}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        connections.cut(request.client)
        await _client_left(request)  # so that nobody tries to answer


class _Silence(Exception):
    """No answer: the connection is held, or cut. ``status`` is what would have been answered."""

    def __init__(self, status: int | None, *, cut: bool = False) -> None:
        super().__init__()
        self.status = status
        self.cut = cut


def _fail_before(fault: Fault) -> None:
    if fault.kind == "timeout_before":
        raise _Silence(None)
    if fault.kind == "close":
        raise _Silence(None, cut=True)
    if fault.kind == "error" and not fault.kept:
        raise fault.as_error()


def _act(handler: Handler, call: Call, fault: Fault | None) -> tuple[int, StripeObject, bool]:
    """Status, body, and whether they are to be kept under an idempotency key."""
    try:
        if fault is not None and fault.kind == "error":
            raise fault.as_error()
        with call.simulator.atomic():
            return 200, handler(call), True
    except StripeError as error:
        request_id = call.cause.request_id or ""
        return error.status, error.body(request_id, call.livemode), not error.validation


async def _parameters(request: Request) -> FormData:
    """From the query and, for POST, from a form encoded body; nothing else is taken."""
    encoded = request.url.query
    body = await request.body()
    if body and request.method == "POST":
        content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type != "application/x-www-form-urlencoded":
            raise StripeError(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). "
                "If you have any questions, we can help at https://support.stripe.com/."
            )
        try:
            encoded = "&".join(part for part in (encoded, body.decode("ascii")) if part)
        except UnicodeDecodeError:
            raise StripeError("Invalid request: the body is not form encoded.") from None
    return forms.decode(encoded)


async def _client_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _response(status: int, body: StripeObject, headers: dict[str, str]) -> Response:
    content = json.dumps(body, indent=2, ensure_ascii=False)
    return Response(content, status, headers, media_type="application/json")
