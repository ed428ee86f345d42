"""Mail to the people who run the shop: Django's ``MANAGERS``."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.mail import mail_managers
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from oscar_vipps.exceptions import trail
from oscar_vipps.models import Dispute, Payment

logger = logging.getLogger("oscar_vipps")


def tell_of_dispute(dispute_id: int) -> None:
    """A bank disputes a payment, or asks about it. A failure is logged; the payment's mark stays anyway."""
    dispute = Dispute.objects.select_related("payment__order__site").get(pk=dispute_id)
    context = {"dispute": dispute, "payment": dispute.payment, "url": address_of(dispute.payment)}
    try:
        _send("dispute", context)
    except Exception as error:  # noqa: BLE001 - templates and mail servers fail in every way there is
        logger.error(
            "Staff could not be mailed about dispute %s of order %s: %s",
            dispute,
            dispute.payment.order.number,
            trail(error),
            extra=dispute.payment.log_extra(),
        )


def remind_of_captures(payments: Iterable[Payment]) -> None:
    """These reservations run out soon. Raises what the mail server raises."""
    rows = [{"payment": payment, "url": address_of(payment)} for payment in payments]
    if rows:
        _send("captures_due", {"rows": rows})


def address_of(payment: Payment) -> str:
    """The payment's page in the dashboard; empty in a shop without it."""
    try:
        path = reverse("vipps_dashboard:payment-detail", args=[payment.reference])
    except NoReverseMatch:
        return ""
    site = payment.order.site or Site.objects.get_current()
    return f"https://{site.domain}{path}"


def _send(name: str, context: dict[str, Any]) -> None:
    folder = "oscar_vipps/mail/"
    with translation.override(settings.LANGUAGE_CODE):
        subject = render_to_string(f"{folder}{name}_subject.txt", context)
        mail_managers(" ".join(subject.split()), render_to_string(f"{folder}{name}_body.txt", context))
