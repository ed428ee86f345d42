"""Checkout Sessions are created with what Stripe's published contract takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oscar_vipps.gateway.session import LOCALES
from tests.contract import contract
from tests.unit.test_session_parameters import Order, order_of, parameters_of, payment_of

VERSIONS = ["2026-04-22.preview", "2026-09-29.preview", "2026-09-30.preview", "2026-10-28.preview"]
METHODS = [
    {"payment_methods": "vipps"},
    {"payment_methods": "dynamic"},
    {"payment_methods": "dynamic", "payment_method_configuration": "pmc_1Vipps"},
]
ORDERS = {
    "ordinary": order_of((124900, 1), (39900, 2), shipping=9900, surcharges=(500,)),
    "quantity that doesn't divide": order_of((10000, 3)),
    "something free": order_of((10000, 1), (0, 2)),
    "too many lines": order_of(*[(1000, 1)] * 101),
    "negative surcharge": order_of((10000, 1), surcharges=(-500,)),
    "no e-mail address": order_of((10000, 1), email=None),
}


@pytest.fixture(autouse=True)
def needs_the_contract() -> None:
    contract.require()


@pytest.mark.parametrize("api_version", VERSIONS)
@pytest.mark.parametrize("methods", METHODS, ids=lambda methods: "-".join(methods.values()))
@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
def test_every_mode_and_version(api_version: str, methods: dict[str, Any], capture_method: str) -> None:
    parameters = parameters_of(payment_of(capture_method=capture_method), api_version=api_version, **methods)

    contract.validate_form(contract.CREATE_SESSION, parameters, api_version)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_every_kind_of_order(order: Order) -> None:
    contract.validate_form(contract.CREATE_SESSION, parameters_of(payment_of(order)))


@pytest.mark.parametrize("language", ["nb", "nn", "sv", "da", "en", "en-gb", "pt-br", "se", ""])
def test_every_kind_of_language(language: str) -> None:
    contract.validate_form(contract.CREATE_SESSION, parameters_of(payment_of(language=language)))


def test_the_languages_are_stripes() -> None:
    operations = json.loads(contract.path().read_text())["operations"]
    known = operations[contract.CREATE_SESSION]["form"]["properties"]["locale"]["enum"]

    assert sorted([*LOCALES, "auto"]) == sorted(known)


@pytest.mark.parametrize(
    ("made_for", "sent_to"),
    [("2026-09-29.preview", "2026-09-30.preview"), ("2026-09-30.preview", "2026-09-29.preview")],
)
def test_the_contract_tells_the_versions_apart(made_for: str, sent_to: str) -> None:
    parameters = parameters_of(payment_of(), api_version=made_for)

    with pytest.raises(AssertionError, match="payment_method_types"):
        contract.validate_form(contract.CREATE_SESSION, parameters, sent_to)
