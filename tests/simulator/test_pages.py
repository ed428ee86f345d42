"""What a shopper meets, and the control page: over HTTP, without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import stripe

from tests.simulator.orders import in_seconds, line, manual, order
from tests.simulator.receiver import Receiver
from tests.support.simulator import Simulator

HOUR = 3600
NBSP = "\N{NO-BREAK SPACE}"


def lang(page: httpx.Response) -> str:
    found = re.search(r'<html lang="(\w+)">', page.text)
    assert found
    return found[1]


def button_labels(page: httpx.Response) -> list[str]:
    """As they are read."""
    found = re.findall(r"<button[^>]*>(.*?)</button>", page.text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", label).split()) for label in found]


def test_buying(simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client) -> None:
    session = client.v1.checkout.sessions.create(order(locale="nb"))
    page = browser.get(str(session.url))
    assert page.status_code == 200
    assert lang(page) == "nb"
    for text in (
        *("Fjellgenser", f"kr{NBSP}1{NBSP}249,00"),
        *("Votter", f"kr{NBSP}199,50"),
        f"kr{NBSP}1{NBSP}648,00",
        "Betal med Vipps",
        "Tilbake til butikken",
        'href="https://butikk.example/avbrutt/"',
    ):
        assert text in page.text, text
    moved = browser.post(str(session.url))
    assert moved.status_code == 303
    vipps = browser.get(moved.headers["Location"])
    assert button_labels(vipps) == [
        "Godkjenn testbetalingen Authorize test payment",
        "Avvis testbetalingen Fail test payment",
    ]
    done = browser.post(moved.headers["Location"], data={"outcome": "authorize"})
    assert done.status_code == 303
    assert done.headers["Location"] == f"https://butikk.example/takk/?session={session.id}"
    assert simulator.session(session.id)["payment_status"] == "paid"


def test_the_test_page_in_english_has_stripes_labels_and_no_others(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order(locale="en"))
    vipps = browser.get(simulator.pay(session.id, "start")["url"])
    assert button_labels(vipps) == ["Authorize test payment", "Fail test payment"]


def test_declined_and_tried_again(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order(locale="nb"))
    vipps = browser.post(str(session.url)).headers["Location"]
    back = browser.post(vipps, data={"outcome": "fail"})
    assert (back.status_code, back.headers["Location"]) == (303, session.url)
    page = browser.get(str(session.url))
    assert 'role="alert"' in page.text
    assert "Betalingen ble avvist" in page.text
    assert browser.post(str(session.url)).status_code == 303
    simulator.advance(5 * 60)
    assert "ikke godkjent i tide" in browser.get(str(session.url)).text
    vipps = browser.post(str(session.url)).headers["Location"]
    browser.post(vipps, data={"outcome": "authorize"})
    assert simulator.session(session.id)["status"] == "complete"


def test_looking_changes_nothing(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order())
    browser.get(str(session.url))
    assert simulator.session(session.id)["payment_intent"] is None
    vipps = simulator.pay(session.id, "start")["url"]
    before = len(simulator.events())
    browser.get(vipps)
    browser.get(str(session.url))
    browser.get("/_simulator/")
    assert len(simulator.events()) == before


@pytest.mark.parametrize("locale", ["nb", "en", "auto", None])
def test_language(client: stripe.StripeClient, browser: httpx.Client, locale: str | None) -> None:
    session = client.v1.checkout.sessions.create(order(locale=locale))
    norwegian = browser.get(str(session.url), headers={"Accept-Language": "nb-NO,nb;q=0.9"})
    english = browser.get(str(session.url), headers={"Accept-Language": "en-GB,nb;q=0.5"})
    expected = {"nb": ("nb", "nb"), "en": ("en", "en")}.get(locale or "auto", ("nb", "en"))
    assert (lang(norwegian), lang(english)) == expected
    assert ("Pay with Vipps" in english.text) == (expected[1] == "en")


def test_a_reservation_is_told_as_one(client: stripe.StripeClient, browser: httpx.Client) -> None:
    text = "The amount is reserved now"
    assert text in browser.get(str(client.v1.checkout.sessions.create(manual(locale="en")).url)).text
    assert text not in browser.get(str(client.v1.checkout.sessions.create(order(locale="en")).url)).text


def test_complete_and_expired_pages_say_so(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order(locale="en"))
    vipps = simulator.pay(session.id, "start")["url"]
    simulator.pay(session.id)
    page = browser.get(str(session.url))
    assert "already paid" in page.text
    assert f"https://butikk.example/takk/?session={session.id}" in page.text
    assert browser.post(str(session.url), follow_redirects=True).text == page.text
    assert "not waiting any more" in browser.get(vipps).text
    assert browser.post(vipps, data={"outcome": "fail"}, follow_redirects=True).status_code == 200
    assert simulator.session(session.id)["status"] == "complete"

    expired = client.v1.checkout.sessions.create(order(locale="en", expires_at=in_seconds(HOUR)))
    simulator.advance(HOUR)
    page = browser.get(str(expired.url))
    assert page.status_code == 410
    assert "has expired" in page.text
    assert 'href="https://butikk.example/avbrutt/"' in page.text
    assert "Pay with Vipps" not in browser.post(str(expired.url), follow_redirects=True).text


def test_approval_after_the_shop_expired_the_session(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order(locale="en"))
    vipps = simulator.pay(session.id, "start")["url"]
    client.v1.checkout.sessions.expire(session.id)
    page = browser.post(vipps, data={"outcome": "authorize"}, follow_redirects=True)
    assert "not waiting any more" in page.text
    assert simulator.session(session.id)["status"] == "expired"


@pytest.mark.parametrize("path", ["/c/pay/cs_test_unknown", "/vipps/test/pi_unknown"])
def test_unknown_page(simulator: Simulator, browser: httpx.Client, path: str) -> None:
    assert browser.get(path).status_code == 404
    assert browser.post(path).status_code == 404


def test_without_vipps_there_is_no_vipps_button(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    simulator.account(vipps_enabled=False)
    session = client.v1.checkout.sessions.create(order(locale="en", payment_method_types=None))
    page = browser.get(str(session.url))
    assert "does not offer Vipps" in page.text
    assert "<form" not in page.text
    assert browser.post(str(session.url)).headers["Location"].endswith(session.id)


def test_names_are_escaped(client: stripe.StripeClient, browser: httpx.Client) -> None:
    items = [line("<script>alert(1)</script>", 1000)]
    session = client.v1.checkout.sessions.create(order(line_items=items, client_reference_id="<b>"))
    assert "<script" not in browser.get(str(session.url)).text
    assert "<b>" not in browser.get("/_simulator/").text


def test_pages_bring_everything_themselves(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order())
    vipps = simulator.pay(session.id, "start")["url"]
    for path in (str(session.url), vipps, "/_simulator/"):
        page = browser.get(path)
        assert page.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
        assets = re.findall(r'<link[^>]* href="([^"]+)"', page.text)
        assert assets
        assert all(asset.startswith("/static/") for asset in assets)
        assert all(browser.get(asset).status_code == 200 for asset in assets)


def test_the_control_page_does_what_the_control_api_does(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    def press(action: str, value: str = "") -> str:
        response = browser.post("/_simulator/", data={"action": action, "value": value})
        assert response.status_code == 303
        return browser.get(response.headers["Location"]).text

    assert browser.get("/", follow_redirects=True).status_code == 200
    session = client.v1.checkout.sessions.create(order())
    simulator.pay(session.id)
    page = browser.get("/_simulator/").text
    assert "checkout.session.completed" in page
    assert "ref-1" in page
    [completed] = simulator.events("checkout.session.completed")
    press("redeliver", completed["id"])
    assert len(shop.received) == 6
    assert "0:05:00 ahead" in press("advance", "300")
    assert "0:05:00 ahead" not in press("clock_reset")
    assert "not enrolled" in press("account", "enrolled_test")
    press("account", "enrolled_test")
    press("account", "enabled")
    assert simulator.state()["account"]["vipps_enabled"] is False
    press("fault", "error_500")
    assert simulator.state()["faults"][0]["status"] == 500
    press("faults_clear")
    press("policy", "hold")
    assert simulator.state()["policies"][0]["count"] == 3
    client.v1.checkout.sessions.expire(
        client.v1.checkout.sessions.create(order(payment_method_types=["card"])).id
    )
    assert "Send 1 held" in browser.get("/_simulator/").text
    press("release")
    press("policies_clear")
    assert len(shop.received) == 7
    press("nonsense")
    assert "None yet" in press("reset")
    assert simulator.state()["sessions"] == []


def labels_beside(browser: httpx.Client, intent: str) -> list[str]:
    """The buttons in the row under a payment on the control page."""
    page = browser.get("/_simulator/").text
    row = re.search(rf'<tr id="{intent}">.*?</tr>\s*(<tr class="more">.*?</tr>)?', page, re.DOTALL)
    assert row
    return re.findall(r"<button[^>]*>(.*?)</button>", row[1] or "")


def test_buttons_beside_a_payment_are_those_that_make_sense(
    simulator: Simulator, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    def pay(parameters: Any) -> str:
        id: str = simulator.pay(client.v1.checkout.sessions.create(parameters).id)["payment_intent"]["id"]
        return id

    anything = ["Refund", "Dispute", "Inquire"]
    reserved = pay(manual())
    assert labels_beside(browser, reserved) == ["Capture", "Cancel", "Expire hold"]
    simulator.expire_hold(reserved)
    assert labels_beside(browser, reserved) == []

    refunded = pay(order())
    assert labels_beside(browser, refunded) == anything
    refund = simulator.refund(refunded, 1000, "pending")
    assert labels_beside(browser, refunded) == ["Succeed", "Fail", "Cancel", *anything]
    simulator.decide_refund(refund, "succeeded")
    assert labels_beside(browser, refunded) == ["Fail after all", *anything]
    simulator.refund(refunded)
    assert "Refund" not in labels_beside(browser, refunded)

    disputed = pay(order())
    dispute = simulator.dispute(disputed, amount=1000, inquiry=True)
    assert labels_beside(browser, disputed) == ["Answered", "Escalate", "Close", "Refund"]
    simulator.dispute_answered(dispute)
    assert labels_beside(browser, disputed) == ["Escalate", "Close", "Refund"]
    simulator.escalate_dispute(dispute)
    assert labels_beside(browser, disputed) == ["Answered", "Won", "Lost"]
    simulator.decide_dispute(dispute, "lost")
    assert labels_beside(browser, disputed) == anything
    simulator.decide_dispute(simulator.dispute(disputed), "lost")
    assert labels_beside(browser, disputed) == []


def test_buttons_beside_a_payment_do_what_they_say(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    def pay(parameters: Any) -> str:
        id: str = simulator.pay(client.v1.checkout.sessions.create(parameters).id)["payment_intent"]["id"]
        return id

    def press(action: str, value: str, **form: str) -> None:
        before = len(shop.received)
        response = browser.post("/_simulator/", data={"action": action, "value": value, **form})
        assert (response.status_code, response.headers["Location"]) == (303, f"/_simulator/#{intent}")
        assert len(shop.received) > before, "the shop heard of it"

    def newest(kind: str) -> dict[str, Any]:
        found: dict[str, Any] = simulator.state()[kind][-1]
        return found

    for action, status in (("capture", "succeeded"), ("cancel", "canceled"), ("expire_hold", "canceled")):
        intent = pay(manual())
        press(action, intent)
        assert simulator.payment_intent(intent)["status"] == status

    intent = pay(order())
    for action in ("succeeded", "failed", "canceled"):
        press("refund", intent, amount=f"1{NBSP}00,5", outcome="pending")
        assert (newest("refunds")["amount"], newest("refunds")["status"]) == (10050, "pending")
        press(f"refund_{action}", newest("refunds")["id"])
        assert newest("refunds")["status"] == action

    press("inquire", intent, amount="200", reason="duplicate")
    dispute = newest("disputes")
    assert (dispute["amount"], dispute["reason"], dispute["status"]) == (
        *(20000, "duplicate"),
        "warning_needs_response",
    )
    press("dispute_answered", dispute["id"])
    assert newest("disputes")["status"] == "warning_under_review"
    press("dispute_escalated", dispute["id"])
    assert newest("disputes")["status"] == "needs_response"
    press("dispute_won", dispute["id"])
    assert newest("disputes")["status"] == "won"
    press("inquire", intent, amount="200", reason="general")
    press("dispute_closed", newest("disputes")["id"])
    assert newest("disputes")["status"] == "warning_closed"
    press("dispute", intent, amount="200", reason="fraudulent")
    press("dispute_lost", newest("disputes")["id"])
    assert newest("disputes")["status"] == "lost"


@pytest.mark.parametrize(
    ("action", "form", "sentence"),
    [
        ("capture", {}, "already been captured"),
        ("expire_hold", {}, "nothing is reserved"),
        ("refund", {"amount": "1648,01", "outcome": "succeeded"}, "greater than unrefunded amount"),
        ("refund", {"amount": "0", "outcome": "succeeded"}, "Invalid positive integer"),
        ("refund", {"amount": "12,345", "outcome": "succeeded"}, "is not an amount in kroner"),
        ("refund", {"amount": "<b>-1", "outcome": "succeeded"}, "is not an amount in kroner"),
        ("refund", {"amount": "1", "outcome": "maybe"}, "Choose one of"),
        ("dispute", {"amount": "1", "reason": "boredom"}, "Choose one of"),
        ("dispute", {"amount": "0", "reason": "general"}, "be disputed"),
        ("dispute_won", {}, "There is no such dispute"),
    ],
)
def test_a_button_beside_a_payment_that_comes_too_late_says_so(
    simulator: Simulator,
    client: stripe.StripeClient,
    browser: httpx.Client,
    action: str,
    form: dict[str, str],
    sentence: str,
) -> None:
    intent = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]["id"]
    before = simulator.state()
    page = browser.post("/_simulator/", data={"action": action, "value": intent, **form})
    assert page.status_code == 409
    alert = re.search(r'role="alert">(.*?)</p>', page.text)
    assert alert
    assert sentence in alert[1]
    assert "<b>" not in page.text
    after = simulator.state()
    for kind in ("payment_intents", "charges", "refunds", "disputes", "events"):
        assert after[kind] == before[kind]
