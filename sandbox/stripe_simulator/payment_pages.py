"""What a shopper meets: the hosted Checkout page and Vipps' test page.

They work without JavaScript; looking at one changes nothing, pressing a button is a POST.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import money, shopper, texts
from .errors import NotPossible
from .pages import local_moment, render
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
        language = _language(request, session)
        items = zip(session.private["line_items"], session.private["descriptions"], strict=True)
        context = {
            "items": [_item(item, description, language) for item, description in items],
            "total": money.shown(session.data["amount_total"], session.data["currency"], language),
            "manual": session.private["payment_intent_data"]["capture_method"] == "manual",
            "email": session.data["customer_email"],
            "methods": session.data["payment_method_types"],
            "note": ((session.data["custom_text"].get("submit") or {}).get("message")),
            "cancel_url": session.data["cancel_url"],
            "open_until": self._local_time(session.data["expires_at"], language),
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
        except NotPossible:
            return RedirectResponse(request.url.path, 303)
        return RedirectResponse(intent.data["next_action"]["redirect_to_url"]["url"], 303)

    # Vipps' test page

    async def vipps(self, request: Request) -> Response:
        intent = self._find(request, "payment_intent")
        if intent is None:
            return self._message(request, "unknown", None, status=404)
        session = self._simulator.lifecycle.session_of(intent)
        if not _is_current(intent, request):
            return self._message(
                request, "decided", session, link=f"/c/pay/{session.id}", label="to_checkout"
            )
        language = _language(request, session)
        context = {
            "amount": money.shown(intent.data["amount"], intent.data["currency"], language),
            "reference": session.data["client_reference_id"],
            "answer_before": self._local_time(intent.due or 0, language),
            "stripes_names": texts.STRIPES_NAMES,
        }
        return self._page(request, "vipps.html", session, context)

    async def answer(self, request: Request) -> Response:
        # First the form, which may be long in coming: nothing may happen between looking and acting.
        outcome = (await request.form()).get("outcome")
        intent = self._find(request, "payment_intent")
        if intent is None:
            return self._message(request, "unknown", None, status=404)
        if outcome == "authorize" and _is_current(intent, request):
            url = await shopper.authorize(self._simulator, intent)
        elif outcome == "fail" and _is_current(intent, request):
            url = shopper.decline(self._simulator, intent)
        else:  # the page says how things stand
            url = f"{request.url.path}?{request.url.query}"
        return RedirectResponse(url, 303)

    # Both

    def _find(self, request: Request, kind: str) -> Record | None:
        self._simulator.catch_up()
        return self._simulator.storage.get(kind, request.path_params["id"])

    def _local_time(self, timestamp: float, language: str) -> str:
        """This machine's time, which is the shopper's too in a sandbox; with the date if not today's."""
        moment = local_moment(timestamp)
        today = local_moment(self._simulator.clock.now()).date()
        if moment.date() == today:
            return moment.strftime("%H:%M")
        return moment.strftime("%d.%m. %H:%M" if language == "nb" else "%Y-%m-%d %H:%M")

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
        language = _language(request, session)
        livemode = session.livemode if session else False
        context = {**context, "language": language, "t": texts.TEXTS[language], "livemode": livemode}
        return render(template, context, status)


def _is_current(intent: Record, request: Request) -> bool:
    """Whether the payment waits, and for an answer on this page: an earlier attempt's stays as it ended."""
    attempt = request.query_params.get("attempt")
    return intent.data["status"] == "requires_action" and intent.data["payment_method"] == attempt


def _language(request: Request, session: Record | None) -> str:
    locale = session.data["locale"] if session else None
    return texts.language(locale, request.headers.get("Accept-Language", ""))


def _item(item: dict[str, Any], description: str | None, language: str) -> dict[str, Any]:
    return {
        "name": item["description"],
        "description": description,
        "quantity": item["quantity"],
        "each": money.shown(item["price"]["unit_amount"], item["currency"], language),
        "total": money.shown(item["amount_total"], item["currency"], language),
    }


def _problem(intent: Record | None) -> str | None:
    """Which text tells why the last try failed."""
    error = intent.data["last_payment_error"] if intent else None
    if not error:
        return None
    return "declined" if error["type"] == "card_error" else "timed_out"
