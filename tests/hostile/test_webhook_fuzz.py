"""Signed garbage at the webhook: what can never succeed is refused or ignored, and never asked for again.

A 500 would have Stripe send it again for three days. ``FUZZ_EXAMPLES`` says how many examples each test
takes.
"""

from __future__ import annotations

import copy
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product as pairs
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oscar_vipps.gateway.events import HANDLED, KEPT
from oscar_vipps.gateway.snapshot import ORDER_KEY, PAYMENT_KEY, SITE_KEY
from oscar_vipps.models import Flag, Payment, WebhookEvent
from stripe_simulator import webhooks
from tests.hostile.traces import Rows, changed, rows, secrets_in
from tests.simulator.orders import client_for
from tests.support.customer import EMAIL
from tests.support.fixtures import SECRET, Shop, post_webhook
from tests.support.shopper import Shopper, personal

Json = Any
Path = tuple[str | int, ...]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
pytestmark = pytest.mark.timeout(120 + EXAMPLES // 5)

# What an example does is undone, so all may use the same shop.
fuzz = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

#: Stands in the JSON for lists in lists, more than Python's own reader takes.
DEEP = "as deep as it gets"
DEPTH = 50_000
#: Stands for a number that JSON can hold and Python reads, but doesn't write.
LONG = "as long as it gets"

#: No event, or too long for one.
REFUSED = (400, 413)

# Half characters among them: JSON can hold those, and no database can.
TEXT = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [
        "",
        "\0",
        "a\0b",
        "\ud800",
        "\udfff\ud800",
        "é" * 300,
        "a" * 300,
        "a" * 5000,
        "NOK",
        "1",
        "../..",
        "{}",
    ]
)
NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from(
        [0, -1, 1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, 0.5, 1e308, float("nan"), float("inf")]
    )
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | st.sampled_from([DEEP, LONG])
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXT | st.sampled_from(sorted(KEPT)), inner, max_size=4)
    ),
    max_leaves=12,
)

#: Where a change can matter: the rest of an object is not looked at.
MATTERS = {
    *("id", "type", "object", "livemode", "data", *KEPT),
    *("metadata", PAYMENT_KEY, ORDER_KEY, SITE_KEY),
    *("payment_intent", "latest_charge", "charge", "last_payment_error", "code", "decline_code"),
}
#: What says which payment an object is about, by its kind.
BINDING = {"checkout.session": "amount_total", "payment_intent": "amount"}


# The ground


@dataclass(frozen=True)
class Lives:
    """Payments whose events the shop has yet to hear of."""

    events: list[Json] = field(repr=False)
    before: Rows = field(repr=False)


@pytest.fixture
def lives(shop: Shop, product: Any) -> Lives:
    """One is paid, one declined, one expired; and one that the shop knows to be paid is refunded in part."""
    refunded, paid, declined, ended = (Shopper().go_to_vipps(product) for _ in range(4))
    shop.simulator.pay(refunded.session_id or "")
    shop.deliver("payment_intent.succeeded")
    WebhookEvent.objects.all().delete()
    told = len(shop.simulator.events())
    intent = shop.session(refunded)["payment_intent"]
    for outcome, amount in (("succeeded", 100), ("failed", 200), ("pending", 300)):
        shop.simulator.refund_outcomes(outcome)
        client_for(shop.simulator).v1.refunds.create({"payment_intent": intent, "amount": amount})
    shop.simulator.pay(paid.session_id or "")
    shop.simulator.pay(declined.session_id or "", "fail")
    client_for(shop.simulator).v1.checkout.sessions.expire(ended.session_id or "")
    events = shop.simulator.events()[told:]
    assert {event["type"] for event in events} & HANDLED
    assert EMAIL in personal(json.dumps(events))
    return Lives(events, rows(WebhookEvent._meta.label))


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def serialized(value: Json) -> bytes:
    body = json.dumps(value).encode()
    body = body.replace(json.dumps(DEEP).encode(), b"[" * DEPTH + b"]" * DEPTH)
    return body.replace(json.dumps(LONG).encode(), b"9" * 4300)


def post(body: bytes) -> Any:
    """Signed, as if it were Stripe's."""
    return post_webhook(body, webhooks.signature(body, [SECRET]))


def deliver(body: bytes) -> Any:
    """It is refused, or processed or ignored for good, and nothing personal of it is stored."""
    answer = post(body)
    stored = list(WebhookEvent.objects.all())
    assert answer.status_code in (200, *REFUSED), answer.content
    assert len(stored) == (answer.status_code == 200)
    for event in stored:
        assert event.status in (WebhookEvent.Status.PROCESSED, WebhookEvent.Status.IGNORED)
        assert bool(event.reason) == (event.status == WebhookEvent.Status.IGNORED)
        kept = json.dumps([event.event_id, event.type, event.payload, event.reason], ensure_ascii=False)
        flags = list(Flag.objects.values_list("detail", flat=True))
        assert personal(f"{kept} {flags} {answer.content.decode()}") == []
    return answer


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing secret or personal is logged in all of a test."""
    caplog.set_level(logging.INFO, "oscar_vipps")
    yield
    ours = [record.getMessage() for record in caplog.get_records("call") if record.name == "oscar_vipps"]
    assert [word for message in ours for word in secrets_in(message)] == []


# Garbage of all kinds


@given(st.binary(max_size=2000) | st.text().map(str.encode))
@fuzz
def test_bytes_are_refused(lives: Lives, body: bytes) -> None:
    with undone():
        assert deliver(body).status_code in REFUSED
        assert changed(lives.before, rows(WebhookEvent._meta.label)) == []


@given(JUNK)
@fuzz
def test_json_is_refused(lives: Lives, value: Json) -> None:
    with undone():
        assert deliver(serialized(value)).status_code in REFUSED
        assert changed(lives.before, rows(WebhookEvent._meta.label)) == []


def events_about(objects: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {
            "id": st.just("evt_fuzz") | TEXT,
            "object": st.just("event"),
            "type": st.sampled_from(sorted(HANDLED)) | TEXT,
            "livemode": st.booleans(),
            "data": st.fixed_dictionaries({"object": objects}),
        }
    )


OBJECTS = st.fixed_dictionaries(
    {"object": st.sampled_from(["payment_intent", "checkout.session", "refund", "charge"]) | TEXT},
    optional=dict.fromkeys(sorted(MATTERS - {"object"}), JUNK),
)


@given(events_about(OBJECTS))
@fuzz
def test_an_event_about_nothing_that_is_known_changes_nothing(lives: Lives, event: Json) -> None:
    with undone():
        deliver(serialized(event))
        assert changed(lives.before, rows(WebhookEvent._meta.label)) == []


# Real events, and something is wrong with each


def paths(value: Json, start: Path = ()) -> Iterator[Path]:
    """To every value inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*start, key)
        yield from paths(inner, (*start, key))


def at(value: Json, path: Path) -> Json:
    for key in path:
        value = value[key]
    return value


@st.composite
def spoiled(draw: st.DrawFn, event: Json) -> Json:
    """The event with one to four values gone, replaced, wrapped up, or others' in their place."""
    event = copy.deepcopy(event)
    for _change in range(draw(st.integers(1, 4))):
        found = list(paths(event))
        important = [path for path in found if path[-1] in MATTERS]
        path = draw(st.sampled_from(important or found) | st.sampled_from(found))
        inside, key = at(event, path[:-1]), path[-1]
        other = at(event, draw(st.sampled_from(found)))
        changes: dict[str, st.SearchStrategy[Json]] = {
            "junk": JUNK,
            "wrapped": st.sampled_from([[inside[key]], {"id": inside[key]}, {key: inside[key]}]),
            "as text": st.just(json.dumps(inside[key])),
            # A whole object in place of an id, for instance.
            "another": st.just(copy.deepcopy(other)) if isinstance(other, dict | list) else SCALARS,
            "gone": st.nothing(),
        }
        what = draw(st.sampled_from(sorted(changes)))
        if what == "gone":
            del inside[key]
        else:
            inside[key] = draw(changes[what])
    return event


def binding(event: Json) -> list[tuple[type, Json]]:
    """What the event's object says of whose payment it is, with the types: JSON's 1 is no true."""
    data = event["data"]["object"]
    metadata = data.get("metadata")
    facts = [data.get(name) for name in ("livemode", "currency", BINDING[data["object"]])]
    keys = (PAYMENT_KEY, ORDER_KEY, SITE_KEY)
    facts += [metadata.get(key) for key in keys] if isinstance(metadata, dict) else [metadata]
    return [(type(fact), fact) for fact in facts]


def is_bound_as(event: Json, original: Json) -> bool:
    try:
        return binding(event) == binding(original)
    except (KeyError, TypeError, AttributeError):
        return False


@given(st.data())
@fuzz
def test_a_real_event_that_was_spoiled_is_refused_ignored_or_true(lives: Lives, data: st.DataObject) -> None:
    handled = [event for event in lives.events if event["type"] in HANDLED]
    original = data.draw(st.sampled_from(handled) | st.sampled_from(lives.events), label="event")
    event = data.draw(spoiled(original), label="spoiled")
    with undone():
        deliver(serialized(event))
        after = changed(lives.before, rows(WebhookEvent._meta.label))
        if original["data"]["object"]["object"] in BINDING and not is_bound_as(event, original):
            assert set(after) <= {Flag._meta.label}


# One thing that is wrong at a time

TYPES = ("payment_intent.succeeded", "checkout.session.completed")
MINE = (PAYMENT_KEY, ORDER_KEY, SITE_KEY)
NOTHING: list[Json] = [..., None]
#: Neither a name nor a number.
NO_FACT: list[Json] = [True, [], ["a"], {}, {"name": EMAIL}, "a\0", "\ud800", 17.5, 1e308]

#: What an object can't do without: with another value, or one that is none, it is about another payment.
NOT_OURS: list[tuple[str, Json]] = [
    *pairs(("AMOUNT", "currency", "livemode", "metadata", "id", "object", *MINE), NOTHING),
    *pairs(("AMOUNT", "currency", "id", "object", *MINE), NO_FACT),
    *pairs(("currency", "id", "object", *MINE), (17, "a" * 300)),
    *pairs(("currency", *MINE), ("", "another")),
    *pairs(["AMOUNT"], (0, -1, 24899, 2490000, 10**30, 24900.0, 1e308, "24900", LONG)),
    *pairs(["livemode"], (True, 0, 1, "false", "", [], {})),
    *pairs(["metadata"], ({}, [], [PAYMENT_KEY], PAYMENT_KEY, 17, True)),
    ("object", "charge"),
]

#: What an object may lack: it is ignored for it, or true without.
OPTIONAL = (
    *("created", "status", "payment_status", "failure_reason", "amount_capturable", "amount_received"),
    *("expires_at", "payment_intent", "latest_charge", "last_payment_error"),
)
ODD: list[Json] = [
    *(*NOTHING, *NO_FACT, "soon", "a" * 300, -1, 2**31, 10**12, 10**18, LONG),
    *({"id": value} for value in ("pi_\0", "a" * 300, 17, {"id": "pi_1"})),
    *({"code": value, "decline_code": value} for value in (51, {"message": EMAIL}, [EMAIL])),
]

#: What can't be said of a refund of 100 øre of an order of 249 kroner.
NO_REFUND: list[tuple[str, Json]] = [
    *pairs(("id", "amount", "currency"), (*NOTHING, *NO_FACT, "")),
    *pairs(["amount"], (0, -100, 24901, 2**31, 10**10, 10**30, "100")),
    *pairs(["payment_intent"], (*NOTHING, {}, "", "pi_of_another")),
    ("currency", "sek"),
]


@pytest.mark.parametrize(
    ("type", "changes"),
    [*pairs(TYPES, [NOT_OURS]), ("refund.created", NO_REFUND)],
    ids=[*TYPES, "refund.created"],
)
def test_what_is_not_about_this_payment_is_ignored_with_a_reason(
    lives: Lives, type: str, changes: list[tuple[str, Json]]
) -> None:
    faults = []
    for name, value in changes:
        with undone():
            answer = post(serialized(with_another(lives, type, name, value)))
            row = WebhookEvent.objects.first()
            after = changed(lives.before, rows(WebhookEvent._meta.label))
        is_ignored = row and row.status == WebhookEvent.Status.IGNORED and row.reason
        is_refused = answer.status_code in REFUSED and name == "object"
        if set(after) - {Flag._meta.label} or not (is_ignored or is_refused):
            faults.append(f"{name} = {value!r:.60}: {answer.status_code} {row and row.reason} {after or ''}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("type", [*TYPES, "refund.created"])
def test_what_an_object_may_lack_is_no_reason_to_fail(lives: Lives, type: str) -> None:
    faults = []
    for name, value in pairs(OPTIONAL, ODD):
        with undone():
            answer = post(serialized(with_another(lives, type, name, value)))
            kept = json.dumps(list(WebhookEvent.objects.values_list("payload", "reason")))
        marks = [mark for mark in ("\\u0000", "\\ud8") if mark in kept]
        if answer.status_code != 200 or marks or personal(kept):
            faults.append(f"{name} = {value!r:.60}: {answer.status_code} {kept}")
    assert not faults, "\n".join(faults)


def test_a_refund_of_no_payment_intent_is_of_no_payment(lives: Lives) -> None:
    """Of another application's charge, on the same account; and the shop has a payment whose is unknown."""
    Payment.objects.update(state=Payment.State.CAPTURED, amount_captured=F("amount"), payment_intent_id=None)
    before = rows(WebhookEvent._meta.label)
    refunds = [event for event in lives.events if event["data"]["object"]["object"] == "refund"]
    for event in refunds:
        event["data"]["object"].update(payment_intent=None, metadata={})
        with undone():
            assert deliver(serialized(event)).status_code == 200
            assert changed(before, rows(WebhookEvent._meta.label)) == []
    assert refunds


def test_a_payment_intent_that_is_another_payments_is_ignored_with_a_reason(lives: Lives) -> None:
    Payment.objects.filter(pk=Payment.objects.latest("pk").pk).update(payment_intent_id="pi_taken")
    for type, name in zip(TYPES, ("id", "payment_intent")):
        with undone():
            assert post(serialized(with_another(lives, type, name, "pi_taken"))).status_code == 200
            assert WebhookEvent.objects.get().status == WebhookEvent.Status.IGNORED


def with_another(lives: Lives, type: str, name: str, value: Json) -> Json:
    """The event of that type, with one thing another; ``...`` takes it away."""
    event = copy.deepcopy(next(event for event in lives.events if event["type"] == type))
    data = event["data"]["object"]
    inside = data["metadata"] if name in MINE else data
    key = BINDING[data["object"]] if name == "AMOUNT" else name
    if value is ...:
        inside.pop(key, None)
    else:
        inside[key] = value
    return event
