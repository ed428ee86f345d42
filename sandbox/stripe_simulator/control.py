"""The control API: ``/_simulator/...``, JSON in and out, for tests and for the control page.

It belongs to the simulator, not to Stripe; ``README.rst`` documents it.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.routing import Route

from . import control_payments, settings
from .control_json import WAIT_SECONDS, Body, Refused, find, read, route
from .faults import Fault
from .pace import Pace
from .settings import Mode
from .simulator import Listener, Simulator
from .webhooks import Action, Policy, serialize, signature


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
            "disputes": "dispute",
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
        body = await read(request, ClockBody)
        if body.reset:
            self._simulator.clock.reset()
        quiet = await self._simulator.advance(body.advance, body.timeout)
        return {**self._clock(), "quiet": quiet}

    async def account(self, request: Request) -> Any:
        body = await read(request, AccountBody)
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
        body = await read(request, EndpointsBody)
        listeners = []
        for endpoint in body.endpoints:
            secrets = [*([endpoint.secret] if endpoint.secret else []), *endpoint.secrets]
            if not secrets:
                raise Refused("an endpoint needs a secret")
            listeners.append(Listener(endpoint.url, tuple(secrets)))
        self._simulator.set_listeners(listeners)
        return {"endpoints": [listener.url for listener in listeners]}

    # Events

    async def add_policy(self, request: Request) -> Any:
        body = await read(request, PolicyBody)
        self._simulator.webhooks.policies.append(Policy(**body.model_dump()))
        return body.model_dump()

    async def clear_policies(self, request: Request) -> Any:
        self._simulator.webhooks.policies.clear()
        return {}

    async def release(self, request: Request) -> Any:
        released = self._simulator.webhooks.release()
        return {"released": released, "quiet": await self._simulator.webhooks.settle(WAIT_SECONDS)}

    async def redeliver(self, request: Request) -> Any:
        sent = self._simulator.webhooks.redeliver(find(self._simulator, request, "event"))
        return {"sent": sent, "quiet": await self._simulator.webhooks.settle(WAIT_SECONDS)}

    async def signed(self, request: Request) -> Any:
        event = find(self._simulator, request, "event")
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
        body = await read(request, WaitBody)
        self._simulator.catch_up()
        quiet = await self._simulator.webhooks.settle(body.timeout)
        return {"quiet": quiet, "deliveries": self._simulator.webhooks.deliveries()}

    # Faults

    async def add_fault(self, request: Request) -> Any:
        fault = await read(request, Fault)
        self._simulator.faults.ordered.append(fault)
        return fault.model_dump()

    async def clear_faults(self, request: Request) -> Any:
        """Also ends requests that are held without an answer."""
        self._simulator.faults.ordered.clear()
        self._simulator.release_held()
        return {}

    async def set_pace(self, request: Request) -> Any:
        self._simulator.pacer.pace = await read(request, Pace)
        return self._simulator.pacer.pace.model_dump()

    def _clock(self) -> dict[str, Any]:
        clock = self._simulator.clock
        return {"now": clock.now(), "offset": clock.offset}


def routes(simulator: Simulator) -> list[Route]:
    control = Control(simulator)
    return [
        route("POST", "reset", control.reset),
        route("GET", "state", control.state),
        route("GET", "requests", control.requests),
        route("POST", "clock", control.clock),
        route("POST", "account", control.account),
        route("POST", "webhooks", control.set_webhooks),
        route("POST", "events/policy", control.add_policy),
        route("DELETE", "events/policy", control.clear_policies),
        route("POST", "events/release", control.release),
        route("POST", "events/{id}/redeliver", control.redeliver),
        route("GET", "events/{id}/signed", control.signed),
        route("POST", "deliveries/wait", control.wait),
        route("POST", "faults", control.add_fault),
        route("DELETE", "faults", control.clear_faults),
        route("POST", "pace", control.set_pace),
        *control_payments.routes(simulator),
    ]
