"""The control API's part that concerns payments: what shoppers, staff and banks do to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.routing import Route

from . import shopper, staff
from .control_json import WAIT_SECONDS, Body, find, read, route
from .disputes import Decision, Reason
from .refunds import Outcome, RefundDecision
from .simulator import Simulator
from .storage import Record


class PayBody(Body):
    outcome: Literal["authorize", "fail", "start"]
    wait: bool = True


class OutcomesBody(Body):
    outcomes: list[Outcome]


class RefundBody(Body):
    #: In øre; what is left of the payment when left out.
    amount: int | None = Field(default=None, ge=1)
    outcome: Outcome = "succeeded"


class DecideRefundBody(Body):
    status: RefundDecision


class DisputeBody(Body):
    reason: Reason = "fraudulent"
    #: In øre; what is left of the payment when left out.
    amount: int | None = Field(default=None, ge=1)
    inquiry: bool = False


class DecideDisputeBody(Body):
    status: Decision


class PaymentControl:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    # The shopper

    async def pay(self, request: Request) -> Any:
        body = await read(request, PayBody)
        simulator = self._simulator
        simulator.catch_up()
        session = find(simulator, request, "checkout.session")
        intent = shopper.start(simulator, session)
        if body.outcome == "start":
            url = intent.data["next_action"]["redirect_to_url"]["url"]
        elif body.outcome == "fail":
            url = shopper.decline(simulator, intent)
        else:
            url = await shopper.authorize(simulator, intent, wait=0)
        quiet = await simulator.webhooks.settle(shopper.REDIRECT_AFTER) if body.wait else False
        return {
            "url": url,
            "session": simulator.storage.need("checkout.session", session.id).data,
            "payment_intent": simulator.storage.need("payment_intent", intent.id).data,
            "quiet": quiet,
        }

    # Staff, in Stripe's Dashboard

    async def capture(self, request: Request) -> Any:
        return await self._change(
            request, "payment_intent", lambda intent: staff.capture(self._simulator, intent)
        )

    async def cancel(self, request: Request) -> Any:
        return await self._change(
            request, "payment_intent", lambda intent: staff.cancel(self._simulator, intent)
        )

    async def refund(self, request: Request) -> Any:
        body = await read(request, RefundBody)
        return await self._change(
            request,
            "payment_intent",
            lambda intent: staff.refund(self._simulator, intent, body.amount, body.outcome),
        )

    async def answer_dispute(self, request: Request) -> Any:
        return await self._change(request, "dispute", self._simulator.disputes.answer)

    # The bank

    async def expire_hold(self, request: Request) -> Any:
        return await self._change(request, "payment_intent", self._simulator.lifecycle.expire_hold)

    async def refund_outcomes(self, request: Request) -> Any:
        body = await read(request, OutcomesBody)
        self._simulator.refunds.outcomes[:] = body.outcomes
        return body.model_dump()

    async def decide_refund(self, request: Request) -> Any:
        body = await read(request, DecideRefundBody)
        return await self._change(
            request, "refund", lambda refund: self._simulator.refunds.decide(refund, body.status)
        )

    async def dispute(self, request: Request) -> Any:
        body = await read(request, DisputeBody)
        return await self._change(
            request,
            "payment_intent",
            lambda intent: self._simulator.disputes.open(
                intent, body.reason, body.amount, inquiry=body.inquiry
            ),
        )

    async def escalate_dispute(self, request: Request) -> Any:
        return await self._change(request, "dispute", self._simulator.disputes.escalate)

    async def decide_dispute(self, request: Request) -> Any:
        body = await read(request, DecideDisputeBody)
        return await self._change(
            request, "dispute", lambda dispute: self._simulator.disputes.decide(dispute, body.status)
        )

    async def _change(self, request: Request, kind: str, change: Callable[[Record], Record | None]) -> Any:
        """Answers what was changed, or what came of it, after its events were delivered."""
        self._simulator.catch_up()
        record = find(self._simulator, request, kind)
        with self._simulator.atomic():
            result = change(record) or record
        quiet = await self._simulator.webhooks.settle(WAIT_SECONDS)
        return {result.kind: result.data, "quiet": quiet}


def routes(simulator: Simulator) -> list[Route]:
    control = PaymentControl(simulator)
    return [
        route("POST", "sessions/{id}/pay", control.pay),
        route("POST", "payment_intents/{id}/capture", control.capture),
        route("POST", "payment_intents/{id}/cancel", control.cancel),
        route("POST", "payment_intents/{id}/refund", control.refund),
        route("POST", "payment_intents/{id}/expire_hold", control.expire_hold),
        route("POST", "payment_intents/{id}/dispute", control.dispute),
        route("POST", "refunds/outcomes", control.refund_outcomes),
        route("POST", "refunds/{id}/decide", control.decide_refund),
        route("POST", "disputes/{id}/answer", control.answer_dispute),
        route("POST", "disputes/{id}/escalate", control.escalate_dispute),
        route("POST", "disputes/{id}/decide", control.decide_dispute),
    ]
