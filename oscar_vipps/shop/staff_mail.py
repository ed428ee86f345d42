"""Mail to the people who run the shop: Django's ``MANAGERS``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.mail import mail_managers
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from oscar_vipps.models import Dispute, Payment

from .mail import send_once


def tell_of_dispute(dispute_id: int) -> bool:
    """A bank disputes a payment, or asks about it; as ``mail.send_confirmation``."""
    dispute = Dispute.objects.select_related("payment__order__site").get(pk=dispute_id)
    context = {"dispute": dispute, "payment": dispute.payment, "url": address_of(dispute.payment)}
    return send_once(dispute, dispute.payment, lambda: _send("dispute", context))


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
