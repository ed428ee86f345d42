"""What a shopper meets: the hosted Checkout page and Vipps' test page.

They work without JavaScript; looking at one changes nothing, pressing a button is a POST.
"""

from __future__ import annotations

import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import money, shopper, texts
from .pages import render
from .simulator import Simulator
from .storage import Record


def routes(simulator: Simulator) -> list[Route]:
    pages = PaymentPages(simulator)
    return [
        Route("/c/pay/{id}", pages.checkout, methods=["GET"]),
        Route("/c/pay/{id}", pages.pay, methods=["POST"]),
        Route("/vipps/test/{id}", pages.vipps, methods=["GET"]),
        Route("/vipps/test/{id}", pages.answer, methods=["POST"]),
    ]


class PaymentPages:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    # Hosted Checkout

    async def checkout(self, request: Request) -> Response:
        session = self._find(request, "checkout.session")
        if session is None:
            return self._message(request, "unknown", None, status=404)
        status = session.data["status"]
        if status == "complete":
            return self._message(request, "complete", session, link=shopper.success_url(session))
        if status == "expired":
            return self._message(request, "expired", session, link=session.data["cancel_url"], status=410)
        intent = self._simulator.lifecycle.intent_of(session)
        items = zip(session.private["line_items"], session.private["descriptions"], strict=True)
        context = {
            "items": [_item(item, description) for item, description in items],
            "total": money.norwegian(session.data["amount_total"], session.data["currency"]),
            "manual": session.private["payment_intent_data"]["capture_method"] == "manual",
            "email": session.data["customer_email"],
            "methods": session.data["payment_method_types"],
            "note": ((session.data["custom_text"].get("submit") or {}).get("message")),
            "cancel_url": session.data["cancel_url"],
            "open_until": self._local_time(session.data["expires_at"]),
            "problem": _problem(intent),
            "waiting": intent is not None and intent.data["status"] == "requires_action",
        }
        return self._page(request, "checkout.html", session, context)

    async def pay(self, request: Request) -> Response:
        session = self._find(request, "checkout.session")
        if session is None:
            return self._message(request, "unknown", None, status=404)
        try:
            intent = shopper.start(self._simulator, session)
        except shopper.NotPossible:
            return RedirectResponse(request.url.path, 303)
        return RedirectResponse(intent.data["next_action"]["redirect_to_url"]["url"], 303)

    # Vipps' test page

    async def vipps(self, request: Request) -> Response:
        intent = self._find(request, "payment_intent")
        if intent is None:
            return self._message(request, "unknown", None, status=404)
        session = self._simulator.lifecycle.session_of(intent)
        if intent.data["status"] != "requires_action":
            return self._message(
                request, "decided", session, link=f"/c/pay/{session.id}", label="to_checkout"
            )
        context = {
            "amount": money.norwegian(intent.data["amount"], intent.data["currency"]),
            "reference": session.data["client_reference_id"],
            "answer_before": self._local_time(intent.due or 0),
        }
        return self._page(request, "vipps.html", session, context)

    async def answer(self, request: Request) -> Response:
        intent = self._find(request, "payment_intent")
        if intent is None:
            return self._message(request, "unknown", None, status=404)
        form: FormData = await request.form()
        try:
            if form.get("outcome") == "authorize":
                url = await shopper.authorize(self._simulator, intent)
            else:
                url = shopper.decline(self._simulator, intent)
        except shopper.NotPossible:
            url = request.url.path
        return RedirectResponse(url, 303)

    # Both

    def _find(self, request: Request, kind: str) -> Record | None:
        self._simulator.catch_up()
        return self._simulator.storage.get(kind, request.path_params["id"])

    def _local_time(self, timestamp: float) -> str:
        """This machine's time, which is the shopper's too in a sandbox; with the date if not today's."""
        moment = datetime.datetime.fromtimestamp(timestamp)
        today = datetime.datetime.fromtimestamp(self._simulator.clock.now()).date()
        return moment.strftime("%H:%M" if moment.date() == today else "%d.%m. %H:%M")

    def _message(
        self,
        request: Request,
        name: str,
        session: Record | None,
        *,
        link: str | None = None,
        label: str = "to_shop",
        status: int = 200,
    ) -> Response:
        context = {"name": name, "link": link, "label": label}
        return self._page(request, "message.html", session, context, status=status)

    def _page(
        self,
        request: Request,
        template: str,
        session: Record | None,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> Response:
        locale = session.data["locale"] if session else None
        language = texts.language(locale, request.headers.get("Accept-Language", ""))
        livemode = session.livemode if session else False
        context = {**context, "language": language, "t": texts.TEXTS[language], "livemode": livemode}
        return render(template, context, status)


def _item(item: dict[str, Any], description: str | None) -> dict[str, Any]:
    return {
        "name": item["description"],
        "description": description,
        "quantity": item["quantity"],
        "each": money.norwegian(item["price"]["unit_amount"], item["currency"]),
        "total": money.norwegian(item["amount_total"], item["currency"]),
    }


def _problem(intent: Record | None) -> str | None:
    """Which text tells why the last try failed."""
    error = intent.data["last_payment_error"] if intent else None
    if not error:
        return None
    return "declined" if error["type"] == "card_error" else "timed_out"
