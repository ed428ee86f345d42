"""What a shopper does in the browser; the pages and the control API both go through here."""

from __future__ import annotations

from .errors import NotPossible
from .simulator import Simulator
from .storage import Record

#: Hosted Checkout waits this long for the answer to ``checkout.session.completed``.
REDIRECT_AFTER = 10.0


def start(simulator: Simulator, session: Record) -> Record:
    """Press "Pay with Vipps"."""
    if session.data["status"] != "open":
        raise NotPossible(f"The Checkout Session is {session.data['status']}.")
    if "vipps" not in session.data["payment_method_types"]:
        raise NotPossible("The Checkout Session does not offer Vipps.")
    with simulator.atomic():
        intent = simulator.lifecycle.start_payment(session)
    simulator.webhooks.start_due()
    return intent


async def authorize(simulator: Simulator, intent: Record, *, wait: float = REDIRECT_AFTER) -> str:
    """Approve; returns where the browser goes, after the shop heard of it or didn't in time."""
    _check_pending(intent)
    with simulator.atomic():
        completed = simulator.lifecycle.authorize(intent)
    simulator.webhooks.start_due()
    if wait:
        await simulator.webhooks.first_attempt(completed, wait)
    session = simulator.lifecycle.session_of(intent)
    return success_url(session)


def decline(simulator: Simulator, intent: Record) -> str:
    """Fail; the browser goes back to the hosted page."""
    _check_pending(intent)
    with simulator.atomic():
        simulator.lifecycle.decline(intent)
    simulator.webhooks.start_due()
    return str(simulator.lifecycle.session_of(intent).data["url"])


def success_url(session: Record) -> str:
    return str(session.data["success_url"]).replace("{CHECKOUT_SESSION_ID}", session.id)


def _check_pending(intent: Record) -> None:
    if intent.data["status"] != "requires_action":
        raise NotPossible(f"The payment is not waiting for an answer: it is {intent.data['status']}.")
