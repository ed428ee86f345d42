"""``vipps_export_customer``: all that is stored about one customer's payments, nobody else's, no secret."""

from __future__ import annotations

import json
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from oscar_vipps.checkout.tokens import token_for
from oscar_vipps.models import Dispute, Flag, Payment, Refund, WebhookEvent
from oscar_vipps.payments import refunds
from oscar_vipps.privacy.customers import payments_of
from oscar_vipps.privacy.export import export_payment
from tests.support.customer import EMAIL
from tests.support.factories import UserFactory
from tests.support.fixtures import SECRET, Shop
from tests.support.payment_factories import OrderFactory, PaymentFactory
from tests.support.shopper import Shopper

#: Fields that aren't given out, and why.
LEFT_OUT = {
    "id": "says nothing",
    "payment": "what it hangs on",
    "source": "its entries are in it",
    "session_url": "lets its bearer pay",
    "session_attempt": "of the machinery",
    "refreshed_at": "of the machinery",
    "checked_at": "of the machinery",
    "confirmation_claimed_at": "of the machinery",
    "payment_intent_created_at": "of the machinery",
    "released": "the state tells",
    "capture_method": "the shop's choice",
    "attempt": "of the machinery",
    "attempts": "of the machinery",
    "returns_stock": "about the shop's goods",
    "requested_by": "another person",
    "livemode": "the payment has it",
    "payment_intent_id": "the payment has it",
    "processed_at": "of the machinery",
}
#: Names in the export that aren't the field's own.
NAMES = {
    "amount_authorized": "amount_reserved",
    "amount_disputed": "amount_withdrawn_for_disputes",
    "cancel_requested_at": "cancellation_asked_for_at",
    "basket_returned_at": "basket_given_back_at",
    "charge_id": "charge",
    "decline_code": "last_decline",
    "dispute_id": "dispute",
    "event_id": "event",
    "evidence_due_at": "to_be_answered_before",
    "failure_reason": "why_it_failed",
    "funds_reinstated": "is_money_given_back",
    "funds_withdrawn": "is_money_withdrawn",
    "payload": "facts",
    "refund_id": "refund",
    "session_expires_at": "may_be_paid_until",
    "session_id": "checkout_session",
    "updated_at": "changed_at",
}


def export(email: str = EMAIL, *arguments: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("vipps_export_customer", email, *arguments, stdout=out, stderr=StringIO())
    found: list[dict[str, Any]] = json.loads(out.getvalue())["payments"]
    return found


def names_of(model: Any) -> set[str]:
    return {NAMES.get(field.name, field.name) for field in model._meta.concrete_fields} - set(LEFT_OUT)


def test_everything_that_happened_is_in_it(
    shop: Shop, shopper: Shopper, product: Any, django_user_model: Any
) -> None:
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "", "fail")
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    [line] = payment.order.lines.all()
    clerk = UserFactory.create(username="clerk", is_staff=True)
    payment.refresh_from_db()
    wish = refunds.Wish(amount=10000, goods={line: 1}, reason="requested_by_customer", by=clerk)
    refunds.send(refunds.request_refund(payment, wish))
    shop.simulator.dispute(payment.payment_intent_id or "", amount=14900, reason="product_not_received")
    shop.deliver()
    payment.refresh_from_db()

    [found] = export()
    assert (found["order"], found["state"], found["amount"]) == (payment.order.number, "captured", "249.00")
    assert (found["amount_captured"], found["amount_refunded"]) == ("249.00", "100.00")
    assert (found["amount_withdrawn_for_disputes"], found["language"]) == ("149.00", "en")
    assert (found["checkout_session"], found["payment_intent"]) == (
        payment.session_id,
        payment.payment_intent_id,
    )
    [refund] = found["refunds"]
    assert (refund["amount"], refund["status"], refund["reason"]) == (
        "100.00",
        "succeeded",
        "requested_by_customer",
    )
    assert refund["goods"] == [{"title": "Cheese slicer", "quantity": 1}]
    [dispute] = found["disputes"]
    assert (dispute["amount"], dispute["reason"]) == ("149.00", "product_not_received")
    assert [flag["reason"] for flag in found["flags"]] == ["disputed"]
    told = [event["type"] for event in found["events"]]
    assert told == [event["type"] for event in shop.simulator.events()]
    assert "payment_intent.payment_failed" in told
    assert [(entry["type"], entry["amount"]) for entry in found["ledger"]] == [
        (entry.txn_type, str(entry.amount)) for entry in payment.source.transactions.order_by("pk")
    ]
    text = json.dumps(found)
    secrets = (SECRET, "sk_test_for_the_tests", token_for(payment), "clerk", "checkout.stripe")
    assert [secret for secret in secrets if secret in text] == []
    assert "session_url" not in text


@pytest.mark.django_db
def test_no_field_is_forgotten() -> None:
    """What is added to a table is given out, or somebody says here why not."""
    payment = PaymentFactory.create(state="captured")
    refund = Refund.objects.create(payment=payment, amount=100, status="succeeded", refund_id="re_1")
    Dispute.objects.create(payment=payment, dispute_id="dp_1", amount=100, status="won")
    Flag.objects.create(payment=payment, reason="mismatch", detail="Something")
    WebhookEvent.objects.create(event_id="evt_1", type="x", livemode=False, payload={}, payment=payment)
    found = export_payment(payment)
    assert names_of(Payment) - {"livemode"} <= set(found)
    for model, name in (
        (Refund, "refunds"),
        (Dispute, "disputes"),
        (Flag, "flags"),
        (WebhookEvent, "events"),
    ):
        [row] = found[name]
        assert names_of(model) <= set(row), name
    assert found["refunds"][0]["refund"] == refund.refund_id


@pytest.mark.django_db
def test_whose_payments_are_whose() -> None:
    kari, ola = UserFactory.create(email="Kari@Example.com"), UserFactory.create(email="ola@example.com")
    hers = [
        PaymentFactory.create(order=OrderFactory.create(user=kari)),
        PaymentFactory.create(order=OrderFactory.create(guest_email="KARI@example.com")),
    ]
    PaymentFactory.create(order=OrderFactory.create(user=ola))
    PaymentFactory.create(order=OrderFactory.create(guest_email="kari@example.com.evil.example"))
    PaymentFactory.create(order=OrderFactory.create(guest_email=""))
    assert list(payments_of("kari@example.com")) == hers
    assert list(payments_of("")) == []
    assert export("nobody@example.com") == []


@pytest.mark.django_db
def test_events_that_nothing_came_of_are_in_it() -> None:
    order = OrderFactory.create(guest_email=EMAIL)
    payment = PaymentFactory.create(state="captured", order=order)
    values = {"livemode": False, "payload": {}, "status": "ignored"}
    WebhookEvent.objects.create(
        event_id="evt_1", type="charge.refunded", payment_intent_id=payment.payment_intent_id, **values
    )
    WebhookEvent.objects.create(event_id="evt_2", type="charge.refunded", payment_intent_id="pi_2", **values)
    WebhookEvent.objects.create(event_id="evt_3", type="product.created", **values)
    [found] = export()
    assert [event["event"] for event in found["events"]] == ["evt_1"]


@pytest.mark.django_db
def test_into_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    PaymentFactory.create(order=OrderFactory.create(guest_email=EMAIL))
    path, out, err = tmp_path / "kari.json", StringIO(), StringIO()
    call_command("vipps_export_customer", EMAIL, "--output", str(path), stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue().strip()) == ("", f"1 payments written to {path}.")
    assert len(json.loads(path.read_text())["payments"]) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="File exists"):
        export(EMAIL, "--output", str(path))
    with pytest.raises(CommandError, match="No such file"):
        export(EMAIL, "--output", str(tmp_path / "nowhere" / "kari.json"))
