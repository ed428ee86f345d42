"""How it goes: what the figures count, where, and for whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as datetime_timezone
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oscar_vipps.dashboard.figures import Counts
from oscar_vipps.models import Payment, Refund
from tests.support.factories import PartnerFactory
from tests.support.payment_factories import OrderFactory, PaymentFactory
from tests.support.shopper import Shopper
from tests.support.staff import partner_user, soup, staff, text_of

pytestmark = pytest.mark.django_db

FIGURES = reverse("vipps_dashboard:figures")
NOVEMBER = {"date_from": "2026-11-01", "date_to": "2026-11-30"}


@pytest.fixture
def viewer() -> Shopper:
    return staff("view_payment")


def at(day: int, hour: int = 12, month: int = 11) -> datetime:
    """In the shop's time zone."""
    return datetime(2026, month, day, hour, tzinfo=timezone.get_default_timezone())


def refund(payment: Payment, amount: int, moment: datetime, status: str = "succeeded") -> None:
    made = payment.refunds.create(amount=amount, status=status)
    Refund.objects.filter(pk=made.pk).update(created_at=moment)


def counted(viewer: Shopper, **query: str) -> dict[str, Counts]:
    """Those of the periods in which something happened, by their first day."""
    response = viewer.client.get(FIGURES, {**NOVEMBER, "by": "day", **query})
    assert response.status_code == 200
    rows = response.context["rows"]
    assert response.context["total"] == sum((row.counts for row in rows), Counts())
    return {row.period.first.isoformat(): row.counts for row in rows if row.counts != Counts()}


def test_what_became_of_the_payments_that_began_in_a_day(viewer: Shopper) -> None:
    PaymentFactory.create(state="captured", begun=at(3))
    # Declined once, and paid then.
    PaymentFactory.create(state="captured", decline_code="generic_decline", begun=at(3))
    PaymentFactory.create(state="authorized", begun=at(3))
    PaymentFactory.create(state="open", decline_code="generic_decline", begun=at(3))
    PaymentFactory.create(state="expired", begun=at(3))
    PaymentFactory.create(state="created", begun=at(4))
    assert counted(viewer) == {
        "2026-11-03": Counts(begun=5, successful=3, declined=1, paid=49800, reserved=24900),
        "2026-11-04": Counts(begun=1),
    }


def test_a_refund_counts_on_its_own_day_once_the_money_moved(viewer: Shopper) -> None:
    paid = PaymentFactory.create(state="captured", begun=at(30, month=10))
    refund(paid, 5000, at(2))
    refund(paid, 2500, at(2, hour=23))
    for status in ("created", "pending", "failed", "cancelled"):
        refund(paid, 100, at(2), status)
    assert counted(viewer) == {"2026-11-02": Counts(refunded=7500)}


def test_a_day_is_the_shops_and_both_ends_count(viewer: Shopper, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Oslo"
    for moment in (
        datetime(2026, 10, 31, 22, 59, 59, tzinfo=datetime_timezone.utc),
        datetime(2026, 10, 31, 23, 0, tzinfo=datetime_timezone.utc),
        datetime(2026, 11, 1, 23, 0, tzinfo=datetime_timezone.utc),
        datetime(2026, 11, 30, 22, 59, 59, tzinfo=datetime_timezone.utc),
        datetime(2026, 11, 30, 23, 0, tzinfo=datetime_timezone.utc),
    ):
        PaymentFactory.create(begun=moment)
    assert counted(viewer) == {
        "2026-11-01": Counts(begun=1),
        "2026-11-02": Counts(begun=1),
        "2026-11-30": Counts(begun=1),
    }


def test_by_week_and_by_month(viewer: Shopper) -> None:
    for day in (1, 2, 8, 9, 30):
        PaymentFactory.create(begun=at(day))
    weeks = {"2026-11-01": 1, "2026-11-02": 2, "2026-11-09": 1, "2026-11-30": 1}
    assert {day: counts.begun for day, counts in counted(viewer, by="week").items()} == weeks
    assert counted(viewer, by="month") == {"2026-11-01": Counts(begun=5)}


def test_payments_of_the_other_mode_do_not_count(viewer: Shopper) -> None:
    PaymentFactory.create(livemode=True, state="captured", begun=at(3))
    assert counted(viewer) == {}


def test_partners_see_figures_of_their_own_orders_only() -> None:
    ours, theirs = PartnerFactory.create(code="ours"), PartnerFactory.create(code="theirs")
    for partner in (ours, theirs, theirs):
        payment = PaymentFactory.create(
            order=OrderFactory.create(partner=partner), state="captured", begun=at(3)
        )
        refund(payment, 100, at(3))
    expected = Counts(begun=1, successful=1, paid=24900, refunded=100)
    assert counted(partner_user(ours)) == {"2026-11-03": expected}


def test_the_page_shows_the_last_thirty_days_unless_it_is_asked_for_others(viewer: Shopper) -> None:
    with time_machine.travel(at(25), tick=False):
        PaymentFactory.create(state="captured", begun=at(27, month=10))
        PaymentFactory.create(state="captured", begun=at(26, month=10))
        response = viewer.client.get(FIGURES)
    assert len(response.context["rows"]) == 30
    assert response.context["total"].begun == 1
    assert response.context["form"]["date_from"].value() == at(27, month=10).date()


def test_each_chart_has_its_name_and_its_numbers_in_the_table(viewer: Shopper) -> None:
    PaymentFactory.create(state="captured", begun=at(3))
    response = viewer.client.get(FIGURES, NOVEMBER)
    page = soup(response)
    names = [
        page.select_one(f"#{str(svg['aria-labelledby']).split()[0]}") for svg in page.select("svg[role=img]")
    ]
    assert [name and name.get_text() for name in names] == ["Money", "Payments", "Conversion"]
    assert [bar.title and bar.title.get_text() for bar in page.select("svg rect.paid")][:1] == [
        "11/03/2026: Paid: NOK249.00"
    ]
    cells = [cell.get_text(strip=True) for cell in page.select("tbody tr")[2].select("th, td")]
    assert cells == ["11/03/2026", "1", "1", "0", "100 %", "NOK249.00", "NOK0.00", "NOK0.00"]
    total = [cell.get_text(strip=True) for cell in page.select("tfoot th, tfoot td")]
    assert total == ["In all", *cells[1:]]
    # A fill is found by its name: two of one name, and the second isn't found.
    ids = [element["id"] for element in page.select("[id]")]
    assert len(ids) == len(set(ids))


def test_days_without_payments_are_said_to_be(viewer: Shopper) -> None:
    response = viewer.client.get(FIGURES, NOVEMBER)
    assert "Nobody began to pay" in text_of(response)
    assert not soup(response).select("svg[role=img]")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"date_from": "2026-11-30", "date_to": "2026-11-01"}, "This day is before the other."),
        ({"date_from": "2020-01-01"}, "These are too many columns."),
        ({"date_from": "1899-01-01"}, "greater than or equal to"),
        ({"date_to": "30.11.2026"}, "Enter a valid date."),
        ({"date_from": ""}, "This field is required."),
        ({"by": "hour"}, "Select a valid choice."),
    ],
)
def test_a_senseless_question_is_answered_with_what_is_wrong(
    viewer: Shopper, query: dict[str, str], said: str
) -> None:
    response = viewer.client.get(FIGURES, {**NOVEMBER, **query})
    assert response.status_code == 400
    assert said in text_of(response)
    assert not soup(response).select("table")


def test_a_hundred_columns_are_shown_and_one_more_is_refused(viewer: Shopper) -> None:
    last = at(30).date()
    for days, status in ((100, 200), (101, 400)):
        first = last - timedelta(days=days - 1)
        response = viewer.client.get(FIGURES, {"date_from": first.isoformat(), "date_to": last.isoformat()})
        assert response.status_code == status


def test_the_number_of_queries_does_not_depend_on_how_much_there_is(viewer: Shopper) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert viewer.client.get(FIGURES, NOVEMBER).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for day in range(1, 29):
        payment = PaymentFactory.create(state="captured", begun=at(day))
        refund(payment, 100, at(day))
    assert queries() == few
