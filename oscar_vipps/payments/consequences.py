"""What follows when a payment comes into a state, once each: notes, signals, the order's status, stock.

Called by ``settle`` alone, with the payment and the order locked. Whatever goes out, mail and signals, waits
for the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import OperationalError, transaction
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from oscar_vipps import signals
from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import trail
from oscar_vipps.models import Flag, Payment, Refund
from oscar_vipps.money import to_decimal
from oscar_vipps.shop import orders
from oscar_vipps.shop.reinstatement import CannotReinstate, reinstate
from oscar_vipps.shop.reversal import reverse

from .announcements import announce
from .flags import flag
from .states import ENDED, State

logger = logging.getLogger("oscar_vipps")

SIGNALS: dict[State, Signal] = {
    State.AUTHORIZED: signals.payment_authorized,
    State.CAPTURED: signals.payment_captured,
    State.CANCELLED: signals.payment_cancelled,
    State.EXPIRED: signals.payment_expired,
}

NOTES: dict[State, Any] = {
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.AUTHORIZED: _("Vipps: NOK {amount} is reserved. It must be captured within seven days."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.CAPTURED: _("Vipps: NOK {amount} is paid."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.CANCELLED: _("Vipps: the payment of NOK {amount} was cancelled. The shop has no money."),
    # Translators: a note on the order, for staff. {amount} is a number such as 249.00
    State.EXPIRED: _("Vipps: NOK {amount} was not paid in time. The shop has no money."),
}

# Translators: a note on the order, for staff. {amount} is a number such as 249.00
LATE_NOTE = _("Vipps: NOK {amount} arrived after the order had ended, and is to go back to the shopper.")
# Translators: a note on the order, for staff. {amount} is a number such as 249.00
RELEASED_NOTE = _("Vipps: the reservation of NOK {amount}, which came too late, is released.")
# Translators: a note on the order, for staff. {amount} is a number such as 249.00
REINSTATED_NOTE = _("Vipps: NOK {amount} arrived after the order had ended. The order is taken up again.")


def enter(payment: Payment, order: Any, state: State, *, is_called_off: bool) -> None:
    """What happens once, when a payment comes into a state.

    ``is_called_off``: staff cancelled the order while its payment lived.
    """
    if state == State.OPEN:
        return
    logger.info("Order %s: payment %s", order.number, state.value, extra=payment.log_extra(state=state.value))
    # Before the shop's own code runs, which may put something that fails behind the commit.
    announce(SIGNALS[state], payment)
    orders.add_note(order, NOTES[state], payment.amount)
    if state in ENDED:
        # What was to be refunded of it isn't taken.
        payment.refunds.filter(status=Refund.Status.REQUESTED).update(status=Refund.Status.CANCELLED)
        reverse(order)
    elif is_called_off:
        # The order stays what they made it.
        flag(payment, Flag.Reason.ORDER_CANCELLED, f"NOK {to_decimal(payment.amount)} is {state.value}")
        return
    if state == State.CANCELLED and payment.released and not payment.cancel_requested_at:
        flag(
            payment,
            Flag.Reason.RESERVATION_LOST,
            f"NOK {to_decimal(payment.amount)} was not captured in time",
        )
    follow(payment, order, state.value)


def follow(payment: Payment, order: Any, outcome: str) -> None:
    """The order's status follows, where pipeline and shop let it; the money is what it is in any case."""
    _move(payment, order, outcome, partial(orders.follow, order, outcome))


def go_back(payment: Payment, order: Any, outcomes: tuple[str, ...]) -> None:
    """The same, to what the order was before it followed its payment to one of these."""
    _move(payment, order, "what it was", partial(orders.go_back, order, outcomes))


def _move(payment: Payment, order: Any, where: str, move: Callable[[], object]) -> None:
    try:
        # A savepoint: what the shop's handler began is undone with it, and nothing else.
        with transaction.atomic():
            move()
    except orders.StatusRefused as error:
        flag(payment, Flag.Reason.STATUS_REFUSED, str(error))
        order.refresh_from_db()
    except OperationalError:
        # A deadlock or a lost connection is nobody's opinion of the status: everything is tried again.
        raise
    except Exception as error:  # noqa: BLE001 - the shop's own code, called by Oscar
        logger.error(
            "Order %s could not follow its payment to '%s': %s",
            order.number,
            where,
            trail(error),
            extra=payment.log_extra(),
        )
        flag(payment, Flag.Reason.STATUS_REFUSED, f"{type(error).__name__} while going to '{where}'")
        order.refresh_from_db()


def take_up_again(payment: Payment, order: Any) -> bool:
    """Reinstate the order for money that came late, where the shop wants that and it can be done.

    Not where somebody asked for the cancellation, or has the basket back and may have ordered again.
    """
    is_wanted = get_settings().late_payment == "reinstate" and payment.state == State.EXPIRED
    is_whole = payment.amount_held == payment.amount and not payment.refunds.exists()
    if not is_wanted or not is_whole or payment.cancel_requested_at or payment.basket_returned_at:
        return False
    outcome = State.CAPTURED if payment.amount_captured else State.AUTHORIZED
    try:
        reinstate(order, outcome.value)
    except CannotReinstate as error:
        logger.warning("Order %s is not taken up again: %s", order.number, error, extra=payment.log_extra())
        return False
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - the shop's own code, called by Oscar
        logger.error(
            "Order %s could not be taken up again: %s", order.number, trail(error), extra=payment.log_extra()
        )
        order.refresh_from_db()
        return False
    orders.add_note(order, REINSTATED_NOTE, payment.amount)
    return True


def notice_late_money(payment: Payment, order: Any) -> None:
    """Money came after the end, and must go back: flagged until it has."""
    held = max(payment.amount_authorized, payment.amount_captured)
    if flag(payment, Flag.Reason.LATE_PAYMENT, f"NOK {to_decimal(held)} at {payment.payment_intent_id}"):
        orders.add_note(order, LATE_NOTE, held)


def notice_late_release(payment: Payment, order: Any) -> None:
    """A reservation that came after the end is gone again."""
    orders.add_note(order, RELEASED_NOTE, payment.amount_authorized)
