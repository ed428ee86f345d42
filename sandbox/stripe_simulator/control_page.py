"""The control page, ``/_simulator/``: the control API for people."""

from __future__ import annotations

import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import control_page_payments as payments
from . import settings
from .errors import NotPossible, StripeError
from .faults import Fault
from .pages import moment, render
from .settings import Mode
from .simulator import Simulator
from .storage import Record
from .webhooks import Policy

_SHOWN = 25
_PAGE = "/_simulator/"

#: What the buttons offer; the control API offers more.
POLICIES = {
    "drop": "Drop the next event",
    "duplicate": "Send the next event twice",
    "delay": "Delay the next event by 30 seconds",
    "reorder": "Turn the order of the next 3 events round",
    "hold": "Hold the next 3 events",
    "concurrent": "Send the next 3 events at the same time",
}
FAULTS = {
    "error_500": "Answer the next request with 500",
    "error_429": "Answer the next request with 429",
    "timeout_before": "Don't answer the next request",
    "timeout_after": "Act on the next POST, but don't answer",
    "close": "Cut the next connection",
}
TIMES = {300: "5 minutes", 2100: "35 minutes", 604800: "7 days"}


def routes(simulator: Simulator) -> list[Route]:
    page = ControlPage(simulator)
    return [
        Route("/", _to_page),
        Route(_PAGE, page.show, methods=["GET"]),
        Route(_PAGE, page.act, methods=["POST"]),
    ]


async def _to_page(request: Request) -> Response:
    return RedirectResponse(_PAGE, 303)


class ControlPage:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def show(self, request: Request) -> Response:
        return self._page()

    def _page(self, refusal: str | None = None) -> Response:
        simulator = self._simulator
        simulator.catch_up()
        storage, clock = simulator.storage, simulator.clock
        deliveries: dict[str, list[dict[str, Any]]] = {}
        for delivery in simulator.webhooks.deliveries():
            deliveries.setdefault(delivery["event"], []).append(delivery)
        events = storage.all("event")
        requests = storage.requests()
        context = {
            "language": "en",
            "refusal": refusal,
            "now": moment(clock.now()),
            "ahead": str(datetime.timedelta(seconds=round(clock.offset))) if clock.offset >= 1 else None,
            "times": TIMES,
            "policies": POLICIES,
            "active_policies": simulator.webhooks.policies,
            "held": sum(d["status"] == "held" for group in deliveries.values() for d in group),
            "faults": FAULTS,
            "active_faults": simulator.faults.ordered,
            "account": simulator.account,
            "endpoints": [endpoint.data for endpoint in reversed(storage.all("webhook_endpoint"))],
            "payments": [
                payments.row(simulator, session) for session in storage.all("checkout.session")[:_SHOWN]
            ],
            "outcomes": payments.OUTCOMES,
            "reasons": payments.REASONS,
            "events": [_event(event, deliveries.get(event.id, [])) for event in events[:_SHOWN]],
            "requests": [{**entry, "at": moment(entry["at"])} for entry in reversed(requests[-_SHOWN:])],
            "shown": _SHOWN,
        }
        return render("control.html", context, 409 if refusal else 200)

    async def act(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        action, value = form.get("action", ""), form.get("value", "")
        try:
            payment = payments.act(self._simulator, action, form)
        except (NotPossible, StripeError) as error:
            return self._page(str(error))
        if payment is None:
            await self._do(action, value)
            return RedirectResponse(_PAGE, 303)
        await self._simulator.webhooks.settle(10)
        # Where the button was, so that on a phone nobody has to look for the payment again.
        return RedirectResponse(f"{_PAGE}#{payment}", 303)

    async def _do(self, action: str, value: str) -> None:
        """One button. An unknown one does nothing: the page shows how things stand."""
        simulator = self._simulator
        if action == "advance" and value.isdigit():
            await simulator.advance(int(value), timeout=30)
        elif action == "clock_reset":
            simulator.clock.reset()
        elif action == "policy" and value in POLICIES:
            count = 3 if value in ("reorder", "hold", "concurrent") else 1
            simulator.webhooks.policies.append(
                Policy(value, count, seconds=30)  # type: ignore[arg-type]
            )
        elif action == "policies_clear":
            simulator.webhooks.policies.clear()
        elif action == "release":
            simulator.webhooks.release()
            await simulator.webhooks.settle(10)
        elif action == "redeliver":
            event = simulator.storage.get("event", value)
            if event is not None:
                simulator.webhooks.redeliver(event)
                await simulator.webhooks.settle(10)
        elif action == "fault" and value in FAULTS:
            simulator.faults.ordered.append(_fault(value))
        elif action == "faults_clear":
            simulator.faults.ordered.clear()
            simulator.release_held()
        elif action == "account":
            self._change_account(value)
        elif action == "reset":
            await simulator.reset()

    def _change_account(self, what: str) -> None:
        account = self._simulator.account
        modes: dict[str, Mode] = {"enrolled_test": "test", "enrolled_live": "live"}
        if what in modes:
            account.vipps_enrolled[modes[what]] = not account.vipps_enrolled[modes[what]]
        elif what == "enabled":
            account.vipps_enabled = not account.vipps_enabled
        settings.save(self._simulator.storage, account)


def _event(event: Record, deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.data["type"],
        "object": event.data["data"]["object"]["id"],
        "created": moment(event.data["created"]),
        "deliveries": [
            {
                **delivery,
                "next": moment(delivery["next_attempt_at"]) if delivery["next_attempt_at"] else None,
                "answers": [_answer(attempt) for attempt in delivery["attempts"]],
            }
            for delivery in deliveries
        ],
    }


def _answer(attempt: dict[str, Any]) -> str:
    return str(attempt["status"] or attempt["error"].partition(":")[0])


def _fault(name: str) -> Fault:
    if name.startswith("error_"):
        return Fault(kind="error", status=int(name.removeprefix("error_")), keep=False)
    if name == "timeout_after":
        return Fault(kind="timeout_after", method="POST")
    return Fault(kind="close" if name == "close" else "timeout_before")
