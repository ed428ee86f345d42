"""Marks on payments that a person has to look at."""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction

from oscar_vipps.models import Flag, Payment
from oscar_vipps.signals import payment_needs_attention

logger = logging.getLogger("oscar_vipps")


def flag(payment: Payment, reason: Flag.Reason, detail: str) -> None:
    """Mark the payment, once for each reason; ``detail`` is for staff and holds nothing personal."""
    _flag, created = Flag.objects.get_or_create(payment=payment, reason=reason, defaults={"detail": detail})
    if not created:
        return
    logger.warning(
        "Order %s needs attention: %s: %s",
        payment.order.number,
        reason.value,
        detail,
        extra=payment.log_extra(reason=reason.value),
    )
    # After the commit: a receiver sees what is in the database, and its failure can't undo that.
    transaction.on_commit(
        partial(
            payment_needs_attention.send_robust,
            sender=Payment,
            payment=payment,
            order=payment.order,
            reason=reason,
        )
    )
