"""Orders whose customer the shop has erased: money, books and dashboard go on without account and address."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import override_settings
from django.urls import reverse
from oscar.core.loading import get_model

from oscar_vipps.gateway import client
from oscar_vipps.models import Payment, new_reference
from oscar_vipps.payments import operations, refunds
from oscar_vipps.payments.settlement import settle
from oscar_vipps.privacy.erasure import erase_customer
from oscar_vipps.privacy.export import export_payment
from tests.integration.books import books, mails
from tests.integration.stripe_says import paid
from tests.support.customer import EMAIL
from tests.support.factories import UserFactory, voucher
from tests.support.fixtures import Shop
from tests.support.mail import DOWN
from tests.support.quiet import let_time_pass
from tests.support.shopper import Shopper
from tests.support.staff import staff, text_of

Order = get_model("order", "Order")


def delete_account(payment: Payment) -> None:
    """And with it baskets, address book and mail."""
    payment.order.user.delete()


def anonymise_account(payment: Payment) -> None:
    user = payment.order.user
    user.email, user.username = "", f"gone-{user.pk}"
    user.save()


def forget_guest(payment: Payment) -> None:
    Order.objects.filter(pk=payment.order_id).update(guest_email="")


def delete_addresses(payment: Payment) -> None:
    for address in (payment.order.shipping_address, payment.order.billing_address):
        if address is not None:
            address.delete()


ERASED: dict[str, tuple[bool, Callable[[Payment], None]]] = {
    "account deleted": (True, delete_account),
    "account anonymised": (True, anonymise_account),
    "guest's address erased": (False, forget_guest),
}


@pytest.fixture
def capture_later(shop: Shop, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}


@pytest.fixture(params=ERASED)
def begun(request: Any, shop: Shop, product: Any) -> tuple[Payment, Callable[[], None]]:
    """A payment whose session is open, and what the shop does to forget its customer."""
    has_account, forget = ERASED[request.param]
    voucher("TEN")
    shopper = Shopper(UserFactory.create(email=EMAIL)) if has_account else Shopper()
    shopper.add(product)
    shopper.add_voucher("TEN")
    payment = shopper.go_to_vipps()

    def erase() -> None:
        payment.refresh_from_db()
        forget(payment)
        delete_addresses(payment)
        payment.refresh_from_db()
        mail.outbox.clear()

    return payment, erase


def reconcile() -> str:
    """Fails where the exit status isn't 0."""
    out = StringIO()
    call_command("vipps_reconcile", stdout=out, stderr=out)
    return out.getvalue()


def clerk() -> Shopper:
    return staff("view_payment", "capture_payment", "refund_payment", "cancel_payment")


def opens(payment: Payment) -> None:
    """Each page of the dashboard that shows the payment, and Oscar's own of the order."""
    somebody = clerk()
    number = payment.order.number
    for address in (
        reverse("vipps_dashboard:payment-list"),
        reverse("vipps_dashboard:payment-detail", args=[payment.reference]),
    ):
        page = somebody.client.get(address)
        assert page.status_code == 200
        assert number in text_of(page)
    export = somebody.client.get(reverse("vipps_dashboard:payment-export"))
    assert number in export.getvalue().decode()
    admin = Shopper(UserFactory.create(is_staff=True, is_superuser=True))
    detail = admin.client.get(reverse("dashboard:order-detail", args=[number]))
    assert detail.status_code == 200
    assert "Vipps" in text_of(detail)


def test_money_that_is_taken_is_refunded_and_nobody_is_mailed(
    shop: Shop, begun: tuple[Payment, Callable[[], None]], caplog: pytest.LogCaptureFixture
) -> None:
    payment, erase = begun
    settle(payment.pk, paid(shop, payment))
    erase()
    opens(payment)
    address = reverse("vipps_dashboard:payment-refund", args=[payment.reference])
    clerk().client.post(address, {"amount": "100.00", "reference": new_reference()})
    shop.deliver()
    let_time_pass(payment)
    assert "0 failed" in reconcile()
    found = books(payment)
    assert (found["payment"]["amount_refunded"], found["source"][2]) == (10000, Decimal("100.00"))
    assert (found["status"], found["flags"], mails()) == ("Partly refunded", [], [])
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    opens(payment)
    let_time_pass(payment)
    assert reconcile().startswith("0 events, 0 payments")
    assert export_payment(payment)["amount_refunded"] == Decimal("100.00")
    assert erase_customer(EMAIL) == []


def test_a_payment_under_way_is_finished_and_nobody_is_mailed(
    shop: Shop, begun: tuple[Payment, Callable[[], None]]
) -> None:
    payment, erase = begun
    erase()
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    payment.refresh_from_db()
    assert (payment.state, mails()) == ("captured", [])
    let_time_pass(payment)
    assert "0 failed" in reconcile()
    assert Shopper().visit(payment, "return").status_code == 200
    assert Shopper().visit(payment, "status").json()["waiting"] is False


def test_a_payment_that_runs_out_gives_everything_back(
    shop: Shop, begun: tuple[Payment, Callable[[], None]]
) -> None:
    payment, erase = begun
    [line] = payment.order.lines.all()
    erase()
    client.expire_session(payment.session_id or "")
    let_time_pass(payment, timedelta(hours=2))
    assert "0 failed" in reconcile()
    payment.refresh_from_db()
    line.stockrecord.refresh_from_db()
    assert (payment.state, line.stockrecord.net_stock_level) == ("expired", 10)
    assert get_model("voucher", "Voucher").objects.get().num_orders == 0
    opens(payment)


@pytest.mark.usefixtures("capture_later")
@pytest.mark.parametrize(("operation", "state"), [("capture", "captured"), ("void", "cancelled")])
def test_a_reservation_is_captured_or_released(
    shop: Shop, begun: tuple[Payment, Callable[[], None]], operation: str, state: str
) -> None:
    payment, erase = begun
    assert settle(payment.pk, paid(shop, payment)).state == "authorized"
    erase()
    getattr(operations, operation)(payment)
    payment.refresh_from_db()
    assert (payment.state, mails()) == (state, [])
    opens(payment)


def test_a_mail_that_was_due_is_due_no_more(shop: Shop, begun: tuple[Payment, Callable[[], None]]) -> None:
    payment, erase = begun
    with override_settings(**DOWN):
        settle(payment.pk, paid(shop, payment))
        refunds.send(refunds.request_refund(Payment.objects.get(pk=payment.pk), refunds.Wish(100)))
    payment.refresh_from_db()
    assert (payment.confirmation_sent_at, payment.refunds.get().confirmation_sent_at) == (None, None)
    erase()
    for _each in range(2):
        let_time_pass(payment)
        assert "0 failed" in reconcile()
    let_time_pass(payment)
    assert reconcile().startswith("0 events, 0 payments")
    assert mails() == []
