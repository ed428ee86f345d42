"""Tokens in addresses: each stands for one payment, is signed, and can't be guessed or made up."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest
from django.urls import reverse

from oscar_vipps.models import Payment

_SALT = "oscar_vipps.payment"


def token_for(payment: Payment) -> str:
    """What stands for the payment in an address."""
    return Signer(salt=_SALT).sign(payment.reference)


def payment_for(token: str) -> Payment:
    """The payment that the token stands for; raises ``Http404``."""
    try:
        reference = Signer(salt=_SALT).unsign(token)
    except BadSignature:
        raise Http404 from None
    payment = Payment.objects.select_related("order").filter(reference=reference).first()
    if payment is None:
        raise Http404
    return payment


def url_for(payment: Payment, name: str) -> str:
    """The path of the payment's page ``name``: pay, return, cancel or status."""
    return reverse(f"vipps:{name}", args=[token_for(payment)])


def absolute_url_for(request: HttpRequest, payment: Payment, name: str) -> str:
    """The same with scheme and host, for Stripe to send the shopper to."""
    return request.build_absolute_uri(url_for(payment, name))
