"""Lists: filters and pages."""

from __future__ import annotations

import pytest
import stripe

from tests.simulator.orders import order
from tests.support.simulator import Simulator


def some_sessions(client: stripe.StripeClient, count: int) -> list[str]:
    """Ids, newest first."""
    return [client.v1.checkout.sessions.create(order()).id for _ in range(count)][::-1]


def test_pages_newest_first(client: stripe.StripeClient) -> None:
    ids = some_sessions(client, 5)
    first = client.v1.checkout.sessions.list({"limit": 2})
    assert [session.id for session in first.data] == ids[:2]
    assert first.has_more
    rest = client.v1.checkout.sessions.list({"limit": 3, "starting_after": ids[1]})
    assert [session.id for session in rest.data] == ids[2:]
    assert not rest.has_more
    before = client.v1.checkout.sessions.list({"limit": 2, "ending_before": ids[3]})
    assert [session.id for session in before.data] == ids[1:3]
    assert before.has_more


def test_the_sdk_can_go_through_all_pages(client: stripe.StripeClient) -> None:
    ids = some_sessions(client, 5)
    found = client.v1.checkout.sessions.list({"limit": 2}).auto_paging_iter()
    assert [session.id for session in found] == ids


@pytest.mark.parametrize("limit", [0, 101])
def test_limit(client: stripe.StripeClient, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="limit must be between 1 and 100"):
        client.v1.checkout.sessions.list({"limit": limit})


def test_sessions_by_status_and_payment_intent(simulator: Simulator, client: stripe.StripeClient) -> None:
    still_open, paid, expired = some_sessions(client, 3)
    intent = simulator.pay(paid)["payment_intent"]["id"]
    client.v1.checkout.sessions.expire(expired)

    def found(**filters: str) -> list[str]:
        parameters: stripe.params.checkout.SessionListParams = filters  # type: ignore[assignment]
        return [session.id for session in client.v1.checkout.sessions.list(parameters).data]

    assert found(status="open") == [still_open]
    assert found(status="complete") == [paid]
    assert found(status="expired") == [expired]
    assert found(payment_intent=intent) == [paid]


def test_by_moment_of_creation(simulator: Simulator, client: stripe.StripeClient) -> None:
    [old] = some_sessions(client, 1)
    created = client.v1.checkout.sessions.retrieve(old).created
    simulator.advance(60)
    [new] = some_sessions(client, 1)
    ranges: list[tuple[stripe.params.checkout.SessionListParamsCreated, list[str]]] = [
        ({"gte": created}, [new, old]),
        ({"gt": created}, [new]),
        ({"lte": created}, [old]),
        ({"lt": created}, []),
    ]
    for range_, expected in ranges:
        found = client.v1.checkout.sessions.list({"created": range_})
        assert [session.id for session in found.data] == expected
    assert [session.id for session in client.v1.checkout.sessions.list({"created": created}).data] == [old]


def test_events_by_type(simulator: Simulator, client: stripe.StripeClient) -> None:
    paid, expired = some_sessions(client, 2)
    simulator.pay(paid)
    client.v1.checkout.sessions.expire(expired)
    found = client.v1.events.list({"types": ["checkout.session.completed", "checkout.session.expired"]})
    assert [event.type for event in found.data] == ["checkout.session.expired", "checkout.session.completed"]
    assert len(client.v1.events.list({"type": "payment_intent.succeeded"}).data) == 1
    event = found.data[0]
    assert client.v1.events.retrieve(event.id).data.object["id"] == expired


def test_unknown_starting_point(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.checkout.sessions.list({"starting_after": "cs_test_unknown"})
    assert (raised.value.code, raised.value.param) == ("resource_missing", "starting_after")
