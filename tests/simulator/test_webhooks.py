"""Events on their way: signatures, retries, and what policies do to them."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import httpx
import pytest
import stripe

from tests.simulator.orders import SECRET, client_for, order
from tests.simulator.receiver import Receiver
from tests.support.simulator import Simulator

LAST_THREE = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


#: How a session asks for Vipps from 2026-09-30 on.
ALLOWING = order(payment_method_types=None, allowed_payment_method_types=["vipps"])


def pay(simulator: Simulator, client: stripe.StripeClient, *, wait: bool = True, asking: Any = None) -> str:
    session = client.v1.checkout.sessions.create(asking or order())
    simulator.pay(session.id, wait=wait)
    return session.id


def expire(client: stripe.StripeClient) -> str:
    """The shortest way to a single event."""
    session = client.v1.checkout.sessions.create(order())
    client.v1.checkout.sessions.expire(session.id)
    return session.id


def arrived(shop: Receiver) -> list[str]:
    return [json.loads(received.body)["type"] for received in shop.received]


def test_events_arrive_signed(simulator: Simulator, shop: Receiver, client: stripe.StripeClient) -> None:
    session = pay(simulator, client)
    assert arrived(shop)[2:] == LAST_THREE
    event = shop.received[-1].verify(SECRET)
    assert event.type == "checkout.session.completed"
    assert event.data.object["id"] == session
    assert event.livemode is False
    assert event.api_version == "2026-08-26.dahlia"
    assert event.request is not None
    assert event.request.id is None
    assert event.pending_webhooks == 1
    with pytest.raises(stripe.SignatureVerificationError):
        shop.received[-1].verify("whsec_other")


def test_signature_has_real_time_although_the_clock_is_ahead(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.advance(24 * 3600)
    pay(simulator, client)
    shop.received[-1].verify(SECRET)
    timestamp = int(shop.received[-1].signature.split(",")[0].removeprefix("t="))
    assert timestamp == pytest.approx(time.time(), abs=10)


def test_one_signature_per_secret_while_it_is_rolled(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.set_webhooks(shop.url, "whsec_new", "whsec_old")
    pay(simulator, client)
    assert shop.received[-1].signature.count("v1=") == 2
    shop.received[-1].verify("whsec_new")
    shop.received[-1].verify("whsec_old")


def test_events_tell_how_things_were(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    pay(simulator, client)
    created = json.loads(shop.received[0].body)
    assert created["type"] == "payment_intent.created"
    assert created["data"]["object"]["status"] == "requires_payment_method"


@pytest.mark.parametrize("status", [301, 400, 500])
def test_failed_delivery_is_tried_again_signed_anew(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient, status: int
) -> None:
    shop.answer = lambda number: status if number == 0 else 200
    expire(client)
    [delivery] = simulator.wait_for_deliveries()
    assert delivery["status"] == "retrying"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [status]
    assert simulator.events()[0]["pending_webhooks"] == 1
    simulator.advance(5)
    [delivery] = simulator.wait_for_deliveries()
    assert delivery["status"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [status, 200]
    assert simulator.events()[0]["pending_webhooks"] == 0
    first, second = shop.received
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"]
    assert second.verify(SECRET)


def test_unreachable_shop_is_tried_again_some_times(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    simulator.set_webhooks("http://127.0.0.1:9/", SECRET)
    expire(client)
    [delivery] = simulator.wait_for_deliveries()
    assert delivery["attempts"][0]["error"].startswith("ConnectError")
    simulator.advance(24 * 3600)
    [delivery] = simulator.deliveries("checkout.session.expired")
    assert delivery["status"] == "failed"
    assert len(delivery["attempts"]) == 4  # three retries in test mode
    moments = [attempt["at"] for attempt in delivery["attempts"]]
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert gaps == sorted(gaps)
    assert gaps[0] < 10
    assert gaps[-1] > 3600


def test_live_mode_is_tried_for_days(simulator: Simulator) -> None:
    simulator.set_webhooks("http://127.0.0.1:9/", SECRET)
    expire(client_for(simulator, "sk_live_1"))
    simulator.wait_for_deliveries()
    simulator.advance(4 * 24 * 3600)
    [delivery] = simulator.deliveries("checkout.session.expired")
    assert delivery["status"] == "failed"
    assert delivery["attempts"][-1]["at"] - delivery["attempts"][0]["at"] > 2 * 24 * 3600


def test_retry_happens_by_itself(simulator: Simulator, shop: Receiver, client: stripe.StripeClient) -> None:
    shop.answer = lambda number: 500 if number == 0 else 200
    expire(client)
    assert shop.arrived.acquire(timeout=5)
    assert shop.arrived.acquire(timeout=15)  # a few seconds of real time later


def test_dropped_events_never_come(simulator: Simulator, shop: Receiver, client: stripe.StripeClient) -> None:
    simulator.policy("drop", types=["checkout.session.completed"])
    pay(simulator, client)
    assert arrived(shop)[2:] == LAST_THREE[:2]
    [dropped] = simulator.deliveries("checkout.session.completed")
    assert (dropped["status"], dropped["attempts"]) == ("dropped", [])
    pay(simulator, client)
    assert arrived(shop)[-1] == "checkout.session.completed"


def test_duplicated_events_come_twice(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.policy("duplicate", types=["checkout.session.completed"])
    pay(simulator, client)
    first, second = (json.loads(received.body) for received in shop.received[-2:])
    assert first["id"] == second["id"]
    assert first["type"] == "checkout.session.completed"


def test_delayed_events_come_late(simulator: Simulator, shop: Receiver, client: stripe.StripeClient) -> None:
    simulator.policy("delay", seconds=600)
    expire(client)
    simulator.wait_for_deliveries()
    assert shop.received == []
    simulator.advance(599)
    assert shop.received == []
    simulator.advance(1)
    assert arrived(shop) == ["checkout.session.expired"]


def test_reordered_events_come_the_other_way_round(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.policy("reorder", 3, types=LAST_THREE)
    pay(simulator, client)
    assert arrived(shop)[2:] == LAST_THREE[::-1]


def test_held_events_wait_for_their_release(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.policy("hold", 100)
    pay(simulator, client)
    assert shop.received == []
    assert {delivery["status"] for delivery in simulator.deliveries()} == {"held"}
    assert simulator.release()["released"] == 5
    assert arrived(shop)[2:] == LAST_THREE
    pay(simulator, client)
    assert len(shop.received) == 10  # the policy ended with the release


def test_release_ends_only_policies_that_hold_events_back(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.policy("drop", 2, types=["payment_intent.succeeded"])
    simulator.policy("hold", 1, types=["charge.succeeded"])
    pay(simulator, client)
    simulator.release()
    assert [policy["action"] for policy in simulator.state()["policies"]] == ["drop"]
    pay(simulator, client)
    assert "payment_intent.succeeded" not in arrived(shop)
    assert arrived(shop).count("charge.succeeded") == 2


def test_events_come_one_after_another(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    pay(simulator, client)
    assert shop.most_at_once == 1


def test_concurrent_events_come_at_the_same_time(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.policy("concurrent", 3, types=LAST_THREE)
    session = client.v1.checkout.sessions.create(order())
    simulator.pay(session.id, "start")
    shop.gate.clear()
    simulator.pay(session.id, wait=False)
    for _ in range(5):
        assert shop.arrived.acquire(timeout=5)
    shop.gate.set()
    simulator.wait_for_deliveries()
    assert shop.most_at_once == 3


def test_policies_can_be_taken_back(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    simulator.policy("drop", 100)
    simulator.clear_policies()
    expire(client)
    simulator.wait_for_deliveries()
    assert len(shop.received) == 1


def test_waiting_tells_what_is_still_in_flight(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    shop.gate.clear()
    expire(client)
    with pytest.raises(TimeoutError, match=r"checkout\.session\.expired"):
        simulator.wait_for_deliveries(0.2)
    shop.gate.set()
    [delivery] = simulator.wait_for_deliveries()
    assert delivery["status"] == "delivered"


def test_redelivery_is_the_same_event(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    expire(client)
    simulator.wait_for_deliveries()
    [event] = simulator.events()
    assert simulator.redeliver(event["id"])["sent"] == 1
    assert [json.loads(received.body)["id"] for received in shop.received] == [event["id"]] * 2


def test_signed_event_for_the_test_itself(simulator: Simulator, client: stripe.StripeClient) -> None:
    expire(client)
    [event] = simulator.events()
    body, signature = simulator.signed_event(event["id"], SECRET)
    construct: Any = stripe.Webhook.construct_event
    assert construct(body, signature, SECRET).id == event["id"]
    body, signature = simulator.signed_event(event["id"], SECRET, timestamp=1_000_000)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        construct(body, signature, SECRET)


def test_redirect_waits_for_the_shop_but_not_for_ever(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order())
    url = simulator.pay(session.id, "start")["url"]
    simulator.wait_for_deliveries()
    answered: list[int] = []
    shop.answer = lambda number: answered.append(number) or 200  # type: ignore[func-returns-value]
    response = browser.post(url, data={"outcome": "authorize"})
    assert response.status_code == 303
    assert len(answered) == 3  # it was told before the browser left
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"


@pytest.mark.timeout(40)
def test_redirect_waits_ten_seconds_at_most(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    session = client.v1.checkout.sessions.create(order())
    url = simulator.pay(session.id, "start")["url"]
    shop.gate.clear()
    begun = time.monotonic()
    response = browser.post(url, data={"outcome": "authorize"})
    assert 9 < time.monotonic() - begun < 13
    assert response.headers["Location"] == f"https://butikk.example/takk/?session={session.id}"


@pytest.mark.parametrize("action", ["drop", "hold"])
def test_redirect_does_not_wait_for_an_event_that_is_not_sent(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient, browser: httpx.Client, action: str
) -> None:
    session = client.v1.checkout.sessions.create(order())
    url = simulator.pay(session.id, "start")["url"]
    simulator.policy(action, types=["checkout.session.completed"])
    begun = time.monotonic()
    assert browser.post(url, data={"outcome": "authorize"}).status_code == 303
    assert time.monotonic() - begun < 5


# Endpoints of the API


def endpoint(client: stripe.StripeClient, url: str = "https://butikk.example/hook/", *events: str) -> Any:
    parameters: Any = {"url": url, "enabled_events": list(events) or ["*"]}
    return client.v1.webhook_endpoints.create(parameters)


def test_secret_is_shown_once(client: stripe.StripeClient) -> None:
    created = endpoint(client)
    assert created.secret.startswith("whsec_")
    assert "secret" not in client.v1.webhook_endpoints.retrieve(created.id).to_dict()
    assert "secret" not in client.v1.webhook_endpoints.list().data[0].to_dict()


def test_an_endpoint_gets_what_it_subscribed_to(simulator: Simulator, client: stripe.StripeClient) -> None:
    with Receiver() as shop:
        created = endpoint(client, shop.url, "checkout.session.completed")
        pay(simulator, client)
        assert arrived(shop) == ["checkout.session.completed"]
        assert shop.received[0].verify(created.secret)
        pay(simulator, client_for(simulator, "sk_live_1"))
        assert len(shop.received) == 1
        client.v1.webhook_endpoints.update(created.id, {"disabled": True})
        pay(simulator, client)
        client.v1.webhook_endpoints.update(
            created.id, {"disabled": False, "enabled_events": ["charge.succeeded"]}
        )
        pay(simulator, client)
        assert arrived(shop) == ["checkout.session.completed", "charge.succeeded"]
        client.v1.webhook_endpoints.delete(created.id)
        pay(simulator, client)
        assert len(shop.received) == 2


def test_payload_follows_the_endpoints_version(simulator: Simulator, client: stripe.StripeClient) -> None:
    with Receiver() as shop:
        parameters: Any = {"url": shop.url, "enabled_events": ["*"], "api_version": "2026-02-25.clover"}
        client.v1.webhook_endpoints.create(parameters)
        pay(simulator, client)
        assert json.loads(shop.received[0].body)["api_version"] == "2026-02-25.clover"


def test_payload_follows_the_account_where_the_endpoint_names_no_version(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    with Receiver() as shop:
        endpoint(client, shop.url)
        pay(simulator, client_for(simulator, version="2026-09-30.preview; vipps_preview=v1"), asking=ALLOWING)
        assert {json.loads(received.body)["api_version"] for received in shop.received} == {
            "2026-08-26.dahlia"
        }
        # The same event asked for by a request of yet another version stays as it was made.
        event = client.v1.events.list({"limit": 1}).data[0]
        assert event.api_version == "2026-08-26.dahlia"


def test_an_endpoint_that_is_switched_off_gets_no_retries(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    with Receiver(answer=lambda number: 500) as shop:
        created = endpoint(client, shop.url)
        expire(client)
        simulator.wait_for_deliveries()
        client.v1.webhook_endpoints.update(created.id, {"disabled": True})
        simulator.advance(24 * 3600)
        assert len(shop.received) == 1
        assert [delivery["status"] for delivery in simulator.deliveries()] == ["failed"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://[x/", "http://a..b/"])
def test_an_address_that_cannot_be_one_is_a_failed_delivery(
    simulator: Simulator, client: stripe.StripeClient, url: str
) -> None:
    simulator.set_webhooks(url, SECRET)
    expire(client)
    [delivery] = simulator.wait_for_deliveries()
    assert delivery["status"] == "retrying"
    assert delivery["attempts"][0]["error"]


def test_at_most_sixteen_endpoints(simulator: Simulator, client: stripe.StripeClient) -> None:
    for number in range(16):
        endpoint(client, f"https://butikk.example/hook/{number}/")
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16 test webhook endpoints"):
        endpoint(client)
    endpoint(client_for(simulator, "sk_live_1"))


@pytest.mark.parametrize(
    ("url", "events"),
    [("butikk.example", ["*"]), ("https://butikk.example/", ["order.paid"]), ("https://butikk.example/", [])],
)
def test_endpoints_that_are_refused(client: stripe.StripeClient, url: str, events: list[str]) -> None:
    parameters: Any = {"url": url, "enabled_events": events}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.create(parameters)


def test_listeners_do_not_show_in_the_api(
    simulator: Simulator, shop: Receiver, client: stripe.StripeClient
) -> None:
    assert client.v1.webhook_endpoints.list().data == []
    [listener] = simulator.state()["endpoints"]
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook_endpoint"):
        client.v1.webhook_endpoints.retrieve(listener["id"])
