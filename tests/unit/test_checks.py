"""System checks. Each test compares all that is reported, so that nothing is said too much.

The database is closed to these tests, as to all that don't ask for it.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from django.apps import AppConfig, apps
from django.conf.urls.i18n import i18n_patterns
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import include, path
from oscar.apps.checkout import views as oscar_views
from oscar.core.exceptions import AppNotFoundError
from oscar.core.loading import get_model

from oscar_vipps import checks
from oscar_vipps.checkout.apps import CheckoutConfig
from oscar_vipps.checkout.methods import PaymentMethod
from oscar_vipps.checkout.mixins import PaymentDetailsMixin, PaymentMethodMixin
from oscar_vipps.conf import OUTCOMES, RULES
from oscar_vipps.dashboard.apps import VippsDashboardConfig
from shop.order_pipeline import ORDER_STATUS_OF_OUTCOME, ORDER_STATUS_PIPELINE
from tests.support import celery_apps
from tests.support.celery_apps import left_to_workers

KEYS = {"SECRET_KEY": "sk_test_1", "WEBHOOK_SECRETS": ["whsec_1"]}
WRITE = "In your Django settings, write for example OSCAR_VIPPS = "
KEY_HINT = WRITE + '{"SECRET_KEY": "sk_test_...", ...}.'
KEY_HINT_WITH_PLACE = f"{KEY_HINT} Stripe's Dashboard shows it under Developers, API keys."
SECRETS_HINT = WRITE + '{"WEBHOOK_SECRETS": ["whsec_..."], ...}.'
SECRETS_HINT_WITH_PLACE = f"{SECRETS_HINT} The command vipps_register_webhook gets one from Stripe."

Report = tuple[str, str, str]


@pytest.fixture(autouse=True, scope="module")
def loaded() -> None:
    """Addresses and template tags, before a test hides apps that they need, whichever test is the first."""
    run_checks(tags=["oscar_vipps"])


def reports() -> list[Report]:
    """Id, text and hint of everything that this app's checks say, sorted."""
    found = run_checks(tags=["oscar_vipps"])
    for message in found:
        assert message.is_serious() == str(message.id).startswith("oscar_vipps.E")
    return sorted((str(each.id).removeprefix("oscar_vipps."), each.msg, str(each.hint)) for each in found)


def test_an_installed_shop_has_nothing_to_report() -> None:
    assert reports() == []


# The setting

NO_KEY = (
    "W002",
    'OSCAR_VIPPS["SECRET_KEY"] is missing, so Vipps isn\'t offered.',
    KEY_HINT_WITH_PLACE,
)
NO_SECRETS = (
    "W003",
    'OSCAR_VIPPS["WEBHOOK_SECRETS"] is missing or empty, so Vipps isn\'t offered.',
    SECRETS_HINT_WITH_PLACE,
)
PUBLISHABLE_KEY = (
    "E005",
    'OSCAR_VIPPS["SECRET_KEY"] is a publishable key, which can\'t make payments.',
    KEY_HINT_WITH_PLACE,
)
NO_SUCH_KEY = (
    "E006",
    (
        'OSCAR_VIPPS["SECRET_KEY"] must be sk_test_, sk_live_, rk_test_ or rk_live_, '
        "and then letters, digits and underscores only."
    ),
    KEY_HINT_WITH_PLACE,
)


def bad_secret(position: int) -> Report:
    text = f'OSCAR_VIPPS["WEBHOOK_SECRETS"][{position}] must begin with whsec_ and have no spaces.'
    return "E007", text, SECRETS_HINT_WITH_PLACE


def test_a_missing_setting_is_reported(settings: Any) -> None:
    del settings.OSCAR_VIPPS

    assert reports() == [("W001", "OSCAR_VIPPS is missing, so Vipps isn't offered.", KEY_HINT)]


@pytest.mark.parametrize("value", [None, "sk_test_1", ["sk_test_1"]])
def test_a_setting_that_is_no_dictionary_is_reported(settings: Any, value: object) -> None:
    settings.OSCAR_VIPPS = value

    assert reports() == [("E001", "OSCAR_VIPPS must be a dictionary.", KEY_HINT)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"SECRET_KEY": "rk_test_1"}, []),
        ({"SECRET_KEY": "sk_live_1"}, []),
        ({"SECRET_KEY": ""}, [NO_KEY]),
        ({"SECRET_KEY": None}, [NO_KEY]),
        ({"SECRET_KEY": None, "WEBHOOK_SECRETS": None}, [NO_KEY, NO_SECRETS]),
        ({"SECRET_KEY": "pk_test_1"}, [PUBLISHABLE_KEY]),
        ({"SECRET_KEY": "pk_live_1"}, [PUBLISHABLE_KEY]),
        ({"SECRET_KEY": "sk_1"}, [NO_SUCH_KEY]),
        ({"SECRET_KEY": "whsec_1"}, [NO_SUCH_KEY]),
        ({"SECRET_KEY": "sk_test_1\n"}, [NO_SUCH_KEY]),
        ({"WEBHOOK_SECRETS": []}, [NO_SECRETS]),
        ({"WEBHOOK_SECRETS": [""]}, [NO_SECRETS]),
        (
            {"WEBHOOK_SECRETS": ["whsec_1", None]},
            [
                (
                    "W004",
                    'OSCAR_VIPPS["WEBHOOK_SECRETS"] has an empty entry.',
                    "Remove it, or set the variable it comes from.",
                )
            ],
        ),
        ({"WEBHOOK_SECRETS": ["whsec_1", "sk_test_1", "whsec_1 "]}, [bad_secret(1), bad_secret(2)]),
        ({"WEBHOOK_SECRETS": ["whsec_"]}, [bad_secret(0)]),
    ],
)
def test_keys_and_secrets_are_looked_at(
    settings: Any, changes: dict[str, object], expected: list[Report]
) -> None:
    settings.OSCAR_VIPPS = {**KEYS, **changes}

    assert reports() == expected


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_a_live_key_while_debugging_is_reported(settings: Any, key: str) -> None:
    settings.DEBUG = True
    settings.OSCAR_VIPPS = {**KEYS, "SECRET_KEY": key}

    text = 'OSCAR_VIPPS["SECRET_KEY"] is a live key while DEBUG is on: real money moves.'
    hint = "Set DEBUG = False in the live shop, and use a key that begins with sk_test_ everywhere else."
    assert reports() == [("W005", text, hint)]


def test_a_test_key_while_debugging_is_fine(settings: Any) -> None:
    settings.DEBUG = True

    assert reports() == []


@pytest.mark.parametrize(
    ("key", "value", "expected", "example"),
    [
        ("SECRET_KEY", 1, "a string", '"sk_test_..."'),
        ("WEBHOOK_SECRETS", "whsec_1", "a list of signing secrets, not a single string", '["whsec_..."]'),
        ("CAPTURE", "later", "one of automatic, manual, on_shipment", '"on_shipment"'),
        (
            "SESSION_LIFETIME",
            60,
            "a timedelta or a whole number of seconds, from 1800 to 86400 seconds",
            "timedelta(minutes=35)",
        ),
    ],
)
def test_each_unusable_value_is_reported(
    settings: Any, key: str, value: object, expected: str, example: str
) -> None:
    settings.OSCAR_VIPPS = {**KEYS, key: value}

    text = f'OSCAR_VIPPS["{key}"] must be {expected}.'
    assert reports() == [("E002", text, f'{WRITE}{{"{key}": {example}, ...}}.')]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CAPTRUE", 'Did you mean "CAPTURE"?'),
        ("webhook_secrets", 'Did you mean "WEBHOOK_SECRETS"?'),
        ("WEBHOOK_SECRET", 'Did you mean "WEBHOOK_SECRETS"?'),
        ("XYZ", f"Known names are {', '.join(RULES)}."),
        (1, f"Known names are {', '.join(RULES)}."),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest(settings: Any, name: object, hint: str) -> None:
    settings.OSCAR_VIPPS = {**KEYS, name: "manual"}

    assert reports() == [("E003", f'OSCAR_VIPPS has the unknown name "{name}".', hint)]


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [
        ("canceled", 'Did you mean "cancelled"?'),
        ("CAPTURED", 'Did you mean "captured"?'),
        ("xyz", f"Known names are {', '.join(OUTCOMES)}."),
    ],
)
def test_an_unknown_outcome_is_reported_with_the_nearest(settings: Any, outcome: str, hint: str) -> None:
    settings.OSCAR_VIPPS = {**KEYS, "ORDER_STATUS": {outcome: "Paid"}}

    assert reports() == [("E004", f'OSCAR_VIPPS["ORDER_STATUS"] has the unknown name "{outcome}".', hint)]


def test_no_report_shows_a_secret(settings: Any) -> None:
    settings.OSCAR_VIPPS = {
        "SECRET_KEY": "hidden key",
        "WEBHOOK_SECRETS": ["hidden", ""],
        "API_BASE": "hidden",
    }

    found = reports()

    assert [id for id, _text, _hint in found] == ["E002", "E006", "E007", "W004"]
    assert "hidden" not in str(found)


# The order status pipeline


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """A copy of the shop's pipeline, to be changed."""
    own = dict(ORDER_STATUS_PIPELINE)
    monkeypatch.setattr(get_model("order", "Order"), "pipeline", own)
    return own


def no_way(id: str, start: str, end: str, outcome: str) -> Report:
    text = f'An order can\'t go from "{start}" to "{end}" when its payment is {outcome}.'
    return id, text, f'In OSCAR_ORDER_STATUS_PIPELINE, add "{end}" to what follows "{start}".'


NO_WAY_WHEN_AUTOMATIC = [
    no_way("E010", "Pending", "Paid", "captured"),
    no_way("W007", "Pending", "Cancelled", "cancelled"),
    no_way("W007", "Pending", "Expired", "expired"),
]
NO_WAY_WHEN_MANUAL = sorted(
    [
        *NO_WAY_WHEN_AUTOMATIC,
        no_way("E010", "Pending", "Reserved", "authorized"),
        no_way("E010", "Reserved", "Paid", "captured"),
        no_way("W007", "Reserved", "Cancelled", "cancelled"),
    ]
)


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("automatic", NO_WAY_WHEN_AUTOMATIC),
        ("manual", NO_WAY_WHEN_MANUAL),
        ("on_shipment", NO_WAY_WHEN_MANUAL),
    ],
)
def test_each_way_that_the_pipeline_lacks_is_reported_where_the_payment_needs_it(
    settings: Any, pipeline: dict[str, tuple[str, ...]], capture: str, expected: list[Report]
) -> None:
    pipeline.update(Pending=(), Reserved=())
    settings.OSCAR_VIPPS = {**KEYS, "CAPTURE": capture, "ORDER_STATUS": ORDER_STATUS_OF_OUTCOME}

    assert reports() == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({}, []),
        ({"captured": "Paid"}, [no_way("E010", "Pending", "Paid", "captured")]),
        ({"pending": "Cancelled", "captured": "Paid"}, []),
        ({"pending": "Expired", "captured": "Expired"}, []),
        ({"pending": "Pending", "authorized": "Pending"}, []),
        ({"refunded": "Refunded", "disputed": "Disputed"}, []),
    ],
)
def test_only_what_is_mapped_needs_a_way(
    settings: Any, pipeline: dict[str, tuple[str, ...]], statuses: dict[str, str], expected: list[Report]
) -> None:
    pipeline.update(Pending=())
    settings.OSCAR_VIPPS = {**KEYS, "CAPTURE": "manual", "ORDER_STATUS": statuses}

    assert reports() == expected


def test_a_status_that_the_pipeline_does_not_know_is_reported(
    settings: Any, pipeline: dict[str, tuple[str, ...]]
) -> None:
    pipeline.clear()
    # "Done" is known, though nothing follows it and it has no key of its own.
    pipeline.update(Pending=("Paid",), Paid=("Done",))
    statuses = {"pending": "Pending", "captured": "Paid", "expired": "Gone", "disputed": "Done"}
    settings.OSCAR_VIPPS = {**KEYS, "ORDER_STATUS": statuses}

    text = 'OSCAR_VIPPS["ORDER_STATUS"]["expired"] is "Gone", which is not in the pipeline.'
    hint = "Add it to OSCAR_ORDER_STATUS_PIPELINE, or choose one of Done, Paid, Pending."
    assert reports() == [("E009", text, hint)]


@pytest.mark.parametrize("statuses", [{}, {"captured": "Paid"}])
def test_statuses_without_a_pipeline_are_reported(
    settings: Any, pipeline: dict[str, tuple[str, ...]], statuses: dict[str, str]
) -> None:
    pipeline.clear()
    settings.OSCAR_VIPPS = {**KEYS, "ORDER_STATUS": statuses}

    text = "Without an order status pipeline no order can change its status."
    hint = 'Set OSCAR_ORDER_STATUS_PIPELINE, or remove "ORDER_STATUS" from OSCAR_VIPPS.'
    assert reports() == ([("E008", text, hint)] if statuses else [])


@pytest.mark.parametrize("initial", ["", "New"])
def test_a_first_status_from_which_nothing_follows_is_reported(settings: Any, initial: str) -> None:
    settings.OSCAR_INITIAL_ORDER_STATUS = initial
    settings.OSCAR_VIPPS = {**KEYS, "ORDER_STATUS": {"captured": "Paid"}}

    text = f'Orders are placed as "{initial}", which is not in the pipeline.'
    hint = 'Add "pending" to OSCAR_VIPPS["ORDER_STATUS"], or set OSCAR_INITIAL_ORDER_STATUS.'
    assert reports() == [("W006", text, hint)]


# The installation


def test_an_app_after_oscar_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    configs = dict(apps.app_configs)
    configs["oscar_vipps"] = configs.pop("oscar_vipps")
    monkeypatch.setattr(apps, "app_configs", configs)

    text = "oscar_vipps comes after Oscar, so its templates are not found."
    assert reports() == [("E011", text, 'In INSTALLED_APPS, move "oscar_vipps" above "oscar.config.Shop".')]


def test_templates_that_are_not_found_are_reported(settings: Any) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "APP_DIRS": False}]

    hint = 'In TEMPLATES, set "APP_DIRS": True, or add the loader "...loaders.app_directories.Loader".'
    assert reports() == [("E016", "The templates of oscar_vipps are not found.", hint)]


def test_a_dashboard_without_the_payments_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    configs = dict(apps.app_configs)
    del configs["vipps_dashboard"]
    monkeypatch.setattr(apps, "app_configs", configs)

    hint = 'In INSTALLED_APPS, add "oscar_vipps.dashboard.apps.VippsDashboardConfig".'
    assert reports() == [("W009", "The dashboard doesn't show Vipps payments.", hint)]


def test_a_shop_without_a_dashboard_needs_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    configs = {label: app for label, app in apps.app_configs.items() if "dashboard" not in label}
    monkeypatch.setattr(apps, "app_configs", configs)

    assert reports() == []


@pytest.mark.parametrize("value", ["Strict", "strict"])
def test_a_cookie_that_stays_at_home_is_reported(settings: Any, value: str) -> None:
    settings.SESSION_COOKIE_SAMESITE = value

    text = "Shoppers who come back from Stripe are not recognized: the session's cookie stays at home."
    assert reports() == [("W010", text, 'Set SESSION_COOKIE_SAMESITE = "Lax", which is Django\'s default.')]


@pytest.mark.parametrize("value", ["Lax", "None", None, False])
def test_other_cookies_are_fine(settings: Any, value: object) -> None:
    settings.SESSION_COOKIE_SAMESITE = value

    assert reports() == []


@pytest.mark.parametrize("part", [CheckoutConfig, VippsDashboardConfig])
def test_a_part_without_the_app_itself_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch, part: type[AppConfig]
) -> None:
    """Nothing can be loaded then, and no check is run."""
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "oscar_vipps")

    with pytest.raises(ImproperlyConfigured) as caught:
        part(part.name, import_module(part.name)).ready()
    assert str(caught.value) == 'In INSTALLED_APPS, write "oscar_vipps" above "oscar.config.Shop".'


class MethodView(PaymentMethodMixin, oscar_views.PaymentMethodView):
    """As the documentation says."""


class DetailsView(PaymentDetailsMixin, oscar_views.PaymentDetailsView):
    """As the documentation says."""


class LateDetailsView(oscar_views.PaymentDetailsView, PaymentDetailsMixin):
    """Oscar's own methods win."""


class LaterDetailsView(DetailsView):
    """A shop's view may have ancestors."""


def without_mixin(view: str, mixin: str) -> Report:
    text = f"The checkout's {view} doesn't have {mixin} before Oscar's view, so it doesn't offer Vipps."
    hint = (
        'In INSTALLED_APPS, write "oscar_vipps.checkout.apps.CheckoutConfig" in place of Oscar\'s. Or, in a '
        "checkout of your own, import the mixin from oscar_vipps.checkout.mixins and write "
        f"class {view}({mixin}, views.{view})."
    )
    return "E012", text, hint


NO_METHOD_MIXIN = without_mixin("PaymentMethodView", "PaymentMethodMixin")
NO_DETAILS_MIXIN = without_mixin("PaymentDetailsView", "PaymentDetailsMixin")


@pytest.mark.parametrize(
    ("method_view", "details_view", "expected"),
    [
        (MethodView, DetailsView, []),
        (MethodView, LaterDetailsView, []),
        (MethodView, LateDetailsView, [NO_DETAILS_MIXIN]),
        (MethodView, oscar_views.PaymentDetailsView, [NO_DETAILS_MIXIN]),
        (oscar_views.PaymentMethodView, DetailsView, [NO_METHOD_MIXIN]),
        (object, object, [NO_DETAILS_MIXIN, NO_METHOD_MIXIN]),
    ],
)
def test_a_checkout_without_the_mixins_is_reported(
    monkeypatch: pytest.MonkeyPatch, method_view: type, details_view: type, expected: list[Report]
) -> None:
    views = {"PaymentMethodView": method_view, "PaymentDetailsView": details_view}
    monkeypatch.setattr(checks, "get_class", lambda module, name: views[name])

    assert reports() == expected


def test_a_shop_without_a_checkout_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_class(module: str, name: str) -> type:
        raise AppNotFoundError

    monkeypatch.setattr(checks, "get_class", get_class)

    assert reports() == [NO_DETAILS_MIXIN, NO_METHOD_MIXIN]


VIPPS = path("vipps/", include("oscar_vipps.urls"))
DASHBOARD = path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls)  # type: ignore[attr-defined]
URLS_HINT = (
    'In the URL configuration, write path("vipps/", include("oscar_vipps.urls")), outside i18n_patterns.'
)
NO_ADDRESSES = ("E013", "The addresses of oscar_vipps are not included.", URLS_HINT)
NO_DASHBOARD_ADDRESSES = (
    "E017",
    "The dashboard's addresses for Vipps payments are not included.",
    (
        "In the URL configuration, before Oscar's, write "
        'path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls).'
    ),
)
MANY_ADDRESSES = ("W008", "The webhook has another address in each language; Stripe calls one.", URLS_HINT)


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ((VIPPS, DASHBOARD), []),
        ((DASHBOARD,), [NO_ADDRESSES]),
        ((VIPPS,), [NO_DASHBOARD_ADDRESSES]),
        ((VIPPS, *i18n_patterns(DASHBOARD)), []),
        (tuple(i18n_patterns(VIPPS, DASHBOARD)), [MANY_ADDRESSES]),
        (tuple(i18n_patterns(VIPPS, DASHBOARD, prefix_default_language=False)), [MANY_ADDRESSES]),
    ],
)
def test_the_addresses_are_included_and_the_same_in_each_language(
    settings: Any, urls: tuple[Any, ...], expected: list[Report]
) -> None:
    settings.ROOT_URLCONF = urls

    assert reports() == expected


def test_in_a_shop_of_one_language_the_address_is_one(settings: Any) -> None:
    settings.LANGUAGES = [("en", "English")]
    settings.ROOT_URLCONF = tuple(i18n_patterns(VIPPS, DASHBOARD))

    assert reports() == []


class Cash(PaymentMethod):
    code = "cash"


@pytest.mark.parametrize(
    ("name", "id", "text"),
    [
        ("cash", "E014", "can't be imported: cash doesn't look like a module path."),
        ("nowhere.Cash", "E014", "can't be imported: No module named 'nowhere'."),
        ("decimal.Decimal", "E015", "is not a payment method."),
        ("decimal.getcontext", "E015", "is not a payment method."),
    ],
)
def test_another_method_that_can_not_be_used_is_reported(
    settings: Any, name: str, id: str, text: str
) -> None:
    settings.OSCAR_VIPPS = {**KEYS, "OTHER_METHODS": [name, f"{__name__}.Cash"]}

    hint = {
        "E014": 'Write the dotted path of a class, for example "shop.invoice.Invoice".',
        "E015": "Make it a subclass of oscar_vipps.checkout.methods.PaymentMethod.",
    }[id]
    assert reports() == [(id, f'"{name}" in OSCAR_VIPPS["OTHER_METHODS"] {text}', hint)]


# Celery


def test_without_a_celery_app_nobody_asks_for_celery(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "celery", None)
    settings.OSCAR_VIPPS = {**KEYS, "CELERY_APP": None}
    assert reports() == []


def test_a_celery_app_is_fine(settings: Any) -> None:
    settings.OSCAR_VIPPS = KEYS
    with left_to_workers(settings):
        assert reports() == []


@pytest.mark.parametrize(
    ("path", "id", "text"),
    [
        ("nowhere.app", "E018", "can't be imported: No module named 'nowhere'."),
        ("decimal.Decimal", "E019", "is not a Celery app."),
    ],
)
def test_a_celery_app_that_can_not_be_used_is_reported(settings: Any, path: str, id: str, text: str) -> None:
    settings.OSCAR_VIPPS = {**KEYS, "CELERY_APP": path}

    hint = {
        "E018": "Write the dotted path of your Celery app, and install django-oscar-vipps[celery].",
        "E019": 'Write the app itself, not its module: "shop.celery.app".',
    }[id]
    assert reports() == [(id, f'OSCAR_VIPPS["CELERY_APP"] "{path}" {text}', hint)]


def test_a_celery_app_that_fails_stops_no_command(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is said what it says, which may be its broker's password."""

    class Broken(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyError("redis://:password@localhost")

    monkeypatch.setitem(sys.modules, "broken_shop", Broken("broken_shop"))
    settings.OSCAR_VIPPS = {**KEYS, "CELERY_APP": "broken_shop.app"}
    [(id, text, _hint)] = reports()
    assert id == "E018"
    assert "can't be imported: KeyError in test_checks.py, line " in text
    assert "password" not in text


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({}, "max_retries, socket_timeout"),
        ({"max_retries": 3}, "socket_timeout"),
        ({"socket_timeout": 1}, "max_retries"),
    ],
)
def test_a_celery_app_that_waits_for_its_broker_is_reported(
    settings: Any, options: dict[str, int], missing: str
) -> None:
    settings.OSCAR_VIPPS = KEYS
    with left_to_workers(settings):
        celery_apps.app.conf.broker_transport_options = options
        found = reports()

    path = f'OSCAR_VIPPS["CELERY_APP"] "{celery_apps.PATH}"'
    text = f"{path} may wait for a broker that doesn't answer, and Stripe with it."
    hint = f"In the app's broker_transport_options, set {missing}: see docs/workers.rst."
    assert found == [("W011", text, hint)]
