"""Staff set an order to "Cancelled" in Oscar's dashboard, and its payment follows.

The session is ended or the reservation released; captured money stays until a person sends it back. Where
Stripe can't be reached, the order's status keeps the wish, and the reconciler fulfils it.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.urls import reverse
from oscar.core.loading import get_class, get_model

from oscar_vipps.models import Payment
from oscar_vipps.payments.settlement import settle
from oscar_vipps.shop import orders
from tests.integration.books import books, differences, mails
from tests.integration.stripe_says import at_stripe, paid
from tests.simulator.orders import client_for
from tests.support.customer import EMAIL
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper

Order = get_model("order", "Order")
EventHandler = get_class("order.processing", "EventHandler")


@pytest.fixture
def staff(shop: Shop) -> Shopper:
    return Shopper(UserFactory.create(is_staff=True, is_superuser=True))


@pytest.fixture
def impatient(settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0, "TIMEOUT": 0.5}


def buy(shopper: Shopper, product: Any, settings: Any, *, capture: str = "automatic") -> Payment:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": capture}
    return shopper.go_to_vipps(product)


def set_status(staff: Shopper, payment: Payment, status: str) -> Any:
    """The form on the order's page in Oscar's dashboard."""
    address = reverse("dashboard:order-detail", kwargs={"number": payment.order.number})
    return staff.client.post(address, {"order_action": "change_order_status", "new_status": status})


def flags(payment: Payment) -> list[tuple[str, bool]]:
    """Each flag, and whether it is still open."""
    return [(flag.reason, flag.resolved_at is None) for flag in payment.flags.all()]


def test_the_session_of_an_unpaid_order_is_ended(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper
) -> None:
    payment = buy(shopper, product, settings)
    assert set_status(staff, payment, "Cancelled").status_code == 302
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("cancelled", "Cancelled")
    assert found["lines"] == [(1, 0, (10, 0))]
    assert shop.session(payment)["status"] == "expired"
    assert [new for _old, new in found["history"]] == ["Cancelled"]
    assert flags(payment) == []
    shop.deliver()
    assert differences(found, books(payment)) == {}


def test_an_order_whose_shopper_never_got_to_stripe(
    shop: Shop, shopper: Shopper, product: Any, staff: Shopper
) -> None:
    shopper.order(product)
    payment = Payment.objects.get()
    set_status(staff, payment, "Cancelled")
    payment.refresh_from_db()
    assert payment.state == "cancelled"
    assert books(payment)["lines"] == [(1, 0, (10, 0))]
    assert shop.simulator.requests("POST") == []


def test_a_reservation_is_released(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper
) -> None:
    payment = buy(shopper, product, settings, capture="manual")
    settle(payment.pk, paid(shop, payment))
    set_status(staff, payment, "Cancelled")
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("cancelled", "Cancelled")
    assert (found["payment"]["released"], found["lines"]) == (True, [(1, 0, (10, 0))])
    intent = shop.simulator.payment_intent(found["payment"]["payment_intent_id"])
    assert intent["status"] == "canceled"
    assert flags(payment) == []


def test_captured_money_stays_and_is_flagged(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper
) -> None:
    """Field failure 18: a status moves no money of the shop."""
    payment = buy(shopper, product, settings)
    settle(payment.pk, paid(shop, payment))
    set_status(staff, payment, "Cancelled")
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("captured", "Cancelled")
    assert flags(payment) == [("order_cancelled", True)]
    assert shop.simulator.state()["refunds"] == []
    assert found["lines"] == [(1, 1, (10, 1))]


def test_the_mark_is_gone_when_a_person_has_refunded_it(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper
) -> None:
    payment = buy(shopper, product, settings)
    settle(payment.pk, paid(shop, payment))
    set_status(staff, payment, "Cancelled")
    client = client_for(shop.simulator)
    client.v1.refunds.create({"payment_intent": shop.session(payment)["payment_intent"]})
    shop.deliver()
    assert flags(payment) == [("order_cancelled", False)]
    assert books(payment)["status"] == "Cancelled"


def test_the_shopper_pays_while_staff_cancel(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper
) -> None:
    """The money wins over the session, and the order stays what staff made it."""
    payment = buy(shopper, product, settings)
    shop.simulator.pay(payment.session_id or "")
    set_status(staff, payment, "Cancelled")
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("captured", "Cancelled")
    assert flags(payment) == [("order_cancelled", True)]
    shop.deliver()
    assert books(payment)["status"] == "Cancelled"


@pytest.mark.parametrize("kind", ["error", "timeout_before", "timeout_after"])
@pytest.mark.parametrize("capture", ["automatic", "manual"])
def test_the_wish_is_kept_where_stripe_does_not_answer(
    shop: Shop,
    shopper: Shopper,
    product: Any,
    settings: Any,
    staff: Shopper,
    impatient: None,
    capture: str,
    kind: str,
) -> None:
    payment = buy(shopper, product, settings, capture=capture)
    if capture == "manual":
        settle(payment.pk, paid(shop, payment))
    before = books(payment)
    shop.simulator.fault(kind, "/v1/", count=2, status=503)
    assert set_status(staff, payment, "Cancelled").status_code == 302
    after = books(payment)
    assert (after["payment"]["state"], after["status"]) == (before["payment"]["state"], "Cancelled")
    assert flags(payment) == [("order_cancelled", True)]
    shop.simulator.clear_faults()

    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("cancelled", "Cancelled")
    assert found["lines"] == [(1, 0, (10, 0))]
    assert flags(payment) == [("order_cancelled", False)]


def test_the_reconciler_says_so_while_stripe_is_still_down(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper, impatient: None
) -> None:
    payment = buy(shopper, product, settings)
    shop.simulator.fault("error", "/v1/", count=9, status=503)
    set_status(staff, payment, "Cancelled")
    let_time_pass(payment)
    with pytest.raises(CommandError):
        call_command("vipps_reconcile", stdout=StringIO(), stderr=StringIO())
    assert flags(payment) == [("order_cancelled", True)]
    payment.refresh_from_db()
    assert payment.state == "open"


def test_a_reservation_that_comes_after_the_order_was_cancelled_is_released_by_the_reconciler(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper, impatient: None
) -> None:
    payment = buy(shopper, product, settings, capture="manual")
    shop.simulator.fault("error", "/v1/", count=2, status=503)
    set_status(staff, payment, "Cancelled")
    shop.simulator.clear_faults()
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    assert books(payment)["payment"]["state"] == "authorized"
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    found = books(payment)
    assert (found["payment"]["state"], found["payment"]["released"]) == ("cancelled", True)
    assert flags(payment) == [("order_cancelled", False)]
    assert mails() == []


def test_captured_money_is_flagged_although_the_process_was_killed_before(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    payment = buy(shopper, product, settings)
    settle(payment.pk, paid(shop, payment))
    # Nobody was there any more to hear of it.
    Order.objects.update(status="Cancelled")
    for _ in range(2):
        let_time_pass(payment)
        call_command("vipps_reconcile", stdout=StringIO())
    assert flags(payment) == [("order_cancelled", True)]
    assert shop.simulator.state()["refunds"] == []


def test_a_cancelled_order_is_not_confirmed_until_staff_go_on_with_it(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper
) -> None:
    payment = buy(shopper, product, settings)
    shop.simulator.pay(payment.session_id or "")
    set_status(staff, payment, "Cancelled")
    shop.deliver()
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    assert mails() == []
    set_status(staff, payment, "Paid")
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    assert mails() == [EMAIL]


def test_nothing_is_asked_of_stripe_before_the_order_is_committed(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    payment = buy(shopper, product, settings)
    with transaction.atomic():
        EventHandler().handle_order_status_change(payment.order, "Cancelled")
        transaction.set_rollback(True)
    assert shop.session(payment)["status"] == "open"
    assert at_stripe(payment).session_ended is False


def test_other_statuses_and_other_orders_are_left_alone(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, staff: Shopper
) -> None:
    payment = buy(shopper, product, settings)
    settle(payment.pk, paid(shop, payment))
    asked = len(shop.simulator.requests())
    set_status(staff, payment, "Packed")
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "OTHER_METHODS": ["shop.invoice.Invoice"]}
    other = Shopper()
    other.order(product, method="invoice")
    EventHandler().handle_order_status_change(Order.objects.latest("pk"), "Cancelled")
    assert len(shop.simulator.requests()) == asked
    assert flags(payment) == []


def test_a_new_order_has_the_status_that_the_shop_wants(settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "ORDER_STATUS": {"pending": "New", "captured": "Paid"}}
    assert orders.initial_status() == "New"
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "ORDER_STATUS": {"captured": "Paid"}}
    assert orders.initial_status() is None


def test_a_note_says_who_did_it(shop: Shop, shopper: Shopper, product: Any) -> None:
    order = shopper.go_to_vipps(product).order
    somebody = UserFactory.create(is_staff=True)
    orders.add_note(order, "NOK {amount}", 24900, by=somebody)
    orders.add_note(order, "NOK {amount}", 100)
    assert list(order.notes.order_by("pk").values_list("message", "user")) == [
        ("NOK 249.00", somebody.pk),
        ("NOK 1.00", None),
    ]


@pytest.mark.parametrize("outcome", ["pending", "authorized", "captured"])
@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_a_status_that_living_payments_share_cancels_nothing(settings: Any, outcome: str, end: str) -> None:
    other = {"cancelled": "expired", "expired": "cancelled"}[end]
    statuses = {"pending": "New", "authorized": "Held", "captured": "Paid", "refunded": "Refunded"}
    settings.OSCAR_VIPPS = {
        **settings.OSCAR_VIPPS,
        "ORDER_STATUS": {**statuses, end: statuses[outcome], other: "Gone"},
    }
    assert orders.cancelled_statuses() == {"Gone"}
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "ORDER_STATUS": {**statuses, end: "Ended"}}
    assert orders.cancelled_statuses() == {"Ended"}
