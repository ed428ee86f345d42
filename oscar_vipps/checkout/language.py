"""The language of the pages around the visit to Stripe, whose addresses have none in them."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from oscar_vipps.models import Payment


def in_shopping_language(
    view: Callable[[HttpRequest, Payment], HttpResponse], request: HttpRequest, payment: Payment
) -> HttpResponse:
    """The view's answer, where the shop's addresses begin with the language in that of the order's placing.

    Django can't tell it here then, and would take the browser's. In other shops it knows what was chosen.
    """
    in_addresses, _of_default = is_language_prefix_patterns_used(
        getattr(request, "urlconf", settings.ROOT_URLCONF)
    )
    if not in_addresses or payment.language not in dict(settings.LANGUAGES):
        return view(request, payment)
    with translation.override(payment.language):
        response = view(request, payment)
    response.headers["Content-Language"] = payment.language
    return response
