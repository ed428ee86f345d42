"""Several payments captured from the list: asked first, each by itself, with what came of each."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.urls import reverse

from oscar_vipps.dashboard.bulk import AT_MOST
from oscar_vipps.models import Payment
from oscar_vipps.payments import operations
from oscar_vipps.payments.settlement import settle
from tests.integration.books import books, differences
from tests.integration.stripe_says import paid
from tests.support.customer import EMAIL
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.payment_factories import PaymentFactory
from tests.support.shopper import Shopper
from tests.support.staff import soup, staff, text_of

ADDRESS = reverse("vipps_dashboard:payment-capture-selected")
NOTE = "Vipps: asked Stripe to capture NOK 249.00."


@pytest.fixture
def cashier(shop: Shop) -> Shopper:
    return staff("view_payment", "capture_payment")


@pytest.fixture
def reserved(shop: Shop, product: Any, settings: Any) -> list[Payment]:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual", "MAX_NETWORK_RETRIES": 0}
    found = []
    for _ in range(3):
        payment = Shopper(UserFactory.create()).go_to_vipps(product)
        found.append(settle(payment.pk, paid(shop, payment)))
    return found


def references(payments: list[Payment]) -> dict[str, list[str]]:
    return {"payment": [payment.reference for payment in payments]}


def results(response: Any) -> dict[str, str]:
    """What the page says came of each order."""
    assert response.status_code == 200
    rows = soup(response).select("tbody tr")
    return {row.th.get_text(strip=True): row.find_all("td")[1].get_text(strip=True) for row in rows if row.th}


def states(payments: list[Payment]) -> list[str]:
    return [Payment.objects.get(pk=payment.pk).state for payment in payments]


def test_it_is_asked_first(shop: Shop, reserved: list[Payment], cashier: Shopper) -> None:
    ended = PaymentFactory.create(state="expired")
    before, asked = [books(payment) for payment in reserved], len(shop.simulator.requests())
    response = cashier.client.get(ADDRESS, references([*reserved, ended]))
    text = text_of(response)
    assert "NOK747.00" in text.replace("\xa0", "")
    assert f"left out: {ended.order.number} (Expired)" in text
    hidden = soup(response).select("form[method=post] input[name=payment]")
    assert [field["value"] for field in hidden] == references(reserved)["payment"]
    assert len(shop.simulator.requests()) == asked
    assert [differences(was, books(payment)) for was, payment in zip(before, reserved)] == [{}, {}, {}]


def test_each_is_captured_with_a_note(
    shop: Shop, reserved: list[Payment], cashier: Shopper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    response = cashier.client.post(ADDRESS, references(reserved[:2]))
    assert results(response) == {each.order.number: "The money is captured." for each in reserved[:2]}
    assert "2 of 2 are captured." in text_of(response)
    assert states(reserved) == ["captured", "captured", "authorized"]
    for payment in reserved[:2]:
        notes = payment.order.notes.filter(user=cashier.user)
        assert [note.message for note in notes] == [NOTE]
        assert f"Order {payment.order.number}: capture, with others, by user {cashier.user.pk}" in caplog.text
    found = [books(payment) for payment in reserved]
    shop.deliver()
    assert [differences(was, books(payment)) for was, payment in zip(found, reserved)] == [{}, {}, {}]


def test_sent_twice_it_captures_once(shop: Shop, reserved: list[Payment], cashier: Shopper) -> None:
    cashier.client.post(ADDRESS, references(reserved))
    found = [books(payment) for payment in reserved]
    again = cashier.client.post(ADDRESS, references(reserved))
    assert set(results(again).values()) == {"Nothing is reserved that could be captured."}
    assert [differences(was, books(payment)) for was, payment in zip(found, reserved)] == [{}, {}, {}]


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_one_that_fails_stops_no_other(
    shop: Shop, reserved: list[Payment], cashier: Shopper, failing: int
) -> None:
    path = f"/v1/payment_intents/{reserved[failing].payment_intent_id}/capture"
    shop.simulator.fault("error", path, "POST", status=503)
    found = results(cashier.client.post(ADDRESS, references(reserved)))
    told = found.pop(reserved[failing].order.number)
    assert told.startswith("Stripe can't be reached")
    assert list(found.values()) == ["The money is captured."] * 2
    assert states(reserved) == ["authorized" if n == failing else "captured" for n in range(3)]


def test_not_even_a_fault_of_ours_stops_the_others(
    shop: Shop,
    reserved: list[Payment],
    cashier: Shopper,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    capture = operations.capture

    def breaks(payment: Payment) -> Payment:
        if payment.pk == reserved[0].pk:
            raise RuntimeError(EMAIL)
        return capture(payment)

    monkeypatch.setattr(operations, "capture", breaks)
    found = results(cashier.client.post(ADDRESS, references(reserved)))
    assert found.pop(reserved[0].order.number).startswith("Something went wrong.")
    assert list(found.values()) == ["The money is captured."] * 2
    assert "RuntimeError" in caplog.text
    assert EMAIL not in caplog.text


def test_a_reservation_that_ran_out_says_so(shop: Shop, reserved: list[Payment], cashier: Shopper) -> None:
    shop.simulator.advance(8 * 24 * 3600)
    found = results(cashier.client.post(ADDRESS, references(reserved)))
    assert set(found.values()) == {"The money could not be captured: the reservation is gone."}
    assert states(reserved) == ["cancelled"] * 3


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("chosen", "status"),
    [
        (["nowhere"], 404),
        (["a" * 33], 400),
        (["a\0"], 400),
        ([""], 400),
        (["' OR 1=1"], 400),
        ([f"{n:024}" for n in range(AT_MOST + 1)], 400),
    ],
)
def test_what_cannot_be_chosen(
    shop: Shop, cashier: Shopper, method: str, chosen: list[str], status: int
) -> None:
    payment = PaymentFactory.create(state="authorized")
    response = getattr(cashier.client, method)(ADDRESS, {"payment": [payment.reference, *chosen]})
    assert response.status_code == status
    assert (shop.simulator.requests(), payment.order.notes.count()) == ([], 0)


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_chosen(shop: Shop, cashier: Shopper, method: str) -> None:
    response = getattr(cashier.client, method)(ADDRESS)
    assert response.status_code == 200
    assert "tick the boxes" in text_of(response)
