"""Shops as there are many, each a small project: with Vipps installed, they sell."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.customer import EMAIL

from .conftest import Start
from .proxy import HTTPS_ADDRESS, ToProxy, proxy_for
from .shop import SECRET
from .shopper import (
    PARTNER,
    PRICE,
    Shopper,
    buy_with_vipps,
    look_as_staff,
    money,
    paid_order,
    take_for_nothing,
)


@pytest.mark.parametrize("name", ["stock", "documented"])
def test_a_stock_shop(start: Start, name: str) -> None:
    """The second one's four edits are the installation guide's blocks of code, word for word."""
    shop = start(name)
    with Shopper(shop) as shopper:
        order = buy_with_vipps(shopper)
        take_for_nothing(shopper)
    look_as_staff(shop, order["number"])


def test_a_checkout_of_its_own(start: Start) -> None:
    shop = start("own_checkout")
    with Shopper(shop) as shopper:
        shopper.add()
        shopper.check_out()
        shopper.submit("form:has([name=method_code][value=invoice])")
        shopper.place_order()
        assert shopper.path == "/checkout/thank-you/"
        source = shop.row(
            "SELECT code, amount_allocated, amount_debited FROM payment_source AS source"
            " JOIN payment_sourcetype AS type ON type.id = source_type_id"
        )
        assert source == {"code": "invoice", "amount_allocated": 249, "amount_debited": 0}
        assert shop.rows("SELECT name FROM order_paymenteventtype") == [{"name": "Invoiced"}]
        assert shop.rows("SELECT * FROM oscar_vipps_payment") == shop.simulator.requests() == []
        assert len(shop.mails_to(EMAIL)) == 1
        buy_with_vipps(shopper, choose="form:has([name=method_code][value=vipps])")
        take_for_nothing(shopper)


def test_a_payment_page_of_its_own(start: Start) -> None:
    shop = start("own_payment_page")
    with Shopper(shop) as shopper:
        shopper.add()
        shopper.check_out()
        shopper.submit("#how_to_pay", way="cash")
        shopper.place_order()
        assert shopper.path == "/checkout/thank-you/"
        assert shop.rows("SELECT * FROM oscar_vipps_payment") == []
        buy_with_vipps(shopper, choose="#how_to_pay", way="vipps")
        take_for_nothing(shopper)


def test_order_numbers_of_its_own(start: Start) -> None:
    with Shopper(start("own_order_numbers")) as shopper:
        order = buy_with_vipps(shopper)
        assert order["number"].startswith("NO-2")
        take_for_nothing(shopper)
    look_as_staff(shopper.shop, order["number"])


def test_a_status_pipeline_of_its_own(start: Start) -> None:
    shop = start("own_pipeline")
    with Shopper(shop) as shopper:
        order = buy_with_vipps(shopper, status="Til pakking")
        assert shop.row("SELECT status FROM order_line")["status"] == "Klar"
        changes = shop.rows("SELECT old_status, new_status FROM order_orderstatuschange")
        assert changes == [{"old_status": "Venter på betaling", "new_status": "Til pakking"}]
        take_for_nothing(shopper)
        assert shop.row("SELECT status FROM order_order WHERE id > ?", order["id"])["status"] == "Ny"


def test_a_custom_user_model(start: Start) -> None:
    shop = start("custom_user", empty=True)
    with Shopper(shop) as shopper:
        shopper.register()
        order = buy_with_vipps(shopper)
        take_for_nothing(shopper)
    user = shop.row("SELECT id FROM custom_user_user WHERE email = ?", EMAIL)
    assert order["user_id"] == user["id"]
    look_as_staff(shop, order["number"])


def test_no_checkout_for_guests(start: Start) -> None:
    with Shopper(start("members_only")) as shopper:
        shopper.add()
        shopper.open("/checkout/")
        assert shopper.path == "/accounts/login/"
        shopper.register()
        shopper.open("/basket/")
        shopper.submit("#basket_formset", **{"form-0-quantity": "0"})
        buy_with_vipps(shopper)
        take_for_nothing(shopper)


@pytest.mark.parametrize(
    ("is_member", "total"), [(False, Decimal("311.25")), (True, Decimal("207.50"))], ids=["guest", "member"]
)
def test_prices_of_its_own(start: Start, is_member: bool, total: Decimal) -> None:
    with Shopper(start("partner_prices")) as shopper:
        if is_member:
            shopper.register()
        order = buy_with_vipps(shopper, total=total)
        assert money(order["total_excl_tax"]) == money(total / Decimal("1.25"))
        take_for_nothing(shopper)


def test_partners_in_the_dashboard(start: Start) -> None:
    """Whoever sells through the shop sees the payments of their orders, and can't touch the money."""
    shop = start("stock")
    with Shopper(shop) as shopper:
        number = buy_with_vipps(shopper)["number"]
    with Shopper(shop) as partner:
        partner.sign_in(PARTNER)
        partner.open(shop.goods["dashboard:order-list"])
        assert number in partner.text
        partner.open(f"/dashboard/orders/{number}/")
        assert f"Order #{number}" in partner.text
        assert "What happened to the payment" not in partner.text
        payment = shop.row("SELECT reference FROM oscar_vipps_payment")["reference"]
        for page in ("", f"{payment}/"):
            assert number in partner.client.get(f"/dashboard/vipps/{page}").text
        for page in ("attention/", "events/"):
            assert partner.client.get(f"/dashboard/vipps/{page}").status_code == 403


def test_addresses_that_begin_with_the_language(start: Start) -> None:
    shop = start("languages")
    with Shopper(shop) as shopper:
        order = buy_with_vipps(shopper)
        assert shopper.path == "/en/checkout/thank-you/"
        take_for_nothing(shopper)
    look_as_staff(shop, order["number"])


def test_whoever_reads_norwegian_comes_back_to_norwegian_pages(start: Start) -> None:
    """The addresses for Stripe have no language in them, and this browser would rather read English."""
    shop = start("languages")
    with Shopper(shop) as shopper:
        shopper.client.headers["Accept-Language"] = "en"
        in_norwegian = {name: address.replace("/en/", "/nb/") for name, address in shop.goods.items()}
        shop.goods.update(in_norwegian)
        shopper.add()
        shopper.check_out()
        session = shopper.go_to_vipps()
        details = shop.simulator.session(session)
        assert details["locale"] == "nb"
        shopper.open(details["cancel_url"])
        assert shopper.page.select_one("html[lang=nb]")
        assert shopper.headers["Content-Language"] == "nb"
        assert "Betalingen er ikke fullført" in shopper.text
        shopper.open(shopper.approve(session))
        assert shopper.path == "/nb/checkout/thank-you/"


def test_each_request_a_transaction(start: Start) -> None:
    shop = start("atomic_requests")
    with Shopper(shop) as shopper:
        buy_with_vipps(shopper)
        take_for_nothing(shopper)
        # An event whose processing fails is rolled back, and stored all the same.
        shopper.add()
        shopper.check_out()
        session = shopper.go_to_vipps()
        shop.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON payment_transaction"
            " BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
        shop.simulator.pay(session)
        last = "SELECT status FROM oscar_vipps_webhookevent ORDER BY id DESC LIMIT 1"
        assert shop.row(last) == {"status": "failed"}
        shop.execute("DROP TRIGGER broken")
        shop.simulator.advance(10)
        assert shop.row(last) == {"status": "processed"}
        number = shop.row("SELECT number FROM order_order ORDER BY id DESC LIMIT 1")["number"]
        assert paid_order(shop, number)["order"] == ("Paid", PRICE)


def test_without_time_zones(start: Start) -> None:
    shop = start("without_time_zones")
    with Shopper(shop) as shopper:
        order = buy_with_vipps(shopper)
        take_for_nothing(shopper)
    look_as_staff(shop, order["number"])


def test_https_behind_a_proxy(start: Start) -> None:
    shop = start("behind_proxy")
    with proxy_for(shop.address) as proxy:
        shop.simulator.set_webhooks(f"{proxy}/vipps/webhook/", SECRET)
        with Shopper(shop, HTTPS_ADDRESS, ToProxy(proxy)) as shopper:
            order = buy_with_vipps(shopper)
            take_for_nothing(shopper)
    (created,) = shop.simulator.requests("POST", "/v1/checkout/sessions")
    page = f"{HTTPS_ADDRESS}/vipps/"
    for address in ("success_url", "cancel_url"):
        assert created["parameters"][address].startswith(page)
    text = shop.mails_to(EMAIL)[0].get_body(("plain",))
    assert text is not None
    assert f"https://shop1.example/accounts/order-status/{order['number']}/" in text.get_content()


def test_two_sites_with_one_account_at_stripe(start: Start) -> None:
    """Each is sent the events of both, and takes its own."""
    shops = [start("two_sites", SHOP_SITE=site) for site in ("1", "2")]
    endpoints = [{"url": shop.webhook, "secret": SECRET} for shop in shops]
    shops[0].simulator.set_endpoints(endpoints)
    for shop in shops:
        with Shopper(shop) as shopper:
            order = buy_with_vipps(shopper)
            assert order["site_id"] == int(shop.variables["SHOP_SITE"])
            take_for_nothing(shopper)
    completed = shops[0].simulator.events("checkout.session.completed")
    for shop, own in zip(shops, completed):
        events = shop.rows(
            "SELECT event_id, status, reason FROM oscar_vipps_webhookevent WHERE type = ? ORDER BY id",
            own["type"],
        )
        told = {event["event_id"]: (event["status"], event["reason"]) for event in events}
        assert told == {
            event["id"]: ("processed", "")
            if event is own
            else ("ignored", "Not about a payment of this shop.")
            for event in completed
        }
        assert len(shop.rows("SELECT * FROM oscar_vipps_payment")) == 1
        assert shop.rows("SELECT * FROM oscar_vipps_flag") == []


def test_two_sites_with_one_database(start: Start) -> None:
    """Whichever hears of a payment, it is settled once, as its own site's."""
    first = start("two_sites", SHOP_SITE="1")
    second = start("two_sites", SHOP_SITE="2", beside=first)
    endpoints = [{"url": shop.webhook, "secret": SECRET} for shop in (first, second)]
    first.simulator.set_endpoints(endpoints)
    for shop in (first, second):
        site = shop.variables["SHOP_SITE"]
        with Shopper(shop) as shopper:
            order = buy_with_vipps(shopper)
        assert order["site_id"] == int(site)
        session = shop.simulator.state()["sessions"][-1]
        assert session["metadata"]["oscar_vipps_site"] == f"shop{site}.example"
    assert first.rows("SELECT * FROM oscar_vipps_flag") == []
