"""The control API: ``/_simulator/...``, JSON in and out, for tests and for the control page.

It belongs to the simulator, not to Stripe; ``README.rst`` documents it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import settings, shopper
from .faults import Fault
from .refunds import Outcome
from .settings import Mode
from .simulator import Listener, Simulator
from .storage import Record
from .webhooks import Action, Policy, serialize, signature

ModelT = TypeVar("ModelT", bound=BaseModel)

#: How long the simulator waits for a shop's answers before it says that it is not quiet.
WAIT_SECONDS = 30.0


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockBody(Body):
    advance: float = Field(default=0, ge=0)
    reset: bool = False
    timeout: float = Field(default=WAIT_SECONDS, gt=0, le=600)


class PolicyBody(Body):
    action: Action
    count: int = Field(default=1, ge=1)
    types: list[str] = []
    seconds: float = Field(default=0, ge=0)


class WaitBody(Body):
    timeout: float = Field(default=WAIT_SECONDS, gt=0, le=600)


class AccountBody(Body):
    vipps_enrolled: bool | None = None
    #: Which mode's enrolment; both when left out.
    mode: Mode | None = None
    vipps_enabled: bool | None = None
    vipps_generally_available: bool | None = None
    charges_enabled: bool | None = None
    #: Permissions of restricted keys; null lifts the restriction.
    restricted_key: list[str] | None = None


class EndpointBody(Body):
    url: str
    secret: str | None = None
    #: More than one while a secret is rolled.
    secrets: list[str] = []


class EndpointsBody(Body):
    endpoints: list[EndpointBody]


class PayBody(Body):
    outcome: Literal["authorize", "fail", "start"]
    wait: bool = True


class OutcomesBody(Body):
    outcomes: list[Outcome]


class DecideBody(Body):
    status: Literal["succeeded", "failed", "canceled"]


class Refused(Exception):
    """A control request that can't be done; ``status`` and a sentence."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def reset(self, request: Request) -> Any:
        await self._simulator.reset()
        return self._clock()

    async def state(self, request: Request) -> Any:
        simulator = self._simulator
        simulator.catch_up()
        kinds = {
            "sessions": "checkout.session",
            "payment_intents": "payment_intent",
            "charges": "charge",
            "refunds": "refund",
            "events": "event",
            "endpoints": "webhook_endpoint",
        }
        found = {
            name: [record.data for record in reversed(simulator.storage.all(kind))]
            for name, kind in kinds.items()
        }
        return {
            **self._clock(),
            "account": simulator.account.model_dump(),
            **found,
            "deliveries": simulator.webhooks.deliveries(),
            "policies": [
                {"action": p.action, "count": p.count, "types": p.types, "seconds": p.seconds}
                for p in simulator.webhooks.policies
            ],
            "faults": [fault.model_dump() for fault in simulator.faults.ordered],
        }

    async def requests(self, request: Request) -> Any:
        return {"requests": self._simulator.storage.requests()}

    async def clock(self, request: Request) -> Any:
        body = await _read(request, ClockBody)
        if body.reset:
            self._simulator.clock.reset()
        quiet = await self._simulator.advance(body.advance, body.timeout)
        return {**self._clock(), "quiet": quiet}

    async def account(self, request: Request) -> Any:
        body = await _read(request, AccountBody)
        account = self._simulator.account
        if body.vipps_enrolled is not None:
            modes: list[Mode] = ["test", "live"] if body.mode is None else [body.mode]
            account.vipps_enrolled.update(dict.fromkeys(modes, body.vipps_enrolled))
        if body.vipps_enabled is not None:
            account.vipps_enabled = body.vipps_enabled
        if body.vipps_generally_available is not None:
            account.vipps_generally_available = body.vipps_generally_available
        if body.charges_enabled is not None:
            account.charges_enabled = body.charges_enabled
        if "restricted_key" in body.model_fields_set:
            account.restricted_key = body.restricted_key
        settings.save(self._simulator.storage, account)
        return account.model_dump()

    async def set_webhooks(self, request: Request) -> Any:
        body = await _read(request, EndpointsBody)
        listeners = []
        for endpoint in body.endpoints:
            secrets = [*([endpoint.secret] if endpoint.secret else []), *endpoint.secrets]
            if not secrets:
                raise Refused("an endpoint needs a secret")
            listeners.append(Listener(endpoint.url, tuple(secrets)))
        self._simulator.set_listeners(listeners)
        return {"endpoints": [listener.url for listener in listeners]}

    async def pay(self, request: Request) -> Any:
        body = await _read(request, PayBody)
        simulator = self._simulator
        simulator.catch_up()
        session = self._find(request, "checkout.session")
        try:
            intent = shopper.start(simulator, session)
            if body.outcome == "start":
                url = intent.data["next_action"]["redirect_to_url"]["url"]
            elif body.outcome == "fail":
                url = shopper.decline(simulator, intent)
            else:
                url = await shopper.authorize(simulator, intent, wait=0)
        except shopper.NotPossible as error:
            raise Refused(str(error), 409) from None
        quiet = await simulator.webhooks.settle(shopper.REDIRECT_AFTER) if body.wait else False
        return {
            "url": url,
            "session": simulator.storage.need("checkout.session", session.id).data,
            "payment_intent": simulator.storage.need("payment_intent", intent.id).data,
            "quiet": quiet,
        }

    # Events

    async def add_policy(self, request: Request) -> Any:
        body = await _read(request, PolicyBody)
        self._simulator.webhooks.policies.append(Policy(**body.model_dump()))
        return body.model_dump()

    async def clear_policies(self, request: Request) -> Any:
        self._simulator.webhooks.policies.clear()
        return {}

    async def release(self, request: Request) -> Any:
        released = self._simulator.webhooks.release()
        return {"released": released, "quiet": await self._simulator.webhooks.settle(WAIT_SECONDS)}

    async def redeliver(self, request: Request) -> Any:
        sent = self._simulator.webhooks.redeliver(self._find(request, "event"))
        return {"sent": sent, "quiet": await self._simulator.webhooks.settle(WAIT_SECONDS)}

    async def signed(self, request: Request) -> Any:
        event = self._find(request, "event")
        secrets = request.query_params.getlist("secret")
        timestamp = request.query_params.get("timestamp")
        if not secrets:
            raise Refused("the query needs a secret")
        if timestamp is not None and not timestamp.lstrip("-").isdigit():
            raise Refused("the timestamp must be an integer")
        body = serialize(event.data)
        header = signature(body, secrets, None if timestamp is None else int(timestamp))
        return {"body": body.decode(), "signature": header}

    async def wait(self, request: Request) -> Any:
        body = await _read(request, WaitBody)
        self._simulator.catch_up()
        quiet = await self._simulator.webhooks.settle(body.timeout)
        return {"quiet": quiet, "deliveries": self._simulator.webhooks.deliveries()}

    # Faults and refunds

    async def add_fault(self, request: Request) -> Any:
        fault = await _read(request, Fault)
        self._simulator.faults.ordered.append(fault)
        return fault.model_dump()

    async def clear_faults(self, request: Request) -> Any:
        """Also ends requests that are held without an answer."""
        self._simulator.faults.ordered.clear()
        self._simulator.release_held()
        return {}

    async def refund_outcomes(self, request: Request) -> Any:
        body = await _read(request, OutcomesBody)
        self._simulator.refunds.outcomes[:] = body.outcomes
        return body.model_dump()

    async def decide_refund(self, request: Request) -> Any:
        body = await _read(request, DecideBody)
        refund = self._find(request, "refund")
        if refund.data["status"] in ("failed", "canceled", body.status):
            raise Refused(f"the refund is {refund.data['status']} already", 409)
        with self._simulator.atomic():
            self._simulator.refunds.decide(refund, body.status)
        quiet = await self._simulator.webhooks.settle(WAIT_SECONDS)
        return {"refund": refund.data, "quiet": quiet}

    def _clock(self) -> dict[str, Any]:
        clock = self._simulator.clock
        return {"now": clock.now(), "offset": clock.offset}

    def _find(self, request: Request, kind: str) -> Record:
        id = request.path_params["id"]
        record = self._simulator.storage.get(kind, id)
        if record is None:
            raise Refused(f"no {kind} {id}", 404)
        return record


async def _read(request: Request, model: type[ModelT]) -> ModelT:
    raw = await request.body()
    try:
        return model.model_validate(json.loads(raw) if raw else {})
    except (ValueError, ValidationError) as error:
        raise Refused(str(error)) from None


def _as_json(handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except Refused as error:
            return JSONResponse({"error": str(error)}, error.status)

    return endpoint


def routes(simulator: Simulator) -> list[Route]:
    control = Control(simulator)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Any]]]] = [
        ("POST", "reset", control.reset),
        ("GET", "state", control.state),
        ("GET", "requests", control.requests),
        ("POST", "clock", control.clock),
        ("POST", "account", control.account),
        ("POST", "webhooks", control.set_webhooks),
        ("POST", "sessions/{id}/pay", control.pay),
        ("POST", "events/policy", control.add_policy),
        ("DELETE", "events/policy", control.clear_policies),
        ("POST", "events/release", control.release),
        ("POST", "events/{id}/redeliver", control.redeliver),
        ("GET", "events/{id}/signed", control.signed),
        ("POST", "deliveries/wait", control.wait),
        ("POST", "faults", control.add_fault),
        ("DELETE", "faults", control.clear_faults),
        ("POST", "refunds/outcomes", control.refund_outcomes),
        ("POST", "refunds/{id}/decide", control.decide_refund),
    ]
    return [
        Route(f"/_simulator/{path}", _as_json(handler), methods=[method]) for method, path, handler in table
    ]
