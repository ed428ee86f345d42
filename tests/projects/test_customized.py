"""A shop that has changed what can be changed: all of it shows."""

from __future__ import annotations

from tests.support.customer import EMAIL

from .conftest import Start
from .shopper import STAFF, Shopper


def test_what_a_shop_changes_shows(start: Start) -> None:
    shop = start("customized")
    shop.simulator.set_webhooks(f"{shop.address}/betaling/webhook/", "whsec_projects")
    assert shop.checks == []
    with Shopper(shop) as shopper:
        shopper.add()
        shopper.check_out()
        # Its own order of methods, its own words, its own mark.
        assert [found["value"] for found in shopper.page.select("[name=method_code]")] == ["invoice", "vipps"]
        assert "Quick, with your phone." in shopper.text
        assert shopper.page.select_one("section img[src='/static/shop/vipps.svg']")
        shopper.submit("form:has([name=method_code][value=vipps])")
        session = shopper.go_to_vipps()
        back = str(shop.simulator.session(session)["success_url"])
        assert back.startswith(f"{shop.address}/betaling/")
        shopper.open(back)
        assert "Have your phone at hand." in shopper.text
        assert "We are waiting for Vipps" in shopper.text
        shopper.open(shopper.approve(session))
        assert shopper.path == "/checkout/thank-you/"
    order = shop.row("SELECT number, status FROM order_order")
    notes = {note["message"] for note in shop.rows("SELECT message FROM order_ordernote")}
    assert order["status"] == "Reserved"
    assert "The till shows: Reserved" in notes
    assert any(note.startswith("Pack it before ") for note in notes)
    (mail,) = shop.mails_to(EMAIL)
    assert mail["Subject"] == f"Reserved and packed soon: {order['number']}"
    with Shopper(shop) as staff:
        staff.sign_in(STAFF)
        staff.open("/dashboard/betalinger/")
        staff.follow(order["number"])
        assert "On shelf B 12." in staff.text
        assert "Release the reservation" in staff.text
        # Also when a form on it is shown again.
        staff.submit_in_vain("form[action$='/capture-part/']", amount="1000000")
        assert "Please correct this" in staff.text
        assert "On shelf B 12." in staff.text


def test_its_own_rule_is_asked_before_ours(start: Start) -> None:
    with Shopper(start("customized")) as shopper:
        shopper.open(shopper.shop.goods["Knitting pattern"])
        shopper.submit("#add_to_basket_form", quantity="101")
        shopper.check_out()
        # One way is left, so nobody is asked.
        assert shopper.path == "/checkout/preview/"
        assert "We call you about large orders." in " ".join(shopper.told())
