"""What shoppers and staff read in the languages that are shipped beside English."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail

from oscar_vipps.models import HOLD, Payment
from oscar_vipps.payments.settlement import settle
from tests.integration.stripe_says import at_stripe, paid
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.payment_factories import PaymentFactory
from tests.support.shopper import Shopper

#: Language -> the headings of the shopper's pages: on the way back, turned back, and done.
HEADINGS = {
    "nb": ("Venter på Vipps", "Betalingen er ikke fullført", "Takk for bestillingen"),
    "nn": ("Ventar på Vipps", "Betalinga er ikkje fullført", "Takk for tinginga"),
    "sv": ("Väntar på Vipps", "Betalningen är inte slutförd", "Tack för din beställning"),
    "da": ("Venter på Vipps", "Betalingen er ikke gennemført", "Tak for din ordre"),
}
RESERVED = {
    "nb": "249,00 kr er reservert med Vipps. Vi trekker pengene når ordren sendes.",
    "nn": "249,00 kr er reservert med Vipps. Vi trekkjer pengane når ordren vert send.",
    "sv": "249,00 Nkr är reserverat med Vipps. Vi debiterar beloppet när din beställning skickas.",
    "da": "249,00 NOK er reserveret med Vipps. Vi hæver beløbet, når din ordre sendes.",
}
REFUNDED = {
    "nb": "50,00 kr er betalt tilbake for ordre {}",
    "nn": "50,00 kr er betalt tilbake for ordre {}",
    "sv": "50,00 Nkr har återbetalats för beställning {}",
    "da": "50,00 NOK er refunderet for ordre {}",
}
#: A payment's page in the dashboard: its state, until when it must be captured, and a button.
STAFF = {
    "nb": ("Reservert", "Må trekkes før 12. oktober 2026 14:00", "Trekk 249,00 kr"),
    "nn": ("Reservert", "Må trekkjast før 12. oktober 2026 14:00", "Trekk 249,00 kr"),
    "sv": ("Reserverat", "Debitera före 12 oktober 2026 14:00", "Debitera 249,00 Nkr"),
    "da": ("Reserveret", "Hæv inden 12. oktober 2026 14:00", "Hæv 249,00 NOK"),
}
LANGUAGES = list(HEADINGS)


def page(response: Any, language: str) -> BeautifulSoup:
    assert (response.status_code, response.headers["Content-Language"]) == (200, language)
    return BeautifulSoup(response.content, "html.parser")


def heading(response: Any, language: str) -> str:
    found = page(response, language).h1
    return found.get_text(strip=True) if found else ""


def plain(text: object) -> str:
    """With spaces for those that keep an amount and its currency on one line."""
    return " ".join(str(text).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shoppers_pages(shop: Shop, product: Any, language: str) -> None:
    shopper = Shopper(accept_language=language)
    payment = shopper.go_to_vipps(product)
    # In another browser the thanks are on a page of this app.
    elsewhere = Shopper(accept_language=language)
    headings = [heading(shopper.visit(payment, name), language) for name in ("return", "cancel")]
    settle(payment.pk, paid(shop, payment))
    assert (*headings, heading(elsewhere.visit(payment, "return"), language)) == HEADINGS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shoppers_mail(shop: Shop, product: Any, settings: Any, language: str) -> None:
    """Sent while Stripe's event is processed, which is in no language of a shopper's."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payment = Shopper(accept_language=language).go_to_vipps(product)
    settle(payment.pk, paid(shop, payment))
    payment_intent = shop.session(payment)["payment_intent"]
    shop.simulator.capture(payment_intent)
    settle(payment.pk, at_stripe(payment))
    shop.simulator.refund(payment_intent, 5000)
    shop.deliver()
    reserved, refunded = mail.outbox
    assert RESERVED[language] in plain(reserved.body)
    assert plain(refunded.subject) == REFUNDED[language].format(payment.order.number)


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_staff_read(language: str) -> None:
    """Noon in UTC is two o'clock in the shop."""
    begun = datetime(2026, 10, 12, 12, tzinfo=timezone.utc) - HOLD
    payment = PaymentFactory.create(state=Payment.State.AUTHORIZED, payment_intent_created_at=begun)
    staff = Shopper(UserFactory.create(is_staff=True, is_superuser=True), accept_language=language)
    shown = page(staff.get("vipps_dashboard:payment-detail", payment.reference), language)
    text = plain(shown.get_text(" "))
    assert [words for words in STAFF[language] if words not in text] == []
