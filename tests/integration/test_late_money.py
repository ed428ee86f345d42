"""Field failure 22: money that arrives when its order has ended. It is recorded and flagged, goes back to the
shopper, or takes the order up again where the shop wants that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from oscar.core.loading import get_model

from oscar_vipps.models import Flag, Payment, new_reference
from oscar_vipps.money import to_decimal
from oscar_vipps.payments.settlement import settle
from tests.integration.books import books, mails, subjects
from tests.integration.stripe_says import at_stripe, paid
from tests.simulator.orders import client_for
from tests.support.customer import EMAIL
from tests.support.factories import voucher
from tests.support.fixtures import Shop
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper
from tests.support.staff import soup, staff

PRICE, NOTHING = Decimal("249.00"), Decimal(0)
REFUNDS, INTENTS = "/v1/refunds", "/v1/payment_intents"

Configure = Callable[..., None]


@pytest.fixture
def configure(settings: Any) -> Configure:
    def change(**keys: Any) -> None:
        settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, **keys}

    change(MAX_NETWORK_RETRIES=0, TIMEOUT=0.5)
    return change


@pytest.fixture
def payment(shop: Shop, shopper: Shopper, product: Any, configure: Configure) -> Payment:
    """A payment whose session is open."""
    return shopper.go_to_vipps(product)


def ends(payment: Payment, *, asked_for: bool = False) -> None:
    """The shop hears that the session has ended, and acts on it."""
    if asked_for:
        Payment.objects.filter(pk=payment.pk).update(cancel_requested_at=timezone.now())
    ended = at_stripe(payment).__class__(**{**vars(at_stripe(payment)), "session_ended": True})
    settle(payment.pk, ended)


def flags(payment: Payment) -> list[tuple[str, bool]]:
    """Each flag, and whether it is still open."""
    return [(flag.reason, flag.resolved_at is None) for flag in payment.flags.all()]


def test_captured_money_is_refunded_at_once(shop: Shop, payment: Payment) -> None:
    ends(payment)
    settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("expired", "Expired")
    assert found["source"] == (PRICE, PRICE, PRICE)
    assert found["payment"]["amount_refunded"] == 24900
    assert flags(payment) == [("late_payment", False)]
    assert [note.split(": ", 1)[1] for note, _kind in found["notes"]] == [
        "NOK 249.00 was not paid in time. The shop has no money.",
        "NOK 249.00 arrived after the order had ended, and is to go back to the shopper.",
        "NOK 249.00 was refunded.",
    ]
    [refund] = shop.simulator.state()["refunds"]
    assert (refund["amount"], refund["metadata"]["oscar_vipps_payment"]) == (24900, payment.reference)
    assert subjects() == ["NOK249.00 is refunded for order " + payment.order.number]


def test_a_reservation_is_released_at_once(
    shop: Shop, shopper: Shopper, product: Any, configure: Configure
) -> None:
    configure(CAPTURE="manual")
    payment = shopper.go_to_vipps(product)
    ends(payment)
    settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert (found["payment"]["state"], found["payment"]["released"]) == ("expired", True)
    assert found["source"] == (PRICE, NOTHING, NOTHING)
    assert flags(payment) == [("late_payment", False)]
    assert "is released" in found["notes"][-1][0]
    settle(payment.pk, at_stripe(payment))
    assert books(payment) == found
    assert shop.simulator.payment_intent(found["payment"]["payment_intent_id"])["status"] == "canceled"


@pytest.mark.parametrize("capture", ["automatic", "manual"])
@pytest.mark.parametrize("kind", ["error", "timeout_before", "timeout_after", "close"])
def test_it_stays_flagged_while_stripe_fails_and_goes_back_once(
    shop: Shop, shopper: Shopper, product: Any, configure: Configure, kind: str, capture: str
) -> None:
    """Whether Stripe acted before it failed or not."""
    configure(CAPTURE=capture)
    payment = shopper.go_to_vipps(product)
    ends(payment)
    late = paid(shop, payment)
    path = REFUNDS if capture == "automatic" else f"{INTENTS}/{late.payment_intent_id}/cancel"
    shop.simulator.fault(kind, path, "POST")
    settle(payment.pk, late)
    assert flags(payment) == [("late_payment", True)]

    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    payment.refresh_from_db()
    assert (payment.amount_held, flags(payment)) == (0, [("late_payment", False)])
    refunded = [refund["amount"] for refund in shop.simulator.state()["refunds"]]
    assert refunded == ([24900] if capture == "automatic" else [])
    assert payment.refunds.count() == len(refunded)
    shop.deliver()
    assert books(payment)["source"][2] == sum(refunded) / Decimal(100)


def test_an_error_that_stripe_keeps_is_not_asked_for_again_under_its_key(
    shop: Shop, payment: Payment
) -> None:
    ends(payment)
    shop.simulator.fault("error", REFUNDS, "POST", status=500)
    settle(payment.pk, paid(shop, payment))
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    keys = [asked["headers"]["Idempotency-Key"] for asked in shop.simulator.requests("POST", REFUNDS)]
    assert len(set(keys)) == len(keys) == 2
    assert [refund.status for refund in payment.refunds.all()] == ["succeeded"]


def test_a_time_out_is_asked_about_again_under_the_same_key(shop: Shop, payment: Payment) -> None:
    ends(payment)
    shop.simulator.fault("timeout_before", REFUNDS, "POST")
    settle(payment.pk, paid(shop, payment))
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    keys = {asked["headers"]["Idempotency-Key"] for asked in shop.simulator.requests("POST", REFUNDS)}
    assert len(keys) == 1
    assert [refund.status for refund in payment.refunds.all()] == ["succeeded"]


def test_a_refund_that_fails_at_the_bank_is_flagged_and_taken_back(shop: Shop, payment: Payment) -> None:
    """Field failure 16: failed is not refunded."""
    ends(payment)
    shop.simulator.refund_outcomes("failed")
    settle(payment.pk, paid(shop, payment))
    shop.deliver()
    payment.refresh_from_db()
    assert (payment.amount_refunded, payment.holds_money) == (0, True)
    assert flags(payment) == [("late_payment", True), ("refund_failed", True)]
    assert books(payment)["source"] == (PRICE, PRICE, NOTHING)


def test_staff_try_again_what_failed(shop: Shop, payment: Payment) -> None:
    """As the mark tells them to, on the payment's page: also of an order that has ended."""
    ends(payment)
    shop.simulator.refund_outcomes("failed")
    settle(payment.pk, paid(shop, payment))
    shop.deliver()
    clerk = staff("view_payment", "refund_payment")
    page = clerk.get("vipps_dashboard:payment-detail", payment.reference)
    form = soup(page).select_one("form[action$='/refund/']")
    assert form
    clerk.client.post(str(form["action"]), {"reference": new_reference(), "amount": "249.00"})
    payment.refresh_from_db()
    assert (payment.amount_refunded, payment.holds_money) == (24900, False)
    assert ("late_payment", False) in flags(payment)
    page = clerk.get("vipps_dashboard:payment-detail", payment.reference)
    assert not soup(page).select("form[action$='/refund/']")


@pytest.mark.parametrize("outcome", ["refused", "failed at the bank"])
def test_what_came_to_nothing_is_not_tried_for_ever(shop: Shop, payment: Payment, outcome: str) -> None:
    """A person decides; the money stays flagged."""
    ends(payment)
    if outcome == "refused":
        error = {"code": "charge_disputed", "type": "invalid_request_error", "message": "no"}
        shop.simulator.fault("error", REFUNDS, "POST", status=400, error=error, count=99)
    else:
        shop.simulator.refund_outcomes(*["failed"] * 9)
    settle(payment.pk, paid(shop, payment))
    for _ in range(3):
        shop.deliver()
        let_time_pass(payment)
        call_command("vipps_reconcile", stdout=StringIO())
    assert [refund.status for refund in payment.refunds.all()] == ["failed"]
    assert len(shop.simulator.requests("POST", REFUNDS)) == 1
    assert flags(payment) == [("late_payment", True), ("refund_failed", True)]
    assert payment.flags.get(reason="refund_failed").detail.count("\n") == 0


def test_what_somebody_refunded_in_stripes_dashboard_is_not_refunded_again(
    shop: Shop, payment: Payment
) -> None:
    ends(payment)
    shop.simulator.fault("error", REFUNDS, "POST", status=503)
    late = paid(shop, payment)
    settle(payment.pk, late)
    refund_in_stripes_dashboard(shop, late.payment_intent_id)
    let_time_pass(payment)
    call_command("vipps_reconcile", stdout=StringIO())
    payment.refresh_from_db()
    assert (payment.amount_refunded, payment.amount_held) == (24900, 0)
    assert sorted(payment.refunds.values_list("status", flat=True)) == ["cancelled", "succeeded"]


def refund_in_stripes_dashboard(shop: Shop, payment_intent_id: str | None) -> None:
    client_for(shop.simulator).v1.refunds.create({"payment_intent": payment_intent_id or ""})


# Taken up again


def test_the_order_is_taken_up_again_where_the_shop_wants_that(
    shop: Shop, shopper: Shopper, product: Any, configure: Configure
) -> None:
    configure(LATE_PAYMENT="reinstate")
    voucher()
    shopper.add_voucher("TEN")
    shopper.add(product, 2)
    shopper.add_voucher("TEN")
    payment = shopper.go_to_vipps()
    placed = books(payment)
    ends(payment)
    assert books(payment)["lines"] == [(2, 0, (10, 0))]
    settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("captured", "Paid")
    assert (found["lines"], found["offers and vouchers"]) == (placed["lines"], placed["offers and vouchers"])
    assert (mails(), flags(payment), shop.simulator.state()["refunds"]) == ([EMAIL], [], [])
    assert [new for _old, new in found["history"]] == ["Expired", "Paid"]
    amount = to_decimal(payment.amount)
    note = f"Vipps: NOK {amount} arrived after the order had ended. The order is taken up again."
    assert [text for text, _kind in found["notes"]].count(note) == 1
    shop.deliver()
    assert books(payment) == found


@pytest.mark.parametrize("capture", ["automatic", "manual"])
@pytest.mark.parametrize(
    "hindrance", ["sold", "stock record gone", "pipeline", "basket back", "cancelled by the shopper"]
)
def test_it_goes_back_where_the_order_cannot_be_taken_up_again(
    shop: Shop,
    shopper: Shopper,
    product: Any,
    configure: Configure,
    settings: Any,
    hindrance: str,
    capture: str,
) -> None:
    configure(LATE_PAYMENT="reinstate", CAPTURE=capture)
    payment = shopper.go_to_vipps(product)
    ends(payment, asked_for=hindrance == "cancelled by the shopper")
    if hindrance == "sold":
        product.stockrecords.update(num_allocated=10)
    elif hindrance == "stock record gone":
        product.stockrecords.all().delete()
    elif hindrance == "pipeline":
        statuses = settings.OSCAR_VIPPS["ORDER_STATUS"]
        assert "Packed" not in payment.order.pipeline["Expired"]
        outcome = "captured" if capture == "automatic" else "authorized"
        configure(ORDER_STATUS={**statuses, outcome: "Packed"})
    elif hindrance == "basket back":
        shopper.press(payment, "cancel")
        assert shopper.basket_titles() == ["1 Cheese slicer"]
    before = books(payment)
    settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert found["payment"]["state"] in ("expired", "cancelled")
    assert (found["status"], found["lines"]) == (before["status"], before["lines"])
    payment.refresh_from_db()
    assert (payment.amount_held, flags(payment)) == (0, [("late_payment", False)])
    # What was only reserved is nobody's news.
    assert len(subjects()) == payment.refunds.count()


def test_a_voucher_that_was_used_meanwhile_is_not_used_twice(
    shop: Shop, shopper: Shopper, product: Any, configure: Configure
) -> None:
    """Field failure 23."""
    configure(LATE_PAYMENT="reinstate")
    single = voucher(usage="Single use")
    shopper.add(product)
    shopper.add_voucher("TEN")
    payment = shopper.go_to_vipps()
    ends(payment)
    another = Shopper()
    another.add(product)
    another.add_voucher("TEN")
    another.go_to_vipps()
    settle(payment.pk, paid(shop, payment))
    payment.refresh_from_db()
    assert (payment.state, payment.amount_held, single.applications.count()) == ("expired", 0, 1)


def test_a_reservation_that_is_gone_again_takes_no_order_up(
    shop: Shop, shopper: Shopper, product: Any, configure: Configure
) -> None:
    configure(LATE_PAYMENT="reinstate", CAPTURE="manual")
    payment = shopper.go_to_vipps(product)
    ends(payment)
    before = books(payment)
    settle(payment.pk, replace(paid(shop, payment), released=True))
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("expired", "Expired")
    assert found["lines"] == before["lines"]


def test_the_log_says_why_an_order_is_not_taken_up_again(
    shop: Shop, payment: Payment, product: Any, configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    configure(LATE_PAYMENT="reinstate")
    ends(payment)
    product.stockrecords.update(num_allocated=10)
    settle(payment.pk, paid(shop, payment))
    [record] = [each for each in caplog.records if "taken up" in each.getMessage()]
    number, why = payment.order.number, "there is not enough stock of 'Cheese slicer'"
    assert record.getMessage() == f"Order {number} is not taken up again: {why}"
    assert vars(record)["payment"] == payment.reference


def test_an_order_that_the_shops_own_code_does_not_take_up_again(
    shop: Shop,
    payment: Payment,
    configure: Configure,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(LATE_PAYMENT="reinstate")
    ends(payment)

    def fail(*_arguments: Any) -> None:
        raise KeyError(EMAIL)

    monkeypatch.setattr(get_model("partner", "StockRecord"), "allocate", fail)
    settle(payment.pk, paid(shop, payment))
    found = books(payment)
    assert (found["payment"]["state"], found["status"]) == ("expired", "Expired")
    payment.refresh_from_db()
    assert (payment.amount_held, flags(payment)) == (0, [("late_payment", False)])
    [record] = [each for each in caplog.records if "taken up" in each.getMessage()]
    words = f"Order {payment.order.number} could not be taken up again: KeyError in test_late_money.py, line "
    assert record.getMessage().startswith(words)
    assert EMAIL not in record.getMessage()
    assert vars(record)["payment"] == payment.reference


def test_the_reconciler_says_what_it_could_not_do(shop: Shop, payment: Payment) -> None:
    ends(payment)
    shop.simulator.fault("error", REFUNDS, "POST", status=503, count=2)
    settle(payment.pk, paid(shop, payment))
    let_time_pass(payment)
    errors = StringIO()
    with pytest.raises(CommandError):
        call_command("vipps_reconcile", stdout=StringIO(), stderr=errors)
    assert f"Order {payment.order.number}: Stripe answered 503." in errors.getvalue()
    assert payment.flags.get().reason == Flag.Reason.LATE_PAYMENT
    assert flags(payment) == [("late_payment", True)]
