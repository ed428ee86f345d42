"""What is personal in this app's rows, blanked. Amounts, states, Stripe's ids and the books stay.

Only of payments that are over: whoever asks to be forgotten still gets money back, and a shop still has to
answer the bank. Oscar's rows (account, order, addresses, notes, mail) are the shop's to erase.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from oscar_vipps.exceptions import VippsError
from oscar_vipps.models import Flag, Payment, Refund, WebhookEvent
from oscar_vipps.webhooks import inbox

from .customers import events_of, payments_of

logger = logging.getLogger("oscar_vipps")

#: Instead of Stripe's word for why a try was declined. That one was stays, for the figures.
DECLINED = "declined"


class NotOver(VippsError):
    """Money may still move, or somebody has to see to the payment: its rows are needed as they are.

    The message says what it is.
    """


@dataclass(frozen=True)
class Outcome:
    """What became of one payment; ``hindrance`` is why it was left as it is, or empty."""

    payment: Payment
    hindrance: str
    #: Whether there was anything left to erase.
    is_changed: bool = False


def erase_customer(email: str, *, dry_run: bool = False) -> list[Outcome]:
    """Erase what is personal in the payments of the customer with this e-mail address, each by itself.

    To be called before the shop erases the address from orders and account, by which the payments are found.
    May be repeated: what was left the first time is tried again.
    """
    return [_try_to_erase(payment, dry_run=dry_run) for payment in payments_of(email)]


def _try_to_erase(payment: Payment, *, dry_run: bool) -> Outcome:
    try:
        is_changed = would_erase(payment) if dry_run else erase_payment(payment)
    except NotOver as hindrance:
        return Outcome(payment, str(hindrance))
    return Outcome(payment, "", is_changed)


def would_erase(payment: Payment) -> bool:
    """Whether there is anything to erase; raises ``NotOver``. Nothing is changed."""
    if reason := hindrance(payment):
        raise NotOver(reason)
    return any(_personal(rows, blank).exists() for rows, blank in _blanks(payment, events_of(payment)))


def erase_payment(payment: Payment) -> bool:
    """Blank what is personal; whether there was anything left. Raises ``NotOver``, and nothing is changed."""
    with transaction.atomic():
        # Events before their payment, as where they are processed.
        events = list(events_of(payment).order_by("pk").select_for_update().values_list("pk", flat=True))
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if reason := hindrance(payment):
            raise NotOver(reason)
        # Not one that has come meanwhile: it is still to be processed.
        seen = WebhookEvent.objects.filter(pk__in=events)
        changed = sum(_personal(rows, blank).update(**blank) for rows, blank in _blanks(payment, seen))
    if changed:
        logger.info(
            "Order %s: what is personal in its payment is erased",
            payment.order.number,
            extra=payment.log_extra(),
        )
    return bool(changed)


def hindrance(payment: Payment) -> str:
    """Why the payment can't be erased yet; empty where it can."""
    if not (payment.state == Payment.State.CAPTURED or payment.has_ended):
        # Translators: these follow "Order 100001: left as it is: ". %(state)s is "Reserved" or the like
        return _("it is not over (%(state)s)") % {"state": payment.get_state_display()}
    if payment.has_ended and payment.holds_money:
        return _("money came after its end, and is to go back")
    if payment.refunds.filter(status__in=[Refund.Status.REQUESTED, Refund.Status.PENDING]).exists():
        return _("a refund is on its way")
    if any(dispute.is_open for dispute in payment.disputes.all()):
        return _("the shopper's bank has not decided about a dispute")
    if payment.flags.filter(resolved_at=None).exists():
        return _("something about it needs attention")
    if events_of(payment).filter(inbox.UNFINISHED).exists():
        return _("an event about it is not processed")
    return ""


def _blanks(payment: Payment, events: QuerySet[WebhookEvent]) -> list[tuple[QuerySet[Any], dict[str, Any]]]:
    """Rows of the payment, and what is to stand in them. Their times of change aren't touched."""
    itself = Payment.objects.filter(pk=payment.pk)
    return [
        (itself, {"session_url": ""}),
        (itself, {"language": settings.LANGUAGE_CODE[:16]}),
        (itself.exclude(decline_code=""), {"decline_code": DECLINED}),
        (payment.refunds.all(), {"reason": "", "failure_reason": ""}),
        (payment.disputes.all(), {"reason": ""}),
        (Flag.objects.filter(payment=payment), {"detail": ""}),
        # The row stays, by which an event that comes again is known to be done.
        (events, {"payload": {}}),
    ]


def _personal(rows: QuerySet[Any], blank: dict[str, Any]) -> QuerySet[Any]:
    """Those that aren't blank already."""
    return rows.exclude(**blank)
