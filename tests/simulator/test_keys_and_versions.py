"""Who may ask, in which mode, and in which version of the API."""

from __future__ import annotations

import base64
from collections.abc import Callable

import httpx
import pytest
import stripe

from tests.simulator.orders import VERSION, client_for, line, order
from tests.support.simulator import Simulator

SESSIONS = "/v1/checkout/sessions"
PLAIN = "2026-04-22.dahlia"
ENDIVE = "2026-09-30.preview; vipps_preview=v1"


def test_no_key(http: httpx.Client) -> None:
    del http.headers["Authorization"]
    response = http.get("/v1/account")
    assert response.status_code == 401
    assert response.json()["error"]["message"].startswith("You did not provide an API key.")
    assert response.headers["Request-Id"].startswith("req_")


@pytest.mark.parametrize("key", ["nonsense", "sk_prod_1", "whsec_123", "sk_test_"])
def test_invalid_key(simulator: Simulator, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as raised:
        client_for(simulator, key).v1.accounts.retrieve_current()
    assert raised.value.http_status == 401


def test_an_invalid_key_is_not_repeated_in_full(simulator: Simulator) -> None:
    with pytest.raises(stripe.AuthenticationError) as raised:
        client_for(simulator, "sk_tset_abcdefghijkl").v1.accounts.retrieve_current()
    assert "abcdefgh" not in str(raised.value)


def test_publishable_key(simulator: Simulator) -> None:
    with pytest.raises(stripe.PermissionError, match="publishable API key") as raised:
        client_for(simulator, "pk_test_simulator").v1.checkout.sessions.create(order())
    assert raised.value.error is not None
    assert raised.value.error.code == "secret_key_required"


def test_basic_authentication(http: httpx.Client) -> None:
    http.headers["Authorization"] = "Basic " + base64.b64encode(b"sk_test_simulator:").decode()
    assert http.get("/v1/account").status_code == 200


@pytest.mark.parametrize(
    ("key", "livemode"),
    [("sk_test_1", False), ("rk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)],
)
def test_the_key_says_the_mode(simulator: Simulator, key: str, livemode: bool) -> None:
    session = client_for(simulator, key).v1.checkout.sessions.create(order())
    assert session.livemode is livemode
    assert session.id.startswith("cs_live_" if livemode else "cs_test_")


def test_the_modes_are_kept_apart(simulator: Simulator) -> None:
    test, live = client_for(simulator), client_for(simulator, "sk_live_simulator")
    session = live.v1.checkout.sessions.create(order())
    with pytest.raises(stripe.InvalidRequestError, match="a similar object exists in live mode") as raised:
        test.v1.checkout.sessions.retrieve(session.id)
    assert raised.value.http_status == 404
    assert raised.value.code == "resource_missing"
    assert test.v1.checkout.sessions.list().data == []
    assert len(live.v1.checkout.sessions.list().data) == 1
    intent = simulator.pay(session.id)["payment_intent"]["id"]
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        test.v1.refunds.create({"payment_intent": intent})


@pytest.mark.parametrize(
    "version",
    [
        "tomorrow",
        "2026-13-01.preview; vipps_preview=v1",
        "2026-04-22.preview, vipps_preview=v1",
        "2026-04-22.preview; vipps_preview",
        "2026-04-22.dahlia; vipps_preview=v1",
    ],
)
def test_malformed_version(simulator: Simulator, version: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version") as raised:
        client_for(simulator, version=version).v1.accounts.retrieve_current()
    assert raised.value.http_status == 400
    assert raised.value.code is None


def test_a_beta_that_nobody_has(simulator: Simulator) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="pass this beta header: swish_preview"):
        client_for(simulator, version="2026-04-22.preview; swish_preview=v1").v1.accounts.retrieve_current()


def test_account_that_is_not_enrolled_is_refused_whatever_it_asks(simulator: Simulator) -> None:
    simulator.account(vipps_enrolled=False, mode="test")
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client_for(simulator).v1.checkout.sessions.create(order())
    assert raised.value.http_status == 400
    assert raised.value.code is None
    assert str(raised.value.user_message) == (
        f"Invalid Stripe API version: {VERSION}. You do not have permission to pass this beta header: "
        "vipps_preview. If you have any questions, we can help at https://support.stripe.com/."
    )
    client_for(simulator, version=PLAIN).v1.accounts.retrieve_current()
    assert client_for(simulator, "sk_live_1").v1.checkout.sessions.create(order()).livemode


def test_vipps_without_the_preview_flag_is_not_known(simulator: Simulator) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="vipps is not permitted") as raised:
        client_for(simulator, version=PLAIN).v1.checkout.sessions.create(order())
    assert raised.value.param == "payment_method_types[0]"


@pytest.mark.parametrize("what", ["session", "expire", "intent", "capture", "charge", "refund"])
def test_every_request_that_involves_vipps_needs_the_flag(simulator: Simulator, what: str) -> None:
    client, plain = client_for(simulator), client_for(simulator, version=PLAIN)
    session = client.v1.checkout.sessions.create(order()).id
    paid = simulator.pay(client.v1.checkout.sessions.create(order()).id)["payment_intent"]
    requests: dict[str, Callable[[], object]] = {
        "session": lambda: plain.v1.checkout.sessions.retrieve(session),
        "expire": lambda: plain.v1.checkout.sessions.expire(session),
        "intent": lambda: plain.v1.payment_intents.retrieve(paid["id"]),
        "capture": lambda: plain.v1.payment_intents.capture(paid["id"]),
        "charge": lambda: plain.v1.charges.retrieve(paid["latest_charge"]),
        "refund": lambda: plain.v1.refunds.create({"payment_intent": paid["id"]}),
    }
    with pytest.raises(stripe.InvalidRequestError, match="vipps, which is not permitted"):
        requests[what]()


def test_generally_available_vipps_needs_no_flag(simulator: Simulator) -> None:
    simulator.account(vipps_generally_available=True)
    session = client_for(simulator, version=PLAIN).v1.checkout.sessions.create(order())
    assert session.payment_method_types == ["vipps"]


def test_from_endive_on_types_are_allowed_and_not_named(simulator: Simulator) -> None:
    old, new = client_for(simulator), client_for(simulator, version=ENDIVE)
    allowing = order(payment_method_types=None, allowed_payment_method_types=["vipps"])
    assert new.v1.checkout.sessions.create(allowing).payment_method_types == ["vipps"]
    assert old.v1.checkout.sessions.create(order()).payment_method_types == ["vipps"]
    with pytest.raises(stripe.InvalidRequestError) as raised:
        new.v1.checkout.sessions.create(order())
    assert (raised.value.code, raised.value.param) == ("parameter_unknown", "payment_method_types")
    with pytest.raises(stripe.InvalidRequestError) as raised:
        old.v1.checkout.sessions.create(allowing)
    assert (raised.value.code, raised.value.param) == ("parameter_unknown", "allowed_payment_method_types")


def test_allowing_vipps_needs_the_flag_too(simulator: Simulator) -> None:
    client = client_for(simulator, version="2026-09-30.endive")
    with pytest.raises(stripe.InvalidRequestError, match="vipps is not permitted") as raised:
        client.v1.checkout.sessions.create(
            order(payment_method_types=None, allowed_payment_method_types=["card", "vipps"])
        )
    assert raised.value.param == "allowed_payment_method_types[1]"


def test_allowed_types_that_do_not_fit_are_dropped_silently(simulator: Simulator) -> None:
    client = client_for(simulator, version=ENDIVE)

    def offered(allowed: list[str], **changes: object) -> list[str]:
        parameters = order(payment_method_types=None, allowed_payment_method_types=allowed, **changes)
        return client.v1.checkout.sessions.create(parameters).payment_method_types

    assert sorted(offered(["vipps", "card"])) == ["card", "vipps"]
    assert offered(["vipps", "card"], line_items=[line("Bok", 1000, currency="eur")]) == ["card"]
    simulator.account(vipps_enabled=False)
    assert offered(["vipps", "card"]) == ["card"]
    assert offered(["vipps"]) == []


def test_dynamic_types_come_from_the_dashboard(simulator: Simulator) -> None:
    client = client_for(simulator)
    dynamic = order(payment_method_types=None)
    session = client.v1.checkout.sessions.create(dynamic)
    assert sorted(session.payment_method_types) == ["card", "vipps"]
    configured = order(payment_method_types=None, payment_method_configuration="pmc_shop")
    chosen = client.v1.checkout.sessions.create(configured)
    assert chosen.payment_method_configuration_details is not None
    assert chosen.payment_method_configuration_details.id == "pmc_shop"
    plain = client_for(simulator, version=PLAIN)
    assert plain.v1.checkout.sessions.create(dynamic).payment_method_types == ["card"]
    simulator.account(vipps_enabled=False)
    assert client.v1.checkout.sessions.create(dynamic).payment_method_types == ["card"]


def test_named_types_must_be_switched_on(simulator: Simulator) -> None:
    simulator.account(vipps_enabled=False)
    with pytest.raises(stripe.InvalidRequestError, match="activated in your dashboard"):
        client_for(simulator).v1.checkout.sessions.create(order())


def test_unknown_url_and_method(http: httpx.Client) -> None:
    response = http.get("/v1/customers")
    assert response.status_code == 404
    assert response.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v1/customers).")
    assert http.delete(SESSIONS).status_code == 404


def test_every_answer_has_a_request_id(http: httpx.Client) -> None:
    ids = {http.get(path).headers["Request-Id"] for path in ("/v1/account", "/v1/nothing", "/v1/events")}
    assert len(ids) == 3
    assert all(id.startswith("req_") for id in ids)


def test_only_form_encoded_bodies(http: httpx.Client) -> None:
    response = http.post(SESSIONS, json={"mode": "payment"})
    assert response.status_code == 400
    assert "application/x-www-form-urlencoded" in response.json()["error"]["message"]


# Restricted keys


def restricted(simulator: Simulator, *permissions: str) -> stripe.StripeClient:
    simulator.account(restricted_key=list(permissions))
    return client_for(simulator, "rk_test_abcdefghijklmnop")


def test_a_restricted_key_is_told_which_permission_it_lacks(simulator: Simulator) -> None:
    client = restricted(simulator, "checkout_session_write", "webhook_read")
    session = client.v1.checkout.sessions.create(order())
    client.v1.checkout.sessions.retrieve(session.id)
    client.v1.webhook_endpoints.list()
    with pytest.raises(stripe.PermissionError, match="Having the 'rak_charge_write' permission") as raised:
        client.v1.refunds.create({"payment_intent": "pi_1"})
    assert raised.value.http_status == 403
    assert "abcdefgh" not in str(raised.value)
    with pytest.raises(stripe.PermissionError, match="'rak_webhook_write'"):
        client.v1.webhook_endpoints.delete("we_1")
    with pytest.raises(stripe.PermissionError, match="'rak_event_read'"):
        client.v1.events.list()


def test_no_restricted_key_sees_its_account(simulator: Simulator) -> None:
    client = restricted(simulator)
    with pytest.raises(stripe.PermissionError, match="not available for use by restricted keys"):
        client.v1.accounts.retrieve_current()


def test_secret_keys_are_not_restricted(simulator: Simulator) -> None:
    restricted(simulator)
    client_for(simulator).v1.accounts.retrieve_current()
    simulator.account(restricted_key=None)
    client_for(simulator, "rk_test_1").v1.accounts.retrieve_current()
