"""Marks on payments that a person has to look at."""

from __future__ import annotations

import logging

from django.utils import timezone

from oscar_vipps.models import Flag, Payment
from oscar_vipps.signals import payment_needs_attention

from .announcements import announce

logger = logging.getLogger("oscar_vipps")


def resolve(payment: Payment, *reasons: Flag.Reason) -> None:
    """What these marks asked for is done."""
    Flag.objects.filter(payment=payment, reason__in=reasons, resolved_at=None).update(
        resolved_at=timezone.now()
    )


def reopen(payment: Payment, *reasons: Flag.Reason) -> None:
    """What was done is undone."""
    done = Flag.objects.filter(payment=payment, reason__in=reasons).exclude(resolved_at=None)
    done.update(resolved_at=None)


def flag(payment: Payment, reason: Flag.Reason, detail: str) -> bool:
    """Mark the (locked) payment; tells whether that is news.

    ``detail`` is for staff and holds nothing personal.

    There is one mark for each reason. The same news again is none; other news, or the same after somebody
    resolved it, opens the mark again.
    """
    # A locking read, which sees what is there now on every isolation level.
    found = Flag.objects.select_for_update().filter(payment=payment, reason=reason).first()
    if found is None:
        Flag.objects.create(payment=payment, reason=reason, detail=detail)
    elif found.resolved_at is None and detail in found.detail.splitlines():
        return False
    else:
        found.detail = "\n".join(filter(None, (found.detail, detail)))
        found.resolved_at = None
        found.save(update_fields=["detail", "resolved_at"])
    logger.warning(
        "Order %s needs attention: %s: %s",
        payment.order.number,
        reason.value,
        detail,
        extra=payment.log_extra(reason=reason.value),
    )
    announce(payment_needs_attention, payment, reason=reason)
    return True
