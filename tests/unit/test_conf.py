"""The setting ``OSCAR_VIPPS`` as an object: defaults, values, refusals, reloading."""

from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from oscar_vipps import conf
from oscar_vipps.conf import OUTCOMES, RULES, VippsSettings, examine, get_settings, how_to_write

KEYS = {"SECRET_KEY": "sk_test_1", "WEBHOOK_SECRETS": ["whsec_1"]}


def refusal(settings: Any, value: object) -> str:
    settings.OSCAR_VIPPS = value
    with pytest.raises(ImproperlyConfigured) as caught:
        get_settings()
    return str(caught.value)


def test_without_the_setting_there_are_defaults_and_vipps_is_not_configured(settings: Any) -> None:
    del settings.OSCAR_VIPPS

    found = get_settings()

    assert found == VippsSettings(
        secret_key="",
        webhook_secrets=(),
        api_version="2026-04-22.preview",
        preview="vipps_preview=v1",
        api_base=None,
        payment_methods="vipps",
        payment_method_configuration=None,
        capture="automatic",
        session_lifetime=timedelta(minutes=35),
        order_status={},
        late_payment="return",
        timeout=10,
        max_network_retries=2,
        celery_app=None,
        event_retention=timedelta(days=90),
        other_methods=(),
    )
    assert not found.is_configured


def test_each_key_of_the_setting_has_one_field() -> None:
    assert [field.name.upper() for field in fields(VippsSettings)] == list(RULES)


@pytest.mark.parametrize(
    ("key", "value", "field_value"),
    [
        ("SECRET_KEY", "rk_live_1", "rk_live_1"),
        ("SECRET_KEY", None, ""),
        ("WEBHOOK_SECRETS", ("whsec_1", "whsec_2"), ("whsec_1", "whsec_2")),
        ("WEBHOOK_SECRETS", ["whsec_1", "", None], ("whsec_1",)),
        ("WEBHOOK_SECRETS", None, ()),
        ("WEBHOOK_SECRETS", "", ()),
        ("API_VERSION", "2026-09-30.endive", "2026-09-30.endive"),
        ("API_VERSION", "2024-06-20", "2024-06-20"),
        ("PREVIEW", "vipps_preview=v2", "vipps_preview=v2"),
        ("PREVIEW", None, None),
        ("PREVIEW", "", None),
        ("API_BASE", "http://127.0.0.1:12111", "http://127.0.0.1:12111"),
        ("API_BASE", "https://proxy.example/stripe", "https://proxy.example/stripe"),
        ("API_BASE", "http://[::1]:8000", "http://[::1]:8000"),
        ("API_BASE", "", None),
        ("PAYMENT_METHODS", "dynamic", "dynamic"),
        ("CAPTURE", "manual", "manual"),
        ("CAPTURE", "on_shipment", "on_shipment"),
        ("SESSION_LIFETIME", timedelta(minutes=30), timedelta(minutes=30)),
        ("SESSION_LIFETIME", timedelta(hours=24), timedelta(hours=24)),
        ("SESSION_LIFETIME", 1800, timedelta(minutes=30)),
        ("SESSION_LIFETIME", 86400, timedelta(hours=24)),
        ("ORDER_STATUS", {"captured": "Paid"}, {"captured": "Paid"}),
        ("LATE_PAYMENT", "reinstate", "reinstate"),
        ("TIMEOUT", 0.5, 0.5),
        ("TIMEOUT", 300, 300),
        ("MAX_NETWORK_RETRIES", 0, 0),
        ("EVENT_RETENTION", timedelta(days=3), timedelta(days=3)),
        ("EVENT_RETENTION", 400, timedelta(days=400)),
        ("OTHER_METHODS", ["shop.invoice.Invoice"], ("shop.invoice.Invoice",)),
    ],
)
def test_a_value_is_taken(settings: Any, key: str, value: object, field_value: object) -> None:
    settings.OSCAR_VIPPS = {key: value}

    assert getattr(get_settings(), key.lower()) == field_value


def test_a_configuration_of_dynamic_payment_methods_is_taken(settings: Any) -> None:
    settings.OSCAR_VIPPS = {"PAYMENT_METHODS": "dynamic", "PAYMENT_METHOD_CONFIGURATION": "pmc_1"}

    assert get_settings().payment_method_configuration == "pmc_1"


NOT_A_SECRET_LIST = "a list of signing secrets, not a single string"
NOT_A_VERSION = "a Stripe API version, without a preview"
NOT_AN_ADDRESS = "None or an address without password or final slash"
NOT_A_LIFETIME = "a timedelta or a whole number of seconds, from 1800 to 86400 seconds"
NOT_A_STATUS_MAP = "a dictionary of outcome: order status"
NOT_A_RETENTION = "a timedelta or a whole number of days, from 3 to 3650 days"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("SECRET_KEY", 1, "a string"),
        ("SECRET_KEY", b"sk_test_1", "a string"),
        ("WEBHOOK_SECRETS", "whsec_1", NOT_A_SECRET_LIST),
        ("WEBHOOK_SECRETS", {"whsec_1": 1}, NOT_A_SECRET_LIST),
        ("WEBHOOK_SECRETS", [1], NOT_A_SECRET_LIST),
        ("API_VERSION", None, NOT_A_VERSION),
        ("API_VERSION", "", NOT_A_VERSION),
        ("API_VERSION", "endive", NOT_A_VERSION),
        ("API_VERSION", "2026-13-01", NOT_A_VERSION),
        ("API_VERSION", "2026-04-22.preview; vipps_preview=v1", NOT_A_VERSION),
        ("API_VERSION", "2026-04-22.preview\n", NOT_A_VERSION),
        ("PREVIEW", "vipps", "None or a preview with its version"),
        ("PREVIEW", 1, "None or a preview with its version"),
        ("API_BASE", "localhost:12111", NOT_AN_ADDRESS),
        ("API_BASE", "ftp://localhost", NOT_AN_ADDRESS),
        ("API_BASE", "http://", NOT_AN_ADDRESS),
        ("API_BASE", "http://localhost/", NOT_AN_ADDRESS),
        ("API_BASE", "https://name:password@localhost", NOT_AN_ADDRESS),
        ("API_BASE", 12111, NOT_AN_ADDRESS),
        ("PAYMENT_METHODS", "card", "one of vipps, dynamic"),
        ("PAYMENT_METHODS", ["vipps"], "one of vipps, dynamic"),
        ("PAYMENT_METHOD_CONFIGURATION", "123", "None or a configuration's id"),
        ("CAPTURE", "Manual", "one of automatic, manual, on_shipment"),
        ("CAPTURE", None, "one of automatic, manual, on_shipment"),
        ("SESSION_LIFETIME", timedelta(minutes=30, microseconds=-1), NOT_A_LIFETIME),
        ("SESSION_LIFETIME", timedelta(hours=24, microseconds=1), NOT_A_LIFETIME),
        ("SESSION_LIFETIME", 1799, NOT_A_LIFETIME),
        ("SESSION_LIFETIME", 10**30, NOT_A_LIFETIME),
        ("SESSION_LIFETIME", 1800.0, NOT_A_LIFETIME),
        ("SESSION_LIFETIME", "1800", NOT_A_LIFETIME),
        ("ORDER_STATUS", ["Paid"], NOT_A_STATUS_MAP),
        ("ORDER_STATUS", {"captured": ""}, NOT_A_STATUS_MAP),
        ("ORDER_STATUS", {"captured": None}, NOT_A_STATUS_MAP),
        ("LATE_PAYMENT", "keep", "one of return, reinstate"),
        ("TIMEOUT", 0, "a number from 0.1 to 300"),
        ("TIMEOUT", 301, "a number from 0.1 to 300"),
        ("TIMEOUT", float("nan"), "a number from 0.1 to 300"),
        ("TIMEOUT", True, "a number from 0.1 to 300"),
        ("TIMEOUT", "10", "a number from 0.1 to 300"),
        ("MAX_NETWORK_RETRIES", -1, "a number from 0 to 10"),
        ("MAX_NETWORK_RETRIES", 11, "a number from 0 to 10"),
        ("MAX_NETWORK_RETRIES", 2.0, "a number from 0 to 10"),
        ("CELERY_APP", "app", "None or a dotted path"),
        ("CELERY_APP", "shop celery.app", "None or a dotted path"),
        ("CELERY_APP", ["shop.celery.app"], "None or a dotted path"),
        ("EVENT_RETENTION", timedelta(days=2), NOT_A_RETENTION),
        ("EVENT_RETENTION", 3651, NOT_A_RETENTION),
        ("EVENT_RETENTION", False, NOT_A_RETENTION),
        ("OTHER_METHODS", "shop.invoice.Invoice", "a list of dotted paths, not a single string"),
        ("OTHER_METHODS", [object], "a list of dotted paths, not a single string"),
    ],
)
def test_an_unusable_value_is_refused_with_its_key_and_what_to_write(
    settings: Any, key: str, value: object, expected: str
) -> None:
    text = refusal(settings, {**KEYS, key: value})

    assert text == f'OSCAR_VIPPS["{key}"] must be {expected}. {how_to_write(key)}'


@pytest.mark.parametrize("chosen", [{}, {"PAYMENT_METHODS": "vipps"}])
def test_a_configuration_without_dynamic_payment_methods_is_refused(
    settings: Any, chosen: dict[str, str]
) -> None:
    text = refusal(settings, {**chosen, "PAYMENT_METHOD_CONFIGURATION": "pmc_1"})

    assert text == (
        'OSCAR_VIPPS["PAYMENT_METHOD_CONFIGURATION"] needs "PAYMENT_METHODS" to be "dynamic". '
        'In your Django settings, write for example OSCAR_VIPPS = {"PAYMENT_METHODS": "dynamic", ...}.'
    )


@pytest.mark.parametrize("value", [None, "sk_test_1", ["sk_test_1"]])
def test_a_setting_that_is_no_dictionary_is_refused(settings: Any, value: object) -> None:
    assert refusal(settings, value).startswith("OSCAR_VIPPS must be a dictionary. In your Django settings, ")


def test_all_problems_are_told_at_once(settings: Any) -> None:
    lines = refusal(settings, {"CAPTURE": "later", "TIMEOUT": -1}).splitlines()

    assert [line.partition(" must")[0] for line in lines] == [
        'OSCAR_VIPPS["CAPTURE"]',
        'OSCAR_VIPPS["TIMEOUT"]',
    ]


def test_beside_a_problem_the_other_values_are_kept(settings: Any) -> None:
    settings.OSCAR_VIPPS = {**KEYS, "CAPTURE": "later"}

    found, problems = examine()

    assert found == VippsSettings(secret_key="sk_test_1", webhook_secrets=("whsec_1",))
    assert [problem.key for problem in problems] == ["CAPTURE"]


@pytest.mark.parametrize("key", RULES)
def test_the_example_in_a_hint_is_a_usable_value(settings: Any, key: str) -> None:
    example = RULES[key].example
    value = eval(example, {"timedelta": timedelta})
    settings.OSCAR_VIPPS = {"PAYMENT_METHODS": "dynamic", key: value}

    assert examine()[1] == []
    assert how_to_write(key) == (
        f'In your Django settings, write for example OSCAR_VIPPS = {{"{key}": {example}, ...}}.'
    )


def test_names_that_nobody_knows_are_left_to_the_checks(settings: Any) -> None:
    settings.OSCAR_VIPPS = {**KEYS, "CAPTRUE": "manual", "ORDER_STATUS": {"payed": "Paid"}}

    assert get_settings().capture == "automatic"


@pytest.mark.parametrize(
    ("preview", "header"),
    [("vipps_preview=v1", "2026-04-22.preview; vipps_preview=v1"), (None, "2026-04-22.preview")],
)
def test_the_version_header_has_the_preview_where_there_is_one(preview: str | None, header: str) -> None:
    assert VippsSettings(preview=preview).stripe_version == header


@pytest.mark.parametrize(
    ("key", "usable", "livemode"),
    [
        ("sk_test_1", True, False),
        ("rk_test_1", True, False),
        ("sk_live_1", True, True),
        ("rk_live_1", True, True),
        ("pk_live_1", False, False),
        ("sk_test_", False, False),
        ("sk_test_1\n", False, False),
        ("", False, False),
    ],
)
def test_the_form_of_the_key_tells_what_it_can_do(key: str, usable: bool, livemode: bool) -> None:
    found = VippsSettings(secret_key=key, webhook_secrets=("whsec_1",))

    assert (found.is_configured, found.livemode) == (usable, livemode)


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_webhook_secret_vipps_is_not_configured(secrets: tuple[str, ...]) -> None:
    assert not VippsSettings(secret_key="sk_test_1", webhook_secrets=secrets).is_configured


def test_the_settings_follow_overriding_and_are_read_once_between(settings: Any) -> None:
    before = get_settings()
    with override_settings(OSCAR_VIPPS={**KEYS, "CAPTURE": "manual"}):
        inside = get_settings()
        assert inside.capture == "manual"
        with override_settings(LANGUAGE_CODE="nb"):
            assert get_settings() is inside

    assert get_settings() == before
    assert get_settings() is get_settings()


def test_neither_settings_nor_refusals_show_a_secret(settings: Any) -> None:
    settings.OSCAR_VIPPS = {"SECRET_KEY": "sk_live_hidden", "WEBHOOK_SECRETS": ["whsec_hidden"]}
    shown = [repr(get_settings()), str(get_settings())]
    shown += [
        refusal(settings, value)
        for value in (
            "sk_live_hidden",
            {"SECRET_KEY": ["sk_live_hidden"], "WEBHOOK_SECRETS": "whsec_hidden"},
            {"WEBHOOK_SECRETS": ["whsec_hidden", 1], "API_BASE": "https://name:hidden@localhost"},
        )
    ]

    assert [text for text in shown if "hidden" in text] == []


def test_the_settings_can_not_be_changed() -> None:
    statuses = {"captured": "Paid"}
    found = VippsSettings(order_status=statuses)
    statuses["captured"] = "Done"

    with pytest.raises(FrozenInstanceError):
        found.capture = "manual"  # type: ignore[misc]
    with pytest.raises(TypeError):
        found.order_status["captured"] = "Done"  # type: ignore[index]
    assert found.order_status == {"captured": "Paid"}


def test_equal_settings_are_one_key_of_a_cache() -> None:
    one, other = (VippsSettings(order_status={"captured": "Paid"}) for _ in range(2))

    assert len({one, other}) == 1


def test_the_outcomes_are_those_of_the_documentation() -> None:
    assert OUTCOMES == (
        "pending",
        "authorized",
        "captured",
        "cancelled",
        "expired",
        "partially_refunded",
        "refunded",
        "disputed",
    )


def test_the_setting_is_wanted_when_it_is_there(settings: Any) -> None:
    settings.OSCAR_VIPPS = {}
    assert conf.is_wanted()
    del settings.OSCAR_VIPPS
    assert not conf.is_wanted()


@pytest.mark.parametrize(
    ("given", "usable"),
    [
        ({"SECRET_KEY": "sk_test_1", "WEBHOOK_SECRETS": ["whsec_1"]}, True),
        ({"SECRET_KEY": "sk_test_1", "WEBHOOK_SECRETS": ["whsec_1"], "CAPTURE": "later"}, False),
        ({"SECRET_KEY": "sk_test_1"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_setting_with_a_problem_is_not_usable_and_raises_nothing(
    settings: Any, given: object, usable: bool
) -> None:
    settings.OSCAR_VIPPS = given
    assert conf.is_usable() is usable
