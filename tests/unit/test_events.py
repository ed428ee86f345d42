from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe

from oscar_vipps.exceptions import EventRefused
from oscar_vipps.gateway import events
from stripe_simulator import webhooks

Json = dict[str, Any]

SECRET, OLD_SECRET, OTHER_SECRET = "whsec_new", "whsec_old", "whsec_of_another_shop"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "livemode": False,
    "data": {"object": {"id": "pi_1", "object": "payment_intent", "amount": 24900, "status": "succeeded"}},
}
#: No event, each of them: JSON, but of another kind.
OTHER_JSON: list[Any] = [None, True, 17, "evt_1", [], [EVENT], {}]


def signed(body: bytes | Json, *secrets: str, age: int = 0, scheme: str = "v1") -> tuple[bytes, str]:
    """A body and its header as Stripe makes them: the simulator's signature is HMAC over time and body."""
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    header = webhooks.signature(data, list(secrets or [SECRET]), int(time.time()) - age)
    return data, header.replace("v1=", f"{scheme}=")


def test_the_signature_of_these_tests_is_the_one_that_stripes_library_makes() -> None:
    body, header = signed(EVENT)
    moment = int(header.split(",")[0].removeprefix("t="))
    make: Any = stripe.WebhookSignature.generate_signature_header
    assert header == make(body.decode(), SECRET, timestamp=moment)


@pytest.mark.parametrize(
    ("by", "known", "age"),
    [
        ([SECRET], [SECRET], 0),
        ([SECRET], [SECRET, OLD_SECRET], 0),
        ([OLD_SECRET], [SECRET, OLD_SECRET], 0),
        # While a secret is rolled there is a signature for each.
        ([SECRET, OLD_SECRET], [OLD_SECRET], 0),
        ([SECRET, OLD_SECRET], [SECRET], 0),
        ([OTHER_SECRET, SECRET], ["", OLD_SECRET, SECRET], 0),
        ([SECRET], [SECRET], 290),
        # Stripe's clock may be ahead of the shop's.
        ([SECRET], [SECRET], -290),
        ([SECRET], [SECRET], -3600),
    ],
)
def test_what_one_of_our_secrets_signed_is_an_event(by: list[str], known: list[str], age: int) -> None:
    assert events.verify(*signed(EVENT, *by, age=age), known) == EVENT


@pytest.mark.parametrize(
    ("by", "known", "age"),
    [
        ([SECRET], [SECRET], 310),
        ([SECRET], [SECRET], 3 * 24 * 3600),
        ([SECRET, OLD_SECRET], [SECRET, OLD_SECRET], 310),
        ([OTHER_SECRET], [SECRET, OLD_SECRET], 0),
        ([SECRET], [OTHER_SECRET], 0),
        ([SECRET], [], 0),
        ([""], [""], 0),
        ([SECRET], [SECRET.upper()], 0),
    ],
)
def test_what_none_of_our_secrets_signed_in_time_is_refused(
    by: list[str], known: list[str], age: int
) -> None:
    with pytest.raises(EventRefused):
        events.verify(*signed(EVENT, *by, age=age), known)


def test_a_body_that_was_changed_after_it_was_signed_is_refused() -> None:
    body, header = signed(EVENT)
    for changed in (body.replace(b"24900", b"99900"), body + b" ", b"", body[1:]):
        with pytest.raises(EventRefused):
            events.verify(changed, header, [SECRET])


def test_a_signature_that_is_made_new_with_an_old_time_is_refused() -> None:
    body, header = signed(EVENT, age=310)
    fresh = f"t={int(time.time())},{header.partition(',')[2]}"
    with pytest.raises(EventRefused):
        events.verify(body, fresh, [SECRET])


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "t=",
        "v1=",
        "t=,v1=",
        "t=soon,v1=abc",
        "t=NOW",
        "t=NOW,v1",
        f"t={'9' * 5000},v1=abc",
        # HTTP headers are Latin-1: anybody can send these.
        "t=NOW,v1=\xe9\xe6\xf8",
        "\xe5=NOW,v1=abc",
    ],
    ids=lambda header: ascii(header)[:30],
)
def test_a_header_that_makes_no_sense_is_refused(header: str) -> None:
    with pytest.raises(EventRefused):
        events.verify(signed(EVENT)[0], header.replace("NOW", str(int(time.time()))), [SECRET])


def test_only_the_current_scheme_counts() -> None:
    with pytest.raises(EventRefused):
        events.verify(*signed(EVENT, scheme="v0"), [SECRET])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("æøå".encode("latin-1"), id="not UTF-8"),
        pytest.param(json.dumps(EVENT).encode("utf-16"), id="another encoding"),
        pytest.param(b"", id="empty"),
        pytest.param(b"id=evt_1&type=payment_intent.succeeded", id="a form"),
        pytest.param(b'{"id": "evt_1", ', id="cut off"),
        *(pytest.param(json.dumps(each).encode(), id=f"JSON {each!r:.20}") for each in OTHER_JSON),
    ],
)
def test_what_is_signed_but_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(EventRefused):
        events.verify(*signed(body), [SECRET])


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": 17},
        {"type": None},
        {"type": ["payment_intent.succeeded"]},
        {"livemode": None},
        {"livemode": "false"},
        {"livemode": 0},
        {"object": "v2.core.event"},
        {"object": None},
        {"data": None},
        {"data": []},
        {"data": "pi_1"},
        {"data": {}},
        {"data": {"object": None}},
        {"data": {"object": []}},
        {"data": {"object": "pi_1"}},
        {"data": {"object": {"id": "pi_1"}}},
        {"data": {"object": {"object": None}}},
        {"data": {"object": {"object": ["payment_intent"]}}},
    ],
    ids=json.dumps,
)
def test_json_of_another_shape_is_refused(changes: Json) -> None:
    with pytest.raises(EventRefused):
        events.verify(*signed({**EVENT, **changes}), [SECRET])


@pytest.mark.parametrize("missing", EVENT)
def test_json_that_lacks_something_is_refused(missing: str) -> None:
    with pytest.raises(EventRefused):
        events.verify(*signed({name: value for name, value in EVENT.items() if name != missing}), [SECRET])


def test_a_refusal_shows_neither_secret_nor_signature_nor_body() -> None:
    body, header = signed({"email": "kari@example.com"})
    for secrets in ([SECRET], [OTHER_SECRET]):
        with pytest.raises(EventRefused) as refused:
            events.verify(body, header, secrets)
        assert not [word for word in (*secrets, header[-20:], "kari") if word in str(refused.value)]
