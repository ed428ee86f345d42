"""What needs attention: each flag and each event with what it means, why, and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oscar_vipps.dashboard.attention import ADVICE, AT_ONCE, count_open
from oscar_vipps.models import Flag
from oscar_vipps.payments import flags
from tests.support.payment_factories import EventFactory, PaymentFactory
from tests.support.shopper import Shopper
from tests.support.staff import soup, staff, text_of

pytestmark = pytest.mark.django_db

ADDRESS = reverse("vipps_dashboard:attention")
SEES = ("view_payment", "view_flag", "view_webhookevent")
BY_HAND = [reason for reason in Flag.Reason if ADVICE[reason].is_settled_by_hand]


@pytest.fixture
def viewer() -> Shopper:
    return staff(*SEES)


@pytest.fixture
def helper() -> Shopper:
    return staff(*SEES, "change_flag", "change_webhookevent")


def flag(reason: Flag.Reason = Flag.Reason.MISMATCH, detail: str = "the amount", **more: Any) -> Flag:
    return Flag.objects.create(payment=PaymentFactory.create(), reason=reason, detail=detail, **more)


def done(somebody: Shopper, found: Flag, seen: Any = None) -> Any:
    seen = len(found.detail) if seen is None else seen
    return somebody.client.post(
        reverse("vipps_dashboard:flag-done", args=[found.pk]), {"seen": seen}, follow=True
    )


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_all_is_well(viewer: Shopper) -> None:
    flag(resolved_at=timezone.now())
    for status in ("processed", "ignored", "received"):
        EventFactory.create(status=status)
    response = viewer.client.get(ADDRESS)
    assert "All is well" in text_of(response)
    assert response.context["page_obj"].paginator.count == count_open() == 0


@pytest.mark.parametrize("reason", Flag.Reason)
def test_each_flag_says_what_it_means_why_and_what_to_do(viewer: Shopper, reason: Flag.Reason) -> None:
    found = flag(reason, "first\nthen <b>second</b>")
    page = soup(viewer.client.get(ADDRESS))
    card = page.find("section")
    assert card is not None
    text = card.get_text(" ", strip=True)
    advice = ADVICE[reason]
    for words in (str(reason.label), str(advice.meaning), str(advice.to_do), "first then <b>second</b>"):
        assert words in text
    link = card.find("a")
    assert link is not None
    assert link["href"] == reverse("vipps_dashboard:payment-detail", args=[found.payment.reference])
    assert card.find("form") is None


@pytest.mark.parametrize("status", ["failed", "received"])
def test_each_undone_event_says_why_and_can_be_processed(
    viewer: Shopper, helper: Shopper, status: str
) -> None:
    event = EventFactory.create(status=status, reason="KeyError in settlement.py, line 7")
    EventFactory._meta.model.objects.update(received_at=timezone.now() - timedelta(hours=1))
    page = soup(viewer.client.get(ADDRESS))
    assert "KeyError in settlement.py, line 7" in page.get_text(" ", strip=True)
    assert page.select("section form") == []
    [form] = soup(helper.client.get(ADDRESS)).select("section form")
    assert form["action"] == reverse("vipps_dashboard:event-process", args=[event.pk])


def test_many_take_pages_and_no_more_queries(viewer: Shopper) -> None:
    counts = []
    for _ in range(2):
        for _ in range(AT_ONCE - 10):
            flag()
            EventFactory.create(status="failed")
        with CaptureQueriesContext(connection) as queries:
            response = viewer.client.get(ADDRESS)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(soup(response).select("section")) == 2 * AT_ONCE
    second = viewer.client.get(ADDRESS, {"page": 2})
    assert len(second.context["items"]) == 2 * (AT_ONCE - 10) - AT_ONCE
    assert soup(response).find("a", href=f"{reverse('vipps_dashboard:event-list')}?status=undone") is not None


# Marked as done


@pytest.mark.parametrize("reason", BY_HAND)
def test_a_flag_is_marked_as_done_once_with_a_note(helper: Shopper, reason: Flag.Reason) -> None:
    found, other = flag(reason), flag(reason)
    assert told(done(helper, found)) == ["Marked as done."]
    assert told(done(helper, found)) == ["That was done already."]
    found.refresh_from_db()
    other.refresh_from_db()
    assert found.resolved_at is not None
    assert other.resolved_at is None
    [note] = found.payment.order.notes.all()
    assert (note.user, note.message) == (helper.user, f"Vipps: marked as done: {reason.label}.")


def test_what_the_payment_itself_settles_is_not_marked(helper: Shopper) -> None:
    found = flag(Flag.Reason.LATE_PAYMENT)
    assert soup(helper.client.get(ADDRESS)).select("section form") == []
    assert done(helper, found).status_code == 404
    found.refresh_from_db()
    assert found.resolved_at is None


@pytest.mark.parametrize("seen", ["", "x", "0", "-1", "9" * 5000, "\0"])
def test_only_what_was_read_is_marked(helper: Shopper, seen: str) -> None:
    """News that came since the page was made isn't closed along with what was read."""
    found = flag()
    assert told(done(helper, found, seen)) == ["There is news about it. Read it, and mark it as done then."]
    found.refresh_from_db()
    assert (found.resolved_at, found.payment.order.notes.count()) == (None, 0)


def test_news_after_it_was_done_opens_it_again(helper: Shopper) -> None:
    found = flag()
    length = len(found.detail)
    flags.flag(found.payment, Flag.Reason.MISMATCH, "the currency")
    assert told(done(helper, found, length)) == ["There is news about it. Read it, and mark it as done then."]
    found.refresh_from_db()
    assert told(done(helper, found)) == ["Marked as done."]
    flags.flag(found.payment, Flag.Reason.MISMATCH, "the mode")
    assert count_open() == 1


def test_the_page_sends_what_it_shows(helper: Shopper) -> None:
    """However long the detail is, and however the reader's language writes numbers."""
    found = flag(detail="x\n" * 3000)
    field = soup(helper.client.get(ADDRESS, headers={"Accept-Language": "nb"})).find(
        "input", {"name": "seen"}
    )
    assert field is not None
    assert told(done(helper, found, field["value"])) == ["Marked as done."]
