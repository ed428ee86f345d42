"""The list of payments: what staff look for, find, sort and take away as a file."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oscar_vipps.dashboard import export, tables
from oscar_vipps.models import HOLD, Flag, Payment
from tests.support.factories import PartnerFactory
from tests.support.payment_factories import OrderFactory, PaymentFactory
from tests.support.shopper import Shopper, personal
from tests.support.staff import partner_user, soup, staff, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("vipps_dashboard:payment-list")
EXPORT = reverse("vipps_dashboard:payment-export")


@pytest.fixture
def viewer() -> Shopper:
    return staff("view_payment")


def numbers(viewer: Shopper, **query: Any) -> list[str]:
    """The orders that the list shows, in its order."""
    response = viewer.client.get(LIST, query)
    assert response.status_code == 200
    return [payment.order.number for payment in response.context["object_list"]]


def flag(payment: Payment, **more: Any) -> Flag:
    return Flag.objects.create(payment=payment, reason=Flag.Reason.MISMATCH, detail="amount", **more)


@pytest.mark.parametrize(
    "named",
    ["number", "part of the number", "with a hash", "reference", "intent", "session", "charge", "refund"],
)
def test_a_payment_is_found_by_each_of_its_names(viewer: Shopper, named: str) -> None:
    PaymentFactory.create_batch(2, state="captured")
    wanted = PaymentFactory.create(state="captured", charge_id="py_1", order__number="777123")
    for refund_id in ("re_1", "re_2"):
        wanted.refunds.create(amount=100, refund_id=refund_id)
    name = {
        "number": "777123",
        "part of the number": "777",
        "with a hash": "#777123",
        "reference": wanted.reference,
        "intent": wanted.payment_intent_id,
        "session": wanted.session_id,
        "charge": "py_1",
        "refund": "re_2",
    }[named]
    assert numbers(viewer, q=f" {name} ") == ["777123"]
    assert numbers(viewer, q="nothing") == []


def test_each_filter_leaves_what_it_says(viewer: Shopper) -> None:
    now = timezone.localtime()
    old = PaymentFactory.create(state="captured", begun=now - timedelta(days=40))
    waiting = PaymentFactory.create(state="open")
    fresh = PaymentFactory.create(state="authorized")
    running_out = PaymentFactory.create(
        state="authorized", payment_intent_created_at=now - HOLD + timedelta(hours=47)
    )
    # Paid long ago: nothing runs out any more.
    PaymentFactory.create(
        state="captured", payment_intent_created_at=now - HOLD, begun=now - timedelta(days=39)
    )
    flag(waiting)
    flag(fresh, resolved_at=now)
    by_number = {payment.order.number: payment for payment in (old, waiting, fresh, running_out)}

    def found(**query: Any) -> set[Any]:
        return {by_number.get(number) for number in numbers(viewer, **query)}

    assert found(state="authorized") == {fresh, running_out}
    assert found(attention="on") == {waiting}
    assert found(runs_out_soon="on") == {running_out}
    assert found(date_from=f"{now - timedelta(days=30):%Y-%m-%d}") == {waiting, fresh, running_out}
    assert found(date_to=f"{now - timedelta(days=40):%Y-%m-%d}") == {old}
    assert found(state="open", attention="on") == {waiting}
    assert found(state="captured", attention="on") == set()


def test_a_day_is_one_of_the_shops_calendar(viewer: Shopper, settings: Any) -> None:
    """In Oslo it is the next day an hour or two before it is in Greenwich."""
    at_night = datetime(2026, 3, 9, 23, 30, tzinfo=timezone.get_fixed_timezone(0))
    payment = PaymentFactory.create(begun=at_night)
    assert numbers(viewer, date_from="2026-03-10", date_to="2026-03-10") == [payment.order.number]
    assert numbers(viewer, date_from="2026-03-09", date_to="2026-03-09") == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"state": "evil"}, "Select a valid choice"),
        ({"date_from": "yesterday"}, "Enter a valid date"),
        ({"date_from": "0001-01-01"}, "greater than or equal to"),
        ({"date_to": "9999-12-31"}, "less than or equal to"),
        ({"date_from": "2026-02-02", "date_to": "2026-02-01"}, "This day is before the other."),
        ({"q": "a" * 256}, "at most 255 characters"),
        ({"q": "a\0"}, "Null characters are not allowed"),
    ],
)
@pytest.mark.parametrize("address", [LIST, EXPORT])
def test_what_cannot_be_looked_for_is_said_at_its_field(
    viewer: Shopper, address: str, query: dict[str, str], told: str
) -> None:
    PaymentFactory.create()
    response = viewer.client.get(address, query)
    assert (response.status_code, list(response.context["object_list"])) == (400, [])
    [name] = response.context["form"].errors
    page = soup(response)
    error = page.find(id=f"id_{name}_error")
    assert error is not None
    assert told in error.get_text()
    field = page.find(id=f"id_{name}")
    assert field is not None
    # What was typed is still there.
    typed = query[name] if "state" not in query and "\0" not in query[name] else None
    assert typed is None or field["value"] == typed


def test_the_list_is_sorted_by_its_columns(viewer: Shopper) -> None:
    amounts = [30000, 10000, 20000]
    for amount in amounts:
        PaymentFactory.create(amount=amount)
    for column, wanted in (("amount", sorted(amounts)), ("-amount", sorted(amounts)[::-1])):
        response = viewer.client.get(LIST, {"sort": column})
        assert [row.record.amount for row in response.context["payments"].rows] == wanted
        heading = soup(response).find("th", attrs={"aria-sort": True})
        assert heading is not None
        assert heading.get_text(strip=True) == "Amount"


def test_a_full_page_takes_as_many_queries_as_a_short_one(viewer: Shopper) -> None:
    counts = []
    for _ in range(2):
        for payment in PaymentFactory.create_batch(10, state="authorized"):
            flag(payment)
        with CaptureQueriesContext(connection) as queries:
            assert viewer.client.get(LIST).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_no_more_are_counted_than_staff_turn_pages(viewer: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a million, counting would take longer than all the rest of the page."""
    monkeypatch.setattr(tables, "COUNTED", 26)
    PaymentFactory.create_batch(26)
    text = text_of(viewer.client.get(LIST))
    assert "26 payments" in text
    assert "More than" not in text

    PaymentFactory.create()
    with CaptureQueriesContext(connection) as queries:
        response = viewer.client.get(LIST, {"page": 99})

    assert "More than 26 payments. Choose days or search to see the others." in text_of(response)
    table = response.context["payments"]
    assert (table.page.number, len(table.page.object_list)) == (2, 1)
    counts = [each["sql"] for each in queries if "COUNT" in each["sql"] and "vipps_payment" in each["sql"]]
    assert len(counts) == 1
    assert "LIMIT 27" in counts[0]


def test_pages_keep_what_was_looked_for(viewer: Shopper) -> None:
    PaymentFactory.create_batch(26, state="open")
    PaymentFactory.create()
    response = viewer.client.get(LIST, {"state": "open"})
    assert len(response.context["payments"].page.object_list) == 25
    following = soup(response).find("a", string=lambda text: bool(text) and "next" in text)
    assert following is not None
    second = viewer.client.get(f"{LIST}{following['href']}")
    assert len(second.context["payments"].page.object_list) == 1


def test_nothing_yet_and_nothing_found_are_told_apart(viewer: Shopper) -> None:
    assert "Nobody has paid with Vipps yet." in text_of(viewer.client.get(LIST))
    PaymentFactory.create()
    assert "No payment is like that." in text_of(viewer.client.get(LIST, {"state": "expired"}))


def test_boxes_are_for_those_who_may_capture_and_for_what_is_reserved(viewer: Shopper) -> None:
    reserved = PaymentFactory.create(state="authorized")
    PaymentFactory.create(state="captured")
    cashier = staff("view_payment", "capture_payment")
    boxes = soup(cashier.client.get(LIST)).find_all("input", attrs={"name": "payment"})
    assert [box["value"] for box in boxes] == [reserved.reference]
    assert boxes[0]["aria-label"] == f"Select order {reserved.order.number}"
    assert soup(viewer.client.get(LIST)).find("input", attrs={"name": "payment"}) is None


# The file


def table(response: Any) -> list[dict[str, str]]:
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_file_holds_what_the_list_shows(viewer: Shopper) -> None:
    PaymentFactory.create(state="open")
    payment = PaymentFactory.create(
        state="captured",
        amount=123456,
        amount_refunded=5,
        charge_id="py_1",
        begun=datetime(2026, 3, 9, 23, 30, 5, tzinfo=timezone.get_fixed_timezone(0)),
    )
    flag(payment)
    [row] = table(viewer.client.get(EXPORT, {"state": "captured"}))
    assert row == {
        "Order": payment.order.number,
        "Reference": payment.reference,
        "Begun at": "2026-03-10 00:30:05",
        "State": "Paid",
        "Amount": "1234.56",
        "Reserved": "1234.56",
        "Paid": "1234.56",
        "Refunded": "0.05",
        "Currency": "NOK",
        "Capture before": "",
        "Attention": "Yes",
        "Real money": "No",
        "PaymentIntent": payment.payment_intent_id,
        "Charge": "py_1",
        "Checkout Session": payment.session_id,
    }


@pytest.mark.parametrize("number", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("//evil.example")'])
def test_no_cell_is_a_formula(viewer: Shopper, number: str) -> None:
    PaymentFactory.create(order__number=number)
    [row] = table(viewer.client.get(EXPORT))
    assert row["Order"] == f"'{number}"


def test_nothing_personal_is_in_the_file(viewer: Shopper) -> None:
    PaymentFactory.create(order__guest_email="kari@example.com")
    text = b"".join(viewer.client.get(EXPORT).streaming_content).decode()  # type: ignore[attr-defined]
    assert personal(text) == []
    assert "@" not in text


def test_the_file_is_made_piece_by_piece(viewer: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 10)
    payments = PaymentFactory.create_batch(25)
    response = viewer.client.get(EXPORT)
    pieces = iter(response.streaming_content)  # type: ignore[attr-defined]
    with CaptureQueriesContext(connection) as queries:
        next(pieces)
        assert (next(pieces).count(b"\n"), len(queries)) == (10, 1)
        rest = b"".join(pieces)
    assert (rest.count(b"\n"), len(queries)) == (15, 4)
    assert payments[0].reference.encode() in rest


def test_the_file_speaks_the_readers_language(viewer: Shopper) -> None:
    PaymentFactory.create(state="captured")
    response = viewer.client.get(EXPORT, headers={"Accept-Language": "nb"})
    # Somebody else's request comes in between.
    viewer.client.get(LIST, headers={"Accept-Language": "en"})
    [row] = table(response)
    assert "Betalt" in row.values()


# Partners


@pytest.mark.parametrize("address", [LIST, EXPORT])
def test_a_partner_sees_payments_of_own_orders_alone(address: str) -> None:
    mine, other = PartnerFactory.create(code="mine"), PartnerFactory.create(code="other")
    own = PaymentFactory.create(order=OrderFactory.create(partner=mine), state="authorized")
    foreign = PaymentFactory.create(order=OrderFactory.create(partner=other), state="authorized")
    # Permissions about money do nothing for somebody who isn't staff.
    somebody = partner_user(mine, "view_payment", "capture_payment")
    response = somebody.client.get(address)
    shown = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    assert own.reference.encode() in shown
    assert foreign.reference.encode() not in shown
    assert b'name="payment"' not in shown
    for payment, status in ((own, 200), (foreign, 404)):
        assert somebody.get("vipps_dashboard:payment-detail", payment.reference).status_code == status
    page = soup(somebody.get("vipps_dashboard:payment-detail", own.reference))
    assert page.find("form", action=lambda action: bool(action) and "/capture/" in action) is None
