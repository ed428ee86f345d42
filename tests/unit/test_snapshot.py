from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any

import pytest

from oscar_vipps.gateway.snapshot import (
    PAYMENT_KEY,
    REFUND_KEY,
    DisputeSnapshot,
    RefundSnapshot,
    Snapshot,
    from_event,
    from_object,
)
from stripe_simulator import objects
from tests.contract import contract
from tests.unit.stripe_objects import AMOUNT, EXPIRES_AT, METADATA, Json, charge, intent, session

BINDING: Json = {
    "payment": METADATA[PAYMENT_KEY],
    "order": "100012",
    "site": "butikk.example",
    "currency": "NOK",
}
DECLINED = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
ATTEMPT_EXPIRED = {"type": "invalid_request_error", "code": "payment_intent_payment_attempt_expired"}


@dataclass(frozen=True)
class Case:
    """A PaymentIntent in one situation, and what is to be understood of it."""

    name: str
    intent: Json
    charge: Json | None = None
    authorized: int = 0
    captured: int = 0
    released: bool = False
    decline_code: str = ""
    #: What is only seen of a charge that comes along.
    authorized_by_charge: int = 0


CASES = [
    Case("new", intent(status="requires_payment_method")),
    Case("to be confirmed", intent(status="requires_confirmation")),
    Case("waits for the shopper", intent(status="requires_action")),
    Case("being processed", intent(status="processing")),
    Case(
        "declined",
        intent(status="requires_payment_method", last_payment_error=DECLINED),
        charge("failed"),
        decline_code="generic_decline",
    ),
    Case(
        "not answered in time",
        intent(status="requires_payment_method", last_payment_error=ATTEMPT_EXPIRED),
        decline_code="payment_intent_payment_attempt_expired",
    ),
    # The next try is under way: what was before is no reason to bother anybody.
    Case("tried again", intent(status="requires_action", last_payment_error=DECLINED), charge("failed")),
    Case(
        "reserved",
        intent(status="requires_capture", amount_capturable=AMOUNT, capture_method="manual"),
        charge("succeeded"),
        authorized=AMOUNT,
    ),
    Case(
        "captured",
        intent(status="succeeded", amount_received=AMOUNT),
        charge("succeeded", captured=True),
        authorized=AMOUNT,
        captured=AMOUNT,
    ),
    Case("ended with its session", intent(status="canceled"), released=True),
    Case(
        "ended after a decline",
        intent(status="canceled", last_payment_error=DECLINED),
        charge("failed"),
        released=True,
    ),
    Case(
        "reservation released",
        intent(status="canceled", capture_method="manual"),
        charge("succeeded", refunded=True, amount_refunded=AMOUNT),
        released=True,
        authorized_by_charge=AMOUNT,
    ),
]


def linked(case: Case, *, expanded: bool) -> Json:
    """The PaymentIntent with its charge: the object, or only its id."""
    found = case.charge
    return {**case.intent, "latest_charge": found if expanded or found is None else found["id"]}


def expected_money(case: Case, *, expanded: bool) -> Json:
    by_charge = case.authorized_by_charge if expanded else 0
    return {
        "payment_intent_id": case.intent["id"],
        "payment_intent_created_at": datetime.fromtimestamp(case.intent["created"], timezone.utc),
        "charge_id": case.charge["id"] if case.charge else "",
        "amount_authorized": max(case.authorized, by_charge),
        "amount_captured": case.captured,
        "released": case.released,
        "decline_code": case.decline_code,
    }


@pytest.mark.parametrize("expanded", [True, False], ids=["charge expanded", "charge by id"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_payment_intent_tells_of_the_money(case: Case, expanded: bool) -> None:
    found = from_object(linked(case, expanded=expanded))
    assert found == Snapshot(**BINDING, amount=AMOUNT, **expected_money(case, expanded=expanded))


@pytest.mark.parametrize("status", sorted({case.intent["status"] for case in CASES}))
def test_an_amount_counts_only_under_the_status_that_says_so(status: str) -> None:
    found = from_object(intent(status=status, amount_capturable=AMOUNT, amount_received=AMOUNT))
    assert found.amount_captured == (AMOUNT if status == "succeeded" else 0)
    assert found.amount_authorized == (AMOUNT if status in ("succeeded", "requires_capture") else 0)


@pytest.mark.parametrize("expanded", [True, False], ids=["charge expanded", "charge by id"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("status", ["open", "complete", "expired"])
def test_a_session_tells_of_the_money_what_its_payment_intent_says(
    status: str, case: Case, expanded: bool
) -> None:
    # Whatever the session itself says about being paid.
    for payment_status in ("paid", "unpaid", "no_payment_required"):
        data = session(
            status=status, payment_status=payment_status, payment_intent=linked(case, expanded=expanded)
        )
        found = from_object(data)
        failed = status == "complete" and case.intent["status"] == "canceled"
        assert found.session_ended == (status == "expired" or failed)
        assert {name: getattr(found, name) for name in expected_money(case, expanded=expanded)} == (
            expected_money(case, expanded=expanded)
        )


@pytest.mark.parametrize(
    ("status", "payment_status", "payment_intent", "ended", "money"),
    [
        ("open", "unpaid", None, False, 0),
        ("open", "unpaid", "pi_1", False, 0),
        ("complete", "paid", "pi_1", False, AMOUNT),
        # Reserved, perhaps: the PaymentIntent tells.
        ("complete", "unpaid", "pi_1", False, 0),
        ("complete", "no_payment_required", None, False, 0),
        ("expired", "unpaid", None, True, 0),
        ("expired", "unpaid", "pi_1", True, 0),
    ],
)
def test_a_session_whose_payment_intent_is_not_expanded(
    status: str, payment_status: str, payment_intent: str | None, ended: bool, money: int
) -> None:
    url = "https://checkout.stripe.com/c/pay/cs_1" if status == "open" else None
    data = session(status=status, payment_status=payment_status, payment_intent=payment_intent, url=url)
    assert from_object(data) == Snapshot(
        **BINDING,
        amount=AMOUNT,
        session_id=data["id"],
        session_url=url,
        session_expires_at=EXPIRES_AT,
        session_ended=ended,
        payment_intent_id=payment_intent,
        amount_authorized=money,
        amount_captured=money,
        # It doesn't tell whether the last try failed, so it must not say that none did.
        decline_code=None,
    )


@pytest.mark.parametrize(
    ("type", "ended"),
    [
        ("checkout.session.completed", False),
        ("checkout.session.async_payment_succeeded", False),
        ("checkout.session.async_payment_failed", True),
    ],
)
def test_of_a_completed_session_that_is_unpaid_the_events_type_tells_whether_it_ended(
    type: str, ended: bool
) -> None:
    data = session(status="complete", payment_status="unpaid", payment_intent="pi_1")
    assert from_event(type, data) == replace(from_object(data), session_ended=ended)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, ""),
        (DECLINED, "generic_decline"),
        ({**DECLINED, "decline_code": None}, "card_declined"),
        ({"type": "card_error"}, "card_error"),
        ({"message": "Your card was declined."}, "declined"),
        ({"decline_code": "x" * 65}, "x" * 64),
    ],
)
def test_why_the_last_try_failed(error: Json | None, code: str) -> None:
    assert from_object(intent(last_payment_error=error)).decline_code == code


@pytest.mark.parametrize(
    ("metadata", "binding"),
    [
        (METADATA, ("q7m2x9c4v8b3n6k5j2h8g4f7", "100012", "butikk.example")),
        ({PAYMENT_KEY: "q7m2x9c4v8b3n6k5j2h8g4f7"}, ("q7m2x9c4v8b3n6k5j2h8g4f7", "", "")),
        ({"order_id": "17"}, ("", "", "")),
        ({}, ("", "", "")),
        (None, ("", "", "")),
    ],
)
@pytest.mark.parametrize("make", [session, intent])
def test_whose_payment_it_is(make: Any, metadata: Json | None, binding: tuple[str, ...]) -> None:
    found = from_object(make(metadata=metadata))
    assert (found.payment, found.order, found.site) == binding


@pytest.mark.parametrize("make", [session, intent])
@pytest.mark.parametrize("livemode", [True, False])
@pytest.mark.parametrize(("currency", "expected"), [("nok", "NOK"), ("sek", "SEK"), (None, "")])
def test_mode_and_currency(make: Any, livemode: bool, currency: str | None, expected: str) -> None:
    found = from_object(make(livemode=livemode, currency=currency))
    assert (found.livemode, found.currency) == (livemode, expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"object": "checkout.session", "id": "cs_1"}, {"session_id": "cs_1"}),
        (
            {"object": "checkout.session", "id": "cs_1", "amount_total": None, "expires_at": None},
            {"session_id": "cs_1"},
        ),
        ({"object": "checkout.session", "id": "cs_1", "payment_status": "paid"}, {"session_id": "cs_1"}),
        (
            {"object": "payment_intent", "id": "pi_1", "amount": 1, "status": "processing"},
            {"payment_intent_id": "pi_1", "amount": 1, "decline_code": ""},
        ),
        (
            {"object": "payment_intent", "id": "pi_1", "amount": 1, "status": "succeeded"},
            {"payment_intent_id": "pi_1", "amount": 1, "decline_code": ""},
        ),
        (
            {"object": "payment_intent", "id": "pi_1", "amount": 1, "status": "requires_capture"},
            {"payment_intent_id": "pi_1", "amount": 1, "decline_code": ""},
        ),
        (
            {
                "object": "payment_intent",
                "id": "pi_1",
                "amount": 1,
                "status": "canceled",
                "latest_charge": {"id": "ch_1", "status": "succeeded"},
            },
            {
                "payment_intent_id": "pi_1",
                "amount": 1,
                "decline_code": "",
                "released": True,
                "charge_id": "ch_1",
            },
        ),
    ],
)
def test_what_is_missing_is_not_made_up(data: Json, expected: Json) -> None:
    assert from_object(data) == Snapshot(**expected)


@pytest.mark.parametrize(
    "details",
    [
        None,
        {},
        {"type": "vipps"},
        {"type": "vipps", "vipps": None},
        {"type": "vipps", "vipps": {"card": {"brand": "visa", "last4": "4242", "exp_year": 2031}}},
    ],
)
def test_what_stripe_tells_about_the_card_is_neither_needed_nor_kept(details: Json | None) -> None:
    paid = charge("succeeded", captured=True, payment_method_details=details)
    if details is None:
        del paid["payment_method_details"]
    found = from_object(intent(status="succeeded", amount_received=AMOUNT, latest_charge=paid))
    assert (found.amount_captured, found.charge_id) == (AMOUNT, paid["id"])
    text = json.dumps(asdict(found), default=str)
    assert not [word for word in ("visa", "4242", "2031", "kari@example.com") if word in text]


# Refunds


@pytest.mark.parametrize(
    ("latest_charge", "refunded"),
    [
        (charge("succeeded", captured=True), 0),
        (charge("succeeded", captured=True, amount_refunded=1), 1),
        (charge("succeeded", captured=True, amount_refunded=None), 0),
        ("ch_1", 0),
        (None, 0),
    ],
    ids=["none", "some", "untold", "charge by id", "no charge"],
)
def test_what_is_refunded_is_told_by_the_charge(latest_charge: Json | str | None, refunded: int) -> None:
    found = from_object(intent(status="succeeded", amount_received=AMOUNT, latest_charge=latest_charge))
    assert (found.amount_captured, found.amount_refunded) == (AMOUNT, refunded)


def refund(status: str, metadata: Json | None = None, **changes: Any) -> Json:
    made = objects.refund(
        charge("succeeded", captured=True),
        amount=100,
        created=1,
        metadata=metadata or {},
        reason=None,
        status=status,
    )
    return {**made, "id": "re_1", "payment_intent": "pi_1", **changes}


def test_a_refund_of_ours_says_whose_it_is() -> None:
    found = from_object(refund("succeeded", {**METADATA, REFUND_KEY: "our-reference"}))
    facts = RefundSnapshot("re_1", 100, "succeeded", reference="our-reference")
    whose = {**BINDING, "livemode": None, "amount": None}
    assert found == Snapshot(**whose, payment_intent_id="pi_1", refunds=(facts,))


@pytest.mark.parametrize("changes", [{}, {"metadata": None}], ids=["no metadata", "null"])
def test_a_refund_in_stripes_dashboard_names_its_payment_intent_alone(changes: Json) -> None:
    found = from_object(refund("pending", **changes))
    assert (found.payment, found.order, found.site) == (None, None, None)
    assert (found.payment_intent_id, found.currency) == ("pi_1", "NOK")
    assert found.refunds == (RefundSnapshot("re_1", 100, "pending"),)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [("declined", "declined"), (None, ""), ("x" * 65, "x" * 64)],
    ids=["one", "none", "long"],
)
def test_why_a_refund_failed(reason: str | None, kept: str) -> None:
    [facts] = from_object(refund("failed", failure_reason=reason)).refunds
    assert facts.failure_reason == kept


def test_a_refund_without_a_currency_is_of_no_payment() -> None:
    assert from_object(refund("succeeded", currency=None)).currency == ""


def test_a_refund_in_a_status_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a refund is never 'sent'$"):
        from_object(refund("sent"))


# Disputes


@pytest.mark.parametrize(
    ("latest_charge", "disputed"),
    [
        (charge("succeeded", captured=True, disputed=True), True),
        (charge("succeeded", captured=True), False),
        ("ch_1", False),
        (None, False),
    ],
    ids=["disputed", "not disputed", "by id", "none"],
)
def test_that_there_is_a_dispute_is_told_by_the_charge(
    latest_charge: Json | str | None, disputed: bool
) -> None:
    found = from_object(intent(status="succeeded", amount_received=AMOUNT, latest_charge=latest_charge))
    assert found.disputed is disputed


def dispute(*moved: int, **changes: Any) -> Json:
    """``moved``: in øre, what the bank took (negative) and gave back."""
    made = objects.dispute(
        charge("succeeded", captured=True),
        amount=AMOUNT,
        created=1,
        due_by=int(EXPIRES_AT.timestamp()),
        reason="fraudulent",
        status="needs_response",
    )
    moves = [objects.dispute_balance_transaction(made, amount=each, created=1, fee=0) for each in moved]
    named = {"id": "du_1", "payment_intent": "pi_1", "balance_transactions": moves}
    return {**made, **named, **changes}


DISPUTE = DisputeSnapshot("du_1", AMOUNT, "needs_response", "fraudulent", EXPIRES_AT)


def test_a_dispute_says_whose_it_is_by_its_payment_intent_alone() -> None:
    whose: Json = {"payment": None, "order": None, "site": None, "livemode": False, "currency": "NOK"}
    expected = Snapshot(**whose, amount=None, payment_intent_id="pi_1", disputes=(DISPUTE,))
    assert from_object(dispute()) == expected
    assert from_object(dispute(livemode=True)) == replace(expected, livemode=True)
    assert from_object(dispute(currency=None)) == replace(expected, currency="")


@pytest.mark.parametrize(
    ("moved", "withdrawn", "reinstated"),
    [
        ((), False, False),
        ((-AMOUNT,), True, False),
        ((-AMOUNT, AMOUNT), True, True),
        ((-1, 1), True, True),
        ((0,), False, False),
    ],
    ids=["nothing", "taken", "taken and given back", "an øre", "nothing to speak of"],
)
def test_where_the_money_is(moved: tuple[int, ...], withdrawn: bool, reinstated: bool) -> None:
    [facts] = from_object(dispute(*moved)).disputes
    assert facts == replace(DISPUTE, funds_withdrawn=withdrawn, funds_reinstated=reinstated)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reason": "x" * 65}, {"reason": "x" * 64}),
        ({"reason": None}, {"reason": ""}),
        ({"evidence_details": None}, {"evidence_due_at": None}),
        ({"evidence_details": {"due_by": None}}, {"evidence_due_at": None}),
        ({"balance_transactions": None}, {}),
        ({"status": "warning_closed"}, {"status": "warning_closed"}),
        ({"amount": 100}, {"amount": 100}),
    ],
)
def test_what_is_missing_of_a_dispute_is_not_made_up(changes: Json, expected: Json) -> None:
    [facts] = from_object(dispute(**changes)).disputes
    assert facts == replace(DISPUTE, **expected)


def test_a_dispute_in_a_status_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a dispute is never 'lapsed'$"):
        from_object(dispute(status="lapsed"))


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("charge.dispute.created", {}),
        ("charge.dispute.closed", {}),
        ("charge.dispute.funds_withdrawn", {"funds_withdrawn": True}),
        ("charge.dispute.funds_reinstated", {"funds_reinstated": True}),
    ],
)
def test_the_events_name_tells_what_a_stored_dispute_does_not(type: str, expected: Json) -> None:
    [facts] = from_event(type, dispute()).disputes
    assert facts == replace(DISPUTE, **expected)


# Events


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({**intent(), "malformed": ["amount", "created"]}, "amount, created can't be read"),
        ({key: each for key, each in intent().items() if key != "amount"}, "the object has no 'amount'"),
        ({key: each for key, each in intent().items() if key != "livemode"}, "the object has no 'livemode'"),
        ({key: each for key, each in dispute().items() if key != "livemode"}, "the object has no 'livemode'"),
    ],
)
def test_an_event_that_lacks_what_all_have_is_refused(data: Json, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        from_event("payment_intent.succeeded", data)


def test_a_refund_has_no_mode_and_needs_none() -> None:
    assert from_event("refund.updated", refund("succeeded")).livemode is None


@pytest.mark.parametrize(
    "data", [charge("succeeded"), {"object": "customer", "id": "cus_1"}, {"id": "x"}, {}]
)
def test_other_objects_hold_no_facts(data: Json) -> None:
    with pytest.raises(ValueError, match="no facts about payments"):
        from_object(data)


def test_the_objects_of_these_tests_are_stripes_own() -> None:
    for case in CASES:
        for expanded in (True, False):
            data = linked(case, expanded=expanded)
            contract.validate_object("payment_intent", data)
            contract.validate_object("checkout.session", session(payment_intent=data))
