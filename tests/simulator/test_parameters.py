"""What a Checkout Session may be made of, and Stripe's answers to the rest."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from tests.simulator.orders import VERSION, in_seconds, line, order
from tests.support.simulator import Simulator

MINUTE = 60
HOUR = 3600


def refused(client: stripe.StripeClient, **changes: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.checkout.sessions.create(order(**changes))
    assert raised.value.http_status == 400
    return raised.value


def test_a_session_says_what_was_asked(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order(locale="nb", expires_at=in_seconds(35 * MINUTE)))
    assert session.status == "open"
    assert session.payment_status == "unpaid"
    assert session.payment_intent is None
    assert session.amount_total == session.amount_subtotal == 124900 + 2 * 19950
    assert session.currency == "nok"
    assert session.client_reference_id == "ref-1"
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"order": "100001"}
    assert session.locale == "nb"
    assert session.expires_at - session.created in range(35 * MINUTE - 5, 35 * MINUTE + 1)
    assert session.url is not None
    assert session.url.endswith(f"/c/pay/{session.id}")


def test_line_items_have_their_own_url(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    items = client.v1.checkout.sessions.line_items.list(session.id).data
    assert [(item.description, item.quantity, item.amount_total) for item in items] == [
        ("Fjellgenser", 1, 124900),
        ("Votter", 2, 39900),
    ]


def test_unknown_parameters_are_named(client: stripe.StripeClient) -> None:
    error = refused(client, colour="red")
    assert (error.code, error.param) == ("parameter_unknown", "colour")
    assert error.user_message == "Received unknown parameter: colour"
    item = line("Votter", 19950)
    item["price_data"]["product_data"]["colour"] = "red"
    assert refused(client, line_items=[item]).param == "line_items[0][price_data][product_data][colour]"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]"),
        (
            {"payment_intent_data": {"setup_future_usage": "off_session"}},
            "payment_intent_data[setup_future_usage]",
        ),
    ],
)
def test_parameter_that_stripe_knows_and_the_simulator_not(
    client: stripe.StripeClient, changes: Any, param: str
) -> None:
    error = refused(client, **changes)
    assert (error.code, error.param) == (None, param)
    assert f"does not simulate the parameter {param}" in str(error.user_message)
    # Where there are both, what Stripe would say comes first.
    assert refused(client, colour="red", **changes).code == "parameter_unknown"


@pytest.mark.parametrize("name", ["mode", "success_url", "line_items"])
def test_required_parameters(client: stripe.StripeClient, name: str) -> None:
    error = refused(client, **{name: None})
    assert (error.code, error.param) == ("parameter_missing", name)


@pytest.mark.parametrize(
    ("changes", "param", "code", "text"),
    [
        ({"mode": "gift"}, "mode", None, "must be one of payment, setup or subscription"),
        ({"mode": "setup"}, "mode", None, "does not simulate"),
        ({"locale": "nn"}, "locale", None, "Invalid locale"),
        ({"payment_method_types": ["cash"]}, "payment_method_types[0]", None, "Invalid payment_method"),
        ({"payment_method_types": "vipps"}, "payment_method_types", None, "Invalid array"),
        ({"payment_method_types": ["swish"]}, "payment_method_types", None, "swish is invalid"),
        ({"expires_at": "soon"}, "expires_at", "parameter_invalid_integer", "Invalid integer: soon"),
        ({"success_url": "/thanks/"}, "success_url", "url_invalid", "Not a valid URL"),
        ({"success_url": ""}, "success_url", "parameter_invalid_empty", "empty string for 'success_url'"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url", "url_invalid", "Not a valid URL"),
        ({"customer_email": "kari"}, "customer_email", "email_invalid", "Invalid email address: kari"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", None, "at most 200 characters"),
        ({"metadata": "x"}, "metadata", None, "Invalid object"),
        ({"metadata": {"x" * 41: "1"}}, "metadata", None, "up to 40 characters"),
        ({"metadata": {"key": "x" * 501}}, "metadata", None, "up to 500 characters"),
        ({"metadata": {f"k{n}": "1" for n in range(51)}}, "metadata", None, "up to 50 metadata keys"),
        ({"phone_number_collection": {"enabled": "y"}}, "phone_number_collection[enabled]", None, "boolean"),
        (
            {"payment_intent_data": {"capture_method": "later"}},
            "payment_intent_data[capture_method]",
            None,
            "must be one of automatic, automatic_async or manual",
        ),
        ({"payment_intent_data": {"statement_descriptor_suffix": "x" * 23}},
         "payment_intent_data[statement_descriptor_suffix]", None, "at most 22"),
        ({"payment_method_configuration": "pmc_1"}, "payment_method_types", None, "only specify one of"),
    ],
)  # fmt: skip
def test_wrong_values(
    client: stripe.StripeClient, changes: Any, param: str, code: str | None, text: str
) -> None:
    error = refused(client, **changes)
    assert (error.param, error.code) == (param, code)
    assert text in str(error.user_message)


def test_limits_themselves_are_good(client: stripe.StripeClient) -> None:
    metadata = {f"{n:040}": "x" * 500 for n in range(50)}
    session = client.v1.checkout.sessions.create(order(client_reference_id="x" * 200, metadata=metadata))
    assert session.metadata is not None
    assert len(session.metadata.to_dict()) == 50


@pytest.mark.parametrize(
    ("item", "param", "code"),
    [
        (line("Votter", -1), "line_items[0][price_data][unit_amount]", "parameter_invalid_integer"),
        (line("Votter", 19950, 0), "line_items[0][quantity]", "parameter_invalid_integer"),
        (line("Votter", 19950, -1), "line_items[0][quantity]", "parameter_invalid_integer"),
        (line("", 19950), "line_items[0][price_data][product_data][name]", "parameter_invalid_empty"),
        (line("Votter", 100_000_000), "line_items[0][price_data][unit_amount]", "amount_too_large"),
        (line("Votter", 299), "line_items", "amount_too_small"),
        (line("Votter", 0), "line_items", "amount_too_small"),
        (line("Votter", 99_999_999, 2), "line_items", "amount_too_large"),
    ],
)
def test_wrong_line_items(client: stripe.StripeClient, item: Any, param: str, code: str) -> None:
    error = refused(client, line_items=[item])
    assert (error.param, error.code) == (param, code)


@pytest.mark.parametrize("amount", [300, 99_999_999])
def test_smallest_and_largest_total(client: stripe.StripeClient, amount: int) -> None:
    session = client.v1.checkout.sessions.create(order(line_items=[line("Gavekort", amount)]))
    assert session.amount_total == amount


def test_a_free_line_beside_others_is_good(client: stripe.StripeClient) -> None:
    items = [line("Votter", 19950), line("Frakt", 0)]
    assert client.v1.checkout.sessions.create(order(line_items=items)).amount_total == 19950


def test_at_most_a_hundred_line_items(client: stripe.StripeClient) -> None:
    items = [line(f"Bok {number}", 100) for number in range(101)]
    assert "up to 100 line items" in str(refused(client, line_items=items).user_message)
    session = client.v1.checkout.sessions.create(order(line_items=items[:100]))
    first = client.v1.checkout.sessions.line_items.list(session.id, {"limit": 100})
    assert [item.description for item in first.data][98:] == ["Bok 98", "Bok 99"]


def test_vipps_takes_kroner_only(client: stripe.StripeClient) -> None:
    error = refused(client, line_items=[line("Book", 1000, currency="eur")])
    assert "Payments with vipps support the following currencies: nok" in str(error.user_message)
    error = refused(client, line_items=[line("Bok", 1000), line("Book", 1000, currency="eur")])
    assert "same currency" in str(error.user_message)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (29 * MINUTE, "at least 30 minutes"),
        (-HOUR, "at least 30 minutes"),
        (24 * HOUR + 60, "less than 24 hours"),
    ],
)
def test_expiry_too_near_or_too_far(client: stripe.StripeClient, seconds: int, text: str) -> None:
    error = refused(client, expires_at=in_seconds(seconds))
    assert error.param == "expires_at"
    assert text in str(error.user_message)


@pytest.mark.parametrize("seconds", [30 * MINUTE, 24 * HOUR])
def test_shortest_and_longest_expiry(client: stripe.StripeClient, seconds: int) -> None:
    client.v1.checkout.sessions.create(order(expires_at=in_seconds(seconds)))


def test_expiry_is_measured_on_the_simulators_clock(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    simulator.advance(HOUR)
    assert "clock is 3600 s ahead" in str(refused(client, expires_at=in_seconds(35 * MINUTE)).user_message)
    client.v1.checkout.sessions.create(order(expires_at=in_seconds(HOUR + 35 * MINUTE)))


def test_without_expiry_a_day(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert session.expires_at - session.created == 24 * HOUR


def test_unknown_session(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"No such checkout\.session: 'cs_test_x'") as raised:
        client.v1.checkout.sessions.retrieve("cs_test_x")
    assert (raised.value.http_status, raised.value.code, raised.value.param) == (
        404,
        "resource_missing",
        "session",
    )


def test_a_get_refuses_unknown_parameters_too(http: httpx.Client) -> None:
    assert (
        http.get("/v1/checkout/sessions", params={"colour": "red"}).json()["error"]["code"]
        == "parameter_unknown"
    )
    assert http.get("/v1/account", params={"colour": "red"}).status_code == 400


def test_what_cannot_be_expanded(client: stripe.StripeClient, simulator: Simulator) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.checkout.sessions.create(order(expand=["colour"]))
    assert simulator.state()["sessions"] == []


@pytest.mark.parametrize(
    "body",
    [
        "mode=payment&mode[x]=1",
        "mode[x]=1&mode=payment",
        "mode[=payment",
        "mode]=x",
        "=x",
        "[a]=x",
        "mode=%ff",
    ],
)
def test_bodies_that_cannot_be_decoded(http: httpx.Client, body: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = http.post("/v1/checkout/sessions", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_lists_may_have_empty_brackets(http: httpx.Client) -> None:
    body = (
        "mode=payment&success_url=https%3A%2F%2Fx.example%2F&payment_method_types[]=vipps"
        "&line_items[0][quantity]=1&line_items[0][price_data][currency]=NOK"
        "&line_items[0][price_data][unit_amount]=5000&line_items[0][price_data][product_data][name]=Bl%C3%A5b%C3%A6r"
        "&metadata[0]=zero"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Stripe-Version": VERSION}
    response = http.post("/v1/checkout/sessions?expand[]=line_items", content=body, headers=headers)
    assert response.status_code == 200, response.text
    session = response.json()
    assert session["payment_method_types"] == ["vipps"]
    assert session["currency"] == "nok"
    assert session["metadata"] == {"0": "zero"}
    assert session["line_items"]["data"][0]["description"] == "Blåbær"
