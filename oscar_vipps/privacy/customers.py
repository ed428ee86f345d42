"""Whose payments are whose."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from oscar_vipps.models import Payment, WebhookEvent


def payments_of(email: str) -> QuerySet[Payment]:
    """The payments of orders that an account with this address placed, or a guest who gave it; oldest first.

    Capitals make no difference. Of an order whose account and guest address the shop has erased, nobody can
    tell any more whose it was.
    """
    if not email:
        return Payment.objects.none()
    of_account = Q(**{f"order__user__{get_user_model().get_email_field_name()}__iexact": email})
    of_guest = Q(order__guest_email__iexact=email)
    return Payment.objects.filter(of_account | of_guest).select_related("order").order_by("created_at", "pk")


def events_of(payment: Payment) -> QuerySet[WebhookEvent]:
    """All that Stripe told of the payment, also what nothing came of; oldest first."""
    found = Q(payment=payment)
    if payment.payment_intent_id:
        found |= Q(payment_intent_id=payment.payment_intent_id)
    return WebhookEvent.objects.filter(found).order_by("received_at", "pk")
