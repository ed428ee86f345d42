"""Back from Stripe: in the same browser or another, before the news, after it, or too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.signing import Signer
from django.urls import reverse
from oscar.core.loading import get_model

from oscar_vipps.checkout import pages
from oscar_vipps.checkout.tokens import token_for, url_for
from oscar_vipps.models import Payment
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper, personal, told

Order = get_model("order", "Order")

THANKS = "/checkout/thank-you/"
PAGES = ("pay", "return", "cancel", "status")
MINUTES = 60

WAITING = "Waiting for Vipps"
RAN_OUT = "The time to pay ran out"
DECLINED = "The card that is linked to Vipps was declined."
RESERVED = "The amount is reserved with Vipps. You will be charged when the order is sent."
#: What the waiting page says when it has ended.
NEWS = {"authorize": "The order is paid with Vipps.", "fail": "The payment did not go through"}
TOO_SLOW = "The payment was not approved in the Vipps app within five minutes."


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any) -> Payment:
    """The shopper stands at Stripe's door."""
    return shopper.go_to_vipps(product)


def pay(shop: Shop, payment: Payment, outcome: str = "authorize") -> None:
    shop.simulator.pay(payment.session_id or "", outcome)


def questions(shop: Shop) -> int:
    """How often Stripe was asked how a session stands."""
    return len([entry for entry in shop.simulator.requests("GET") if "/checkout/sessions/" in entry["path"]])


def title(response: Any) -> str:
    assert response.status_code == 200
    found = BeautifulSoup(response.content, "html.parser").h1
    return found.get_text(strip=True) if found else ""


def buttons(response: Any) -> dict[str, str]:
    """Text -> where its form is posted to; the forms of this app only."""
    page = BeautifulSoup(response.content, "html.parser")
    forms = [form for form in page.find_all("form") if str(form["action"]).startswith("/vipps/")]
    return {form.get_text(strip=True): str(form["action"]) for form in forms}


def both_choices(payment: Payment) -> dict[str, str]:
    return {
        "Continue with Vipps": url_for(payment, "pay"),
        "Cancel and get my basket back": url_for(payment, "cancel"),
    }


def assert_nothing_personal(response: Any, payment: Payment) -> None:
    page = BeautifulSoup(response.content, "html.parser")
    # Random letters could spell anything.
    for field in page.find_all("input", attrs={"name": "csrfmiddlewaretoken"}):
        field.decompose()
    shown = str(page).replace(token_for(payment), "")
    assert personal(shown) == []
    for secret in ("Cheese slicer", "249.00"):
        assert secret not in shown


@pytest.mark.parametrize("query", ["?paid=1", "?payment_status=paid&redirect_status=succeeded", "?looks=99"])
def test_what_the_address_claims_is_not_believed(
    shop: Shop, shopper: Shopper, payment: Payment, query: str
) -> None:
    """Field failure 27: a forged way back pays nothing."""
    response = shopper.open(url_for(payment, "return") + query)
    assert title(response) == WAITING
    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.OPEN, "Pending")
    assert questions(shop) == 1


def test_stripe_is_believed_whatever_the_address_claims(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    """Field failure 1: no webhook has come."""
    pay(shop, payment)
    response = shopper.open(f"{url_for(payment, 'return')}?redirect_status=failed&cancelled=1")
    assert (response.status_code, response.url) == (303, THANKS)


def test_stripe_is_not_asked_again_once_the_webhook_has_told(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    """Field failure 4."""
    pay(shop, payment)
    shop.deliver()
    assert shopper.visit(payment, "return").url == THANKS
    assert questions(shop) == 0


@pytest.mark.parametrize("page", ["return", "cancel"])
def test_an_unreachable_stripe_is_no_error_for_the_shopper(
    shop: Shop, shopper: Shopper, payment: Payment, settings: Any, caplog: Any, page: str
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0}
    pay(shop, payment)
    shop.simulator.fault("close", "/v1/checkout/sessions/")
    response = shopper.visit(payment, page)
    assert title(response) == (WAITING if page == "return" else "The payment is not finished")
    assert "Stripe could not be asked" in caplog.text
    assert shopper.visit(payment, page).url == THANKS


def test_impatient_fingers_do_not_use_up_the_shops_requests(
    shop: Shop, shopper: Shopper, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ASK_AGAIN_AFTER", timedelta(minutes=1))
    for page in ("return", "cancel") * 3:
        assert shopper.visit(payment, page).status_code == 200
    assert questions(shop) == 1
    # What a webhook tells is there at once all the same.
    pay(shop, payment)
    shop.deliver()
    assert shopper.visit(payment, "return").url == THANKS


# Whose page it is


def test_another_browser_learns_that_the_order_is_paid_and_nothing_else(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    """Field failure 8: the app opened the phone's default browser."""
    pay(shop, payment)
    other = Shopper()
    response = other.visit(payment, "return")
    assert title(response) == "Thank you for your order"
    assert f"Order number {payment.order.number}" in response.content.decode()
    assert_nothing_personal(response, payment)
    # Nor does the thank-you page open itself there.
    assert other.get("checkout:thank-you").url == reverse("catalogue:index")
    # The shopper's own browser still has it.
    assert shopper.visit(payment, "return", follow=True).redirect_chain == [(THANKS, 303)]


def test_another_browser_learns_that_the_money_is_only_reserved(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payment = shopper.go_to_vipps(product)
    pay(shop, payment)
    response = Shopper().visit(payment, "return")
    assert "The amount is reserved with Vipps." in response.content.decode()
    assert_nothing_personal(response, payment)


@pytest.mark.parametrize("page", ["return", "cancel"])
@pytest.mark.parametrize("outcome", ["nothing", "start", "fail", "expired"])
def test_another_browser_sees_nothing_personal_before_that(
    shop: Shop, payment: Payment, outcome: str, page: str
) -> None:
    """Field failure 8."""
    if outcome == "expired":
        shop.simulator.advance(36 * MINUTES)
    elif outcome != "nothing":
        pay(shop, payment, outcome)
    response = Shopper().visit(payment, page)
    assert response.status_code == 200
    assert_nothing_personal(response, payment)
    if outcome == "expired":
        assert buttons(response) == {}


def test_the_account_that_ordered_is_thanked_in_any_browser(shop: Shop, product: Any) -> None:
    """Field failure 8."""
    user = UserFactory.create()
    payment = Shopper(user).go_to_vipps(product)
    pay(shop, payment)
    response = Shopper(user).visit(payment, "return", follow=True)
    assert response.redirect_chain == [(THANKS, 303)]
    assert response.context["order"] == payment.order
    assert title(Shopper(UserFactory.create()).visit(payment, "return")) == "Thank you for your order"


# Not paid yet


@pytest.mark.parametrize("page", ["return", "cancel"])
@pytest.mark.parametrize("told_by_webhook", [False, True])
def test_a_declined_payment_says_why_and_what_can_be_done(
    shop: Shop, shopper: Shopper, payment: Payment, page: str, told_by_webhook: bool
) -> None:
    pay(shop, payment, "fail")
    if told_by_webhook:
        shop.deliver()
    response = shopper.visit(payment, page)
    assert title(response) == "The payment did not go through"
    assert DECLINED in response.content.decode()
    assert buttons(response) == both_choices(payment)
    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.OPEN, "Pending")

    assert shopper.press(payment, "pay").url == payment.session_url
    pay(shop, payment)
    assert shopper.visit(payment, "return").url == THANKS


def test_who_does_not_approve_within_five_minutes_is_told_so(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    pay(shop, payment, "start")
    assert title(shopper.visit(payment, "return")) == WAITING
    shop.simulator.advance(5 * MINUTES + 1)
    response = shopper.visit(payment, "return")
    assert TOO_SLOW in response.content.decode()
    assert buttons(response) == both_choices(payment)


def test_an_old_reason_is_forgotten_when_a_new_try_is_under_way(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    pay(shop, payment, "fail")
    shopper.visit(payment, "return")
    pay(shop, payment, "start")
    response = shopper.visit(payment, "return")
    assert title(response) == WAITING
    assert DECLINED not in response.content.decode()


def test_waiting_is_announced_works_without_scripts_and_ends(
    shop: Shop, shopper: Shopper, payment: Payment
) -> None:
    """Field failure 30."""
    address = url_for(payment, "return")
    looks = 0
    while True:
        response = shopper.open(address)
        page = BeautifulSoup(response.content, "html.parser")
        [region] = page.select("[role=status]")
        assert buttons(response) == both_choices(payment)
        refresh = page.select_one("noscript > meta[http-equiv=refresh]")
        if refresh is None:
            break
        assert "This page goes on by itself." in region.text
        looks += 1
        assert looks < 20
        address = str(refresh["content"]).partition("url=")[2]
        assert region["data-looks-left"] == str(7 - looks)
        assert region["data-status-url"] == url_for(payment, "status")
        # Said by the script when it has waited in vain.
        assert "We have not heard from Vipps yet." in str(region["data-gave-up"])
    assert looks == 6
    assert "We have not heard from Vipps yet." in region.text
    assert page.find("script", src=lambda source: bool(source and "waiting.js" in source)) is None
    # From here on it is for the shopper to look again.
    assert page.find("a", href=url_for(payment, "return"), string="Check again")


@pytest.mark.parametrize("looks", ["-1", "x", "", "²", "9" * 5000])
def test_a_count_that_nobody_counted_is_no_error(
    shop: Shop, shopper: Shopper, payment: Payment, looks: str
) -> None:
    response = shopper.open(url_for(payment, "return"), {"looks": looks})
    assert title(response) == WAITING


@pytest.mark.parametrize("capture", ["automatic", "manual"])
@pytest.mark.parametrize("outcome", [None, "start", "fail", "authorize"])
def test_the_waiting_page_asks_whether_there_is_news(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, capture: str, outcome: str | None
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": capture}
    payment = shopper.go_to_vipps(product)
    if outcome:
        pay(shop, payment, outcome)
        assert shopper.visit(payment, "status").json()["waiting"] is True
        shop.deliver()
    news = NEWS.get(outcome or "", "") if capture == "automatic" or outcome != "authorize" else RESERVED
    for browser in (shopper, Shopper()):
        answer = browser.visit(payment, "status")
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json() == {"waiting": not news, "text": news, "url": url_for(payment, "return")}
    # It looks into the database only: many may be waiting.
    assert questions(shop) == 0


@pytest.mark.parametrize("outcome", [None, "start", "fail", "authorize"])
def test_now_and_then_the_waiting_page_has_stripe_asked(
    shop: Shop, shopper: Shopper, payment: Payment, outcome: str | None
) -> None:
    """Field failure 1: the webhooks are lost."""
    if outcome:
        pay(shop, payment, outcome)
    answer = shopper.visit(payment, "status", data={"ask": "stripe"})
    news = NEWS.get(outcome or "", "")
    assert answer.json() == {"waiting": not news, "text": news, "url": url_for(payment, "return")}
    assert questions(shop) == 1


# Too late


def test_who_comes_back_too_late_is_told_so_and_gets_the_basket_back(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    """Field failures 2 and 24: Stripe is asked before the stock is released."""
    payment = shopper.go_to_vipps(product)
    shop.simulator.advance(36 * MINUTES)
    response = shopper.visit(payment, "return")
    assert title(response) == RAN_OUT
    assert "Nothing has been charged, and the order is cancelled." in response.content.decode()
    assert buttons(response) == {"Get my basket back": url_for(payment, "cancel")}
    assert shopper.visit(payment, "status").json()["text"] == RAN_OUT

    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.EXPIRED, "Expired")
    assert product.stockrecords.get().num_allocated == 0
    assert shopper.basket_contents() == []

    response = shopper.press(payment, "cancel", follow=True)
    assert response.redirect_chain == [("/basket/", 303)]
    assert "your basket is back" in told(response)[0]
    assert shopper.basket_contents() == ["1 Cheese slicer"]
    assert buttons(shopper.visit(payment, "return")) == {}
    assert shop.simulator.requests("POST", f"/v1/checkout/sessions/{payment.session_id}/expire") == []


# Addresses


@pytest.mark.parametrize("page", PAGES)
def test_an_address_that_was_made_up_leads_nowhere(
    shop: Shop, shopper: Shopper, payment: Payment, page: str
) -> None:
    """Field failure 26."""
    token = token_for(payment)
    reference, _colon, signature = token.partition(":")
    unknown = token_for(Payment(reference="x" * 24))
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        f"{unknown.partition(':')[0]}:{signature}",
        unknown,
        Signer().sign(reference),
        reference,
        str(payment.pk),
        str(payment.order.number),
        "\x00",
    ]
    before = len(shop.simulator.requests())
    for made_up in forged:
        address = url_for(payment, page).replace(token, made_up)
        assert address != url_for(payment, page)
        assert shopper.open(address).status_code == 404
        if page in ("pay", "cancel"):
            assert shopper.client.post(address).status_code == 404
    assert len(shop.simulator.requests()) == before


@pytest.mark.parametrize("page", ["return", "status"])
def test_what_only_shows_takes_no_post(shop: Shop, shopper: Shopper, payment: Payment, page: str) -> None:
    assert shopper.press(payment, page).status_code == 405


@pytest.mark.parametrize("outcome", [None, "fail", "authorize"])
def test_no_page_is_kept_by_the_browser(
    shop: Shop, shopper: Shopper, payment: Payment, outcome: str | None
) -> None:
    """The back button shows how things are, not how they were."""
    if outcome:
        pay(shop, payment, outcome)
    answers = [shopper.visit(payment, page) for page in PAGES]
    answers += [shopper.press(payment, page) for page in ("pay", "cancel")]
    for answer in answers:
        directives = answer.headers["Cache-Control"].split(", ")
        assert {"no-store", "no-cache", "private", "max-age=0"} <= set(directives)
