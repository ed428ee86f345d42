"""The doctor's page in the dashboard: it looks when it is asked to, and shows no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from oscar_vipps.diagnosis.doctor import CHECKS
from oscar_vipps.models import Payment
from tests.support.factories import PartnerFactory
from tests.support.fixtures import SECRET, Shop
from tests.support.healthy_shop import change
from tests.support.shopper import Shopper, personal
from tests.support.staff import partner_user, soup, staff, text_of

PERMISSIONS = ("view_webhookevent", "change_webhookevent")
#: Each mark: its word.
WORDS = {"ok": "ok", "warning": "look", "error": "wrong", "skipped": "left out"}


@pytest.fixture
def page() -> str:
    return reverse("vipps_dashboard:doctor")


@pytest.fixture
def bundle() -> str:
    return reverse("vipps_dashboard:doctor-bundle")


@pytest.fixture
def clerk(shop: Shop) -> Shopper:
    return staff(*PERMISSIONS)


def rows(response: Any) -> dict[str, list[str]]:
    """Title: mark, what was found, what to do."""

    def split(found: str) -> list[str]:
        text, _between, hint = found.partition(" What to do: ")
        return [text, hint]

    assert response.status_code == 200
    cells = [
        [cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])]
        for row in soup(response).select("tbody tr")
    ]
    return {title: [mark, *split(found)] for mark, title, found in cells}


def test_to_open_it_asks_nobody(shop: Shop, clerk: Shopper, page: str) -> None:
    response = clerk.client.get(page)
    assert rows(response) == {}
    assert shop.simulator.requests() == []
    labels = [
        button.get_text(strip=True) for button in soup(response).select("form[action*='/doctor/'] button")
    ]
    assert labels == ["Look now", "Download the file"]


def test_each_finding_has_a_row(healthy: Shop, clerk: Shopper, page: str) -> None:
    found = rows(clerk.client.post(page))
    assert list(found) == [str(check.title) for check in CHECKS]
    assert found["Stripe"] == ["ok", "It answers and takes the key.", ""]
    assert found["Vipps at Stripe"][1].startswith("A Checkout Session in NOK offers Vipps.")


def test_all_is_well(healthy: Shop, clerk: Shopper, page: str) -> None:
    response = clerk.client.post(page)
    [status] = soup(response).select("[role=status]")
    assert status.get_text(strip=True) == "Nothing is wrong."
    sessions = healthy.simulator.state()["sessions"]
    assert [each["status"] for each in sessions if each["amount_total"] == 300] == ["expired"]


def test_what_is_wrong_and_what_to_do(healthy: Shop, clerk: Shopper, page: str, settings: Any) -> None:
    change(settings, SECRET_KEY="sk_test_revoked")
    healthy.simulator.fault("error", "/v1/", "*", status=401, count=50)
    response = clerk.client.post(page)
    found = rows(response)
    mark, _text, hint = found["Stripe"]
    assert (mark, bool(hint)) == ("wrong", True)
    assert found["Webhook endpoint"] == ["left out", "Stripe can't be asked.", ""]
    [status] = soup(response).select("[role=status]")
    assert status.get_text(strip=True) == "1 thing is wrong."


def test_a_mark_is_a_word_and_a_picture(healthy: Shop, clerk: Shopper, page: str, settings: Any) -> None:
    """No mark is told by its colour alone."""
    change(settings, CAPTURE="later")
    marks = soup(clerk.client.post(page)).select("tbody .vipps-mark")
    shown = {(mark.get_text(strip=True), " ".join(mark.i["class"])) for mark in marks}  # type: ignore[index]
    assert {word for word, _picture in shown} <= set(WORDS.values())
    assert len(shown) == len({picture for _word, picture in shown}) >= 3


def test_in_the_readers_language(healthy: Shop, clerk: Shopper, page: str) -> None:
    found = rows(clerk.client.post(page, headers={"Accept-Language": "nb"}))
    assert "Innstillinger" in found


def test_the_bundle_is_a_file_without_secrets_and_people(
    healthy: Shop, clerk: Shopper, page: str, bundle: str, settings: Any
) -> None:
    change(settings, SECRET_KEY="sk_test_abcdefghijklmnop", whsec_misplaced1="x")
    response = clerk.client.post(bundle)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="vipps-20')
    found = json.loads(response.content)
    assert [check["check"] for check in found["checks"]] == [check.name for check in CHECKS]
    texts = [response.content.decode(), text_of(clerk.client.post(page))]
    payment = Payment.objects.get()
    secrets = (
        "abcdefgh",
        "misplaced1",
        SECRET,
        settings.SECRET_KEY,
        payment.reference,
        str(payment.session_id),
    )
    for text in texts:
        assert [secret for secret in secrets if secret in text] == []
        assert personal(text.replace(settings.TIME_ZONE, "")) == []


def test_other_sites_have_no_way_to_press_the_buttons(
    shop: Shop, clerk: Shopper, page: str, bundle: str
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(clerk.user)
    assert [strict.post(address).status_code for address in (page, bundle)] == [403, 403]
    assert shop.simulator.requests() == []


def test_it_is_for_those_who_look_after_the_machinery(shop: Shop, page: str, bundle: str) -> None:
    others = [
        partner_user(PartnerFactory.create(), *PERMISSIONS),
        staff(),
        staff("view_webhookevent", "view_payment"),
    ]
    for somebody in others:
        client = somebody.client
        answers = [client.get(page), client.post(page), client.post(bundle)]
        assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert shop.simulator.requests() == []


def test_a_shop_whose_settings_are_wrong_still_has_the_page(clerk: Shopper, page: str, settings: Any) -> None:
    settings.OSCAR_VIPPS = {"SECRET_KEY": "nonsense"}
    found = rows(clerk.client.post(page))
    assert found["Settings"][0] == "wrong"
