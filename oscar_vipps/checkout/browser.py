"""What a browser's session knows of payments: which were begun here, and so may be finished here.

The token in an address lets its bearer see how a payment stands; baskets, the thank-you page and all that is
personal are for the browser that ordered, or the account.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from oscar_vipps.models import Payment

_KEY = "oscar_vipps_payments"
#: How many are remembered; the oldest goes first.
_MOST = 10


def remember(request: HttpRequest, payment: Payment) -> None:
    """The shopper in this browser began the payment."""
    others = [reference for reference in _references(request) if reference != payment.reference]
    request.session[_KEY] = [*others, payment.reference][-_MOST:]


def forget(request: HttpRequest, payment: Payment) -> None:
    """There is nothing to finish here any more."""
    request.session[_KEY] = [
        reference for reference in _references(request) if reference != payment.reference
    ]


def began(request: HttpRequest, payment: Payment) -> bool:
    """Whether the payment was begun in this browser, and not finished here yet."""
    return payment.reference in _references(request)


def may_see_order(request: HttpRequest, payment: Payment) -> bool:
    """Whether it is this shopper's order: begun, or just finished, in this browser, or of the account that is
    signed in.
    """
    is_the_accounts = request.user.is_authenticated and payment.order.user_id == request.user.pk
    was_thanked = request.session.get("checkout_order_id") == payment.order_id
    return began(request, payment) or was_thanked or is_the_accounts


def latest_waiting(request: HttpRequest) -> Payment | None:
    """The newest payment of this browser that the shopper can still make."""
    return _unfinished(request).filter(state__in=[Payment.State.CREATED, Payment.State.OPEN]).first()


def latest_unfinished(request: HttpRequest) -> Payment | None:
    """The payment of this browser with which the shopper has something left to do: make it, or be thanked
    for it, or take its basket back.
    """
    return latest_waiting(request) or _unfinished(request).first()


def _unfinished(request: HttpRequest) -> QuerySet[Payment]:
    found = Payment.objects.filter(reference__in=_references(request), basket_returned_at=None)
    return found.order_by("-created_at", "-pk")


def _references(request: HttpRequest) -> list[str]:
    found: list[str] = request.session.get(_KEY, [])
    return found
