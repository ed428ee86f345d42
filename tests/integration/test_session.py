"""The Checkout Session: what Stripe is asked for, and what a shopper sees when Stripe says no."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from oscar.core.loading import get_model

from oscar_vipps.checkout.tokens import url_for
from oscar_vipps.models import Flag, Payment
from oscar_vipps.money import to_ore
from oscar_vipps.payments import sessions as payment_sessions
from tests.contract import contract
from tests.support.customer import EMAIL
from tests.support.factories import ProductFactory, UserFactory, voucher
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper, told
from tests.support.simulator import Json

Order = get_model("order", "Order")

SESSIONS = "/v1/checkout/sessions"
STEP = "/checkout/payment-method/"
FAILED = (
    "Vipps can't be used at the moment. Nothing has been charged, and your basket is as it was. "
    "Please try again in a few minutes, or choose another way to pay."
)

#: (settings, what Stripe is told of the ways to pay)
MODES: list[tuple[dict[str, Any], Json]] = [
    ({}, {"payment_method_types": ["vipps"]}),
    ({"API_VERSION": "2026-09-30.preview"}, {"allowed_payment_method_types": ["vipps"]}),
    ({"PAYMENT_METHODS": "dynamic"}, {}),
    (
        {"PAYMENT_METHODS": "dynamic", "PAYMENT_METHOD_CONFIGURATION": "pmc_1Vipps"},
        {"payment_method_configuration": "pmc_1Vipps"},
    ),
]


@pytest.fixture
def configure(settings: Any, shop: Shop) -> Callable[..., None]:
    def change(**values: Any) -> None:
        settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, **values}

    return change


def asked(shop: Shop) -> list[Json]:
    """The requests for a session."""
    return shop.simulator.requests("POST", SESSIONS)


def sessions(shop: Shop) -> list[Json]:
    found: list[Json] = shop.simulator.state()["sessions"]
    return found


def test_what_stripe_is_asked_for(shop: Shop, shopper: Shopper, product: Any) -> None:
    shopper.add(product, quantity=2)
    shopper.add(ProductFactory.create(title="Brown cheese", price="120.50"))
    payment = shopper.go_to_vipps()
    [request] = asked(shop)
    parameters = request["parameters"]
    assert parameters["mode"] == "payment"
    items = parameters["line_items"]
    assert [item["price_data"]["product_data"]["name"] for item in items] == ["Cheese slicer", "Brown cheese"]
    assert {item["price_data"]["currency"] for item in items} == {"nok"}
    total = sum(int(item["price_data"]["unit_amount"]) * int(item["quantity"]) for item in items)
    assert total == payment.amount == 61850

    metadata = {
        "oscar_vipps_payment": payment.reference,
        "oscar_vipps_order": payment.order.number,
        "oscar_vipps_site": "example.com",
    }
    assert parameters["metadata"] == parameters["payment_intent_data"]["metadata"] == metadata
    assert parameters["payment_intent_data"]["capture_method"] == "automatic"
    assert parameters["client_reference_id"] == payment.reference
    assert parameters["customer_email"] == EMAIL
    assert parameters["success_url"] == f"http://testserver{url_for(payment, 'return')}"
    assert parameters["cancel_url"] == f"http://testserver{url_for(payment, 'cancel')}"
    assert request["headers"]["Stripe-Version"] == "2026-04-22.preview; vipps_preview=v1"
    assert payment.reference in request["headers"]["Idempotency-Key"]


def test_the_items_sum_to_the_total_with_a_voucher(shop: Shop, shopper: Shopper) -> None:
    """Field failures 11 and 12: no øre too many, nothing negative."""
    shopper.add(ProductFactory.create(price="33.33"), quantity=3)
    shopper.add(ProductFactory.create(price="0.95"))
    shopper.add_voucher(voucher("SEVENTH", percent=14).code)
    payment = shopper.go_to_vipps()
    amounts = [
        (int(item["price_data"]["unit_amount"]), int(item["quantity"]))
        for item in asked(shop)[0]["parameters"]["line_items"]
    ]
    assert sum(each * quantity for each, quantity in amounts) == payment.amount
    assert payment.amount == shop.session(payment)["amount_total"] == to_ore(payment.order.total_incl_tax)
    assert all(each >= 0 for each, _quantity in amounts)


def test_an_account_is_asked_for_by_its_own_address(shop: Shop, product: Any) -> None:
    Shopper(UserFactory.create(email="ola@example.com")).go_to_vipps(product)
    assert asked(shop)[0]["parameters"]["customer_email"] == "ola@example.com"


@pytest.mark.parametrize(
    ("language", "locale"),
    [("en", "en"), ("nb", "nb"), ("nn", "nb"), ("sv", "sv"), ("da", "da"), ("de", "en")],
)
def test_stripes_page_speaks_the_shoppers_language(
    shop: Shop, product: Any, language: str, locale: str
) -> None:
    Shopper(accept_language=language).go_to_vipps(product)
    assert asked(shop)[0]["parameters"]["locale"] == locale


def test_the_shopper_has_as_long_as_the_shop_says(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None]
) -> None:
    """Field failure 24: stock is held for as long, and no longer."""
    configure(SESSION_LIFETIME=timedelta(hours=2))
    before = int(time.time())
    payment = shopper.go_to_vipps(product)
    after = time.time()
    expires_at = int(asked(shop)[0]["parameters"]["expires_at"])
    assert before <= expires_at - 2 * 3600 <= after
    assert payment.session_expires_at is not None
    assert payment.session_expires_at.timestamp() == expires_at == shop.session(payment)["expires_at"]


@pytest.mark.parametrize(("values", "told_of"), MODES)
def test_how_stripe_is_told_which_ways_to_pay_to_offer(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None], values: Any, told_of: Json
) -> None:
    configure(**values)
    payment = shopper.go_to_vipps(product)
    parameters = asked(shop)[0]["parameters"]
    assert {name: value for name, value in parameters.items() if "payment_method" in name} == told_of
    assert "vipps" in shop.session(payment)["payment_method_types"]


@pytest.mark.parametrize("values", [values for values, _told_of in MODES])
def test_the_request_is_what_stripe_publishes(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None], values: Any
) -> None:
    contract.require()
    configure(**values)
    shopper.fill_basket(product, voucher().code)
    shopper.go_to_vipps()
    version = values.get("API_VERSION", "2026-04-22.preview")
    contract.validate_form(contract.CREATE_SESSION, asked(shop)[0]["parameters"], version)


def test_without_a_preview_once_vipps_is_generally_available(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None]
) -> None:
    shop.simulator.account(vipps_generally_available=True)
    configure(API_VERSION="2026-09-30.endive", PREVIEW=None)
    shopper.go_to_vipps(product)
    assert asked(shop)[0]["headers"]["Stripe-Version"] == "2026-09-30.endive"


def test_the_open_session_is_offered_again(shop: Shop, shopper: Shopper, product: Any) -> None:
    """Field failure 9: one order, one session, however often the shopper goes there."""
    payment = shopper.go_to_vipps(product)
    for answer in (
        shopper.visit(payment, "pay"),
        shopper.press(payment, "pay"),
        Shopper().visit(payment, "pay"),
    ):
        assert (answer.status_code, answer.url) == (303, payment.session_url)
    assert len(asked(shop)) == len(sessions(shop)) == 1


def test_a_session_that_ran_out_is_not_offered_again(shop: Shop, shopper: Shopper, product: Any) -> None:
    payment = shopper.go_to_vipps(product)
    shop.simulator.advance(36 * 60)
    Payment.objects.update(session_expires_at=timezone.now() - timedelta(minutes=1))
    assert shopper.visit(payment, "pay").url == url_for(payment, "return")
    payment.refresh_from_db()
    assert payment.state == Payment.State.EXPIRED
    assert len(asked(shop)) == 1


def test_an_address_that_stripe_refuses_keeps_nobody_from_paying(
    shop: Shop, shopper: Shopper, product: Any, caplog: Any
) -> None:
    """Field failure 29: nor does the log repeat it."""
    refusal = {"param": "customer_email", "message": f"Invalid email address: {EMAIL}"}
    shop.simulator.fault("error", SESSIONS, "POST", status=400, error=refusal)
    shopper.go_to_vipps(product)
    assert ["customer_email" in request["parameters"] for request in asked(shop)] == [True, False]
    assert len({request["headers"]["Idempotency-Key"] for request in asked(shop)}) == 2
    assert EMAIL not in caplog.text


def test_a_session_that_another_tab_is_making_is_waited_for(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None]
) -> None:
    """Field failure 10."""
    configure(MAX_NETWORK_RETRIES=0)
    shopper.order(product)
    payment = Payment.objects.get()
    in_use = {"code": "idempotency_key_in_use"}
    shop.simulator.fault("error", SESSIONS, "POST", status=409, error=in_use)
    response = shopper.visit(payment, "pay", follow=True)
    assert response.redirect_chain == [(url_for(payment, "cancel"), 303)]
    assert told(response) == ["The payment is being opened already. Please try again in a few seconds."]
    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.CREATED, "Pending")
    answer = shopper.press(payment, "pay")
    payment.refresh_from_db()
    assert answer.url == payment.session_url


# What a request that crashed leaves behind


@pytest.mark.parametrize(("host", "number_of_sessions"), [("testserver", 1), ("www.example.com", 2)])
def test_an_attempt_that_was_interrupted_is_taken_up_again(
    shop: Shop, shopper: Shopper, product: Any, host: str, number_of_sessions: int
) -> None:
    """Field failure 10: as the same, unless the shop has another address now."""
    shopper.order(product)
    payment = payment_sessions._begin_attempt(Payment.objects.get())
    urls = {
        f"{name}_url": f"http://{host}{url_for(payment, page)}"
        for name, page in [("success", "return"), ("cancel", "cancel")]
    }
    payment_sessions._create_session(payment, urls)

    answer = shopper.visit(payment, "pay")
    payment.refresh_from_db()
    assert answer.url == payment.session_url
    assert len(sessions(shop)) == number_of_sessions
    assert payment.session_id == sessions(shop)[-1]["id"]
    assert payment.session_attempt == number_of_sessions


@pytest.mark.parametrize("kind", ["close", "timeout_before", "timeout_after"])
def test_a_network_failure_is_tried_again_under_the_same_key(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None], kind: str
) -> None:
    configure(TIMEOUT=0.5, MAX_NETWORK_RETRIES=1)
    shop.simulator.fault(kind, SESSIONS, "POST")
    shopper.go_to_vipps(product)
    assert len({request["headers"]["Idempotency-Key"] for request in asked(shop)}) == 1
    assert (len(asked(shop)), len(sessions(shop))) == (2, 1)


# When there is no session

Trouble = Callable[[Shop], None]


def error(status: int, **details: Any) -> Trouble:
    return lambda shop: shop.simulator.fault("error", SESSIONS, "POST", status=status, **details)


def silence(kind: str) -> Trouble:
    return lambda shop: shop.simulator.fault(kind, SESSIONS, "POST")


def not_enrolled(shop: Shop) -> None:
    shop.simulator.account(vipps_enrolled=False)


def switched_off(shop: Shop) -> None:
    shop.simulator.account(vipps_enabled=False)


LATER = "https://status.stripe.com"
DASHBOARD = "Switch Vipps on under Settings > Payment methods in Stripe's Dashboard"

#: name -> (what is wrong, settings, what the owner reads in the log)
TROUBLES: dict[str, tuple[Trouble, dict[str, Any], str]] = {
    "not enrolled": (not_enrolled, {}, "Enrolment is per account and per mode"),
    "switched off": (switched_off, {}, "activated in your dashboard"),
    "switched off, endive": (switched_off, {"API_VERSION": "2026-09-30.preview"}, DASHBOARD),
    "switched off, dynamic": (switched_off, {"PAYMENT_METHODS": "dynamic"}, DASHBOARD),
    "500": (error(500), {}, LATER),
    "503": (error(503), {}, LATER),
    "429": (error(429), {}, LATER),
    "401": (error(401), {}, "Check OSCAR_VIPPS['SECRET_KEY']"),
    "403": (error(403), {}, "Give the restricted key the permission"),
    "connection cut": (silence("close"), {}, LATER),
    "time-out before": (silence("timeout_before"), {}, LATER),
    "time-out after": (silence("timeout_after"), {}, LATER),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_the_shopper_is_back_at_the_choice_with_everything_as_it_was(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None], caplog: Any, name: str
) -> None:
    """Field failures 23 and 24: nothing is lost with an order that couldn't be paid."""
    make_trouble, values, hint = TROUBLES[name]
    configure(TIMEOUT=0.5, MAX_NETWORK_RETRIES=0, **values)
    make_trouble(shop)
    code = voucher("TEN", usage="Single use").code
    shopper.fill_basket(product, code)
    contents = shopper.basket_contents()
    assert contents == ["2 Cheese slicer Kari & Ola", "TEN"]

    placed = shopper.order()
    answer = shopper.open(placed.url)
    assert (answer.status_code, answer.url) == (303, STEP)
    assert told(shopper.open(answer.url, follow=True)) == [FAILED]
    assert shopper.basket_contents() == contents

    order = Order.objects.get()
    payment = order.vipps_payment
    assert (payment.state, order.status) == (Payment.State.CANCELLED, "Cancelled")
    assert product.stockrecords.get().num_allocated == 0
    assert not order.voucherapplication_set.exists()
    # A session that nobody was sent to is ended; one that we don't know of ends by itself.
    assert [session["status"] for session in sessions(shop)] in ([], ["expired"], ["open"])
    assert ("open" in [session["status"] for session in sessions(shop)]) is (name == "time-out after")

    [line] = [record for record in caplog.records if record.name == "oscar_vipps" and record.levelno >= 40]
    assert hint in line.getMessage()
    assert (line.order_number, line.payment) == (order.number, payment.reference)
    assert "sk_test_for_the_tests" not in caplog.text
    assert EMAIL not in line.getMessage()

    shop.simulator.clear_faults()
    shop.simulator.account(vipps_enrolled=True, vipps_enabled=True)
    shopper.choose()
    again = shopper.open(shopper.submit().url)
    second = Payment.objects.latest("pk")
    assert (again.status_code, again.url) == (303, second.session_url)
    assert second.order.number != order.number
    assert second.amount == payment.amount == 44820


def test_a_tab_that_fails_leaves_the_session_of_another_alone(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None]
) -> None:
    """Field failure 2: a payment that may be under way isn't cancelled because Stripe can't be asked."""
    configure(MAX_NETWORK_RETRIES=0)
    payment = shopper.go_to_vipps(product)
    Payment.objects.update(session_expires_at=timezone.now() - timedelta(minutes=1))
    shop.simulator.fault("close", SESSIONS, count=2)
    response = shopper.visit(payment, "pay", follow=True)
    assert response.redirect_chain == [(url_for(payment, "cancel"), 303)]
    assert told(response) == ["Vipps can't be reached at the moment. Please try again in a minute."]
    payment.refresh_from_db()
    assert (payment.state, payment.order.status) == (Payment.State.OPEN, "Pending")
    assert shop.session(payment)["status"] == "open"


def test_an_order_that_was_placed_for_test_money_asks_for_no_real_money(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None]
) -> None:
    """Field failure 27: the shop went live between two clicks."""
    placed = shopper.order(product)
    configure(SECRET_KEY="sk_live_for_the_tests")
    assert shopper.open(placed.url).url == STEP
    assert Payment.objects.get().state == Payment.State.CANCELLED
    assert shop.simulator.requests() == []


def test_money_for_a_session_that_the_shop_never_heard_of_is_noticed(
    shop: Shop, shopper: Shopper, product: Any, configure: Callable[..., None]
) -> None:
    """Field failure 22."""
    configure(TIMEOUT=0.5, MAX_NETWORK_RETRIES=0)
    shop.simulator.fault("timeout_after", SESSIONS, "POST")
    shopper.open(shopper.order(product).url)
    [session] = sessions(shop)
    shop.simulator.pay(session["id"])
    assert {answer.status_code for answer in shop.deliver()} == {200}
    payment = Payment.objects.get()
    source, total = payment.order.sources.get(), payment.order.total_incl_tax
    assert (source.amount_debited, source.amount_refunded) == (total, total)
    assert payment.order.status != "Paid"
    flag = payment.flags.get()
    assert (flag.reason, flag.resolved_at is None) == (Flag.Reason.LATE_PAYMENT, False)
    page = Shopper().visit(payment, "return").content.decode()
    assert "Your payment arrived after the order was cancelled. The money has been sent back" in page
    assert "Nothing has been charged" not in page
