"""System checks: what ``manage.py check`` says about the settings and the installation.

What is wrong is an error. What is missing is a warning: a shop without keys runs and doesn't offer Vipps, and
commands such as ``migrate`` come before the keys. No check uses the network or the database.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.module_loading import import_string
from oscar.core.exceptions import AppNotFoundError
from oscar.core.loading import get_class, get_model

from .conf import OUTCOMES, RULES, SETTING, VippsSettings, examine, how_to_write
from .exceptions import describe

#: What a payment may need of the pipeline, from and to, and what is reported where that can't be. Money that
#: came in has to show; an order that ended unpaid looks, at worst, as if it were pending.
TRANSITIONS = (
    ("pending", "authorized", "E010"),
    ("pending", "captured", "E010"),
    ("authorized", "captured", "E010"),
    ("pending", "cancelled", "W007"),
    ("pending", "expired", "W007"),
    ("authorized", "cancelled", "W007"),
)

#: Options of Celery's brokers without which the webhook waits for one that is down, or hangs.
IMPATIENT = ("max_retries", "socket_timeout")


@register("oscar_vipps")
def check_values(**kwargs: Any) -> list[CheckMessage]:
    """The setting is there, and its names and values can be used."""
    if not hasattr(django_settings, SETTING):
        hint = how_to_write("SECRET_KEY")
        return [_message("W001", f"{SETTING} is missing, so Vipps isn't offered.", hint)]
    given = getattr(django_settings, SETTING)
    found, problems = examine()
    if not isinstance(given, Mapping):
        return [_message("E001", problem.message, problem.hint) for problem in problems]
    unusable = {problem.key for problem in problems}
    return [
        *(_message("E002", problem.message, problem.hint) for problem in problems),
        *_unknown_names("E003", SETTING, given, RULES),
        *_unknown_names("E004", f'{SETTING}["ORDER_STATUS"]', found.order_status, OUTCOMES),
        *([] if "SECRET_KEY" in unusable else _secret_key(found)),
        *([] if "WEBHOOK_SECRETS" in unusable else _webhook_secrets(found, given)),
    ]


def _unknown_names(
    id: str, where: str, given: Iterable[object], known: Iterable[str]
) -> Iterator[CheckMessage]:
    by_lower_case = {name.lower(): name for name in known}
    for name in given:
        if name not in by_lower_case.values():
            nearest = get_close_matches(str(name).lower(), by_lower_case, n=1)
            hint = f"Known names are {', '.join(by_lower_case.values())}."
            if nearest:
                hint = f'Did you mean "{by_lower_case[nearest[0]]}"?'
            yield _message(id, f'{where} has the unknown name "{name}".', hint)


def _secret_key(found: VippsSettings) -> Iterator[CheckMessage]:
    key = f'{SETTING}["SECRET_KEY"]'
    hint = f"{how_to_write('SECRET_KEY')} Stripe's Dashboard shows it under Developers, API keys."
    if not found.secret_key:
        yield _message("W002", f"{key} is missing, so Vipps isn't offered.", hint)
    elif found.secret_key.startswith("pk_"):
        yield _message("E005", f"{key} is a publishable key, which can't make payments.", hint)
    elif not found.has_usable_key:
        form = "sk_test_, sk_live_, rk_test_ or rk_live_, and then letters, digits and underscores only"
        yield _message("E006", f"{key} must be {form}.", hint)
    elif found.livemode and django_settings.DEBUG:
        hint = "Set DEBUG = False in the live shop, and use a key that begins with sk_test_ everywhere else."
        yield _message("W005", f"{key} is a live key while DEBUG is on: real money moves.", hint)


def _webhook_secrets(found: VippsSettings, given: Mapping[str, Any]) -> Iterator[CheckMessage]:
    key = f'{SETTING}["WEBHOOK_SECRETS"]'
    hint = f"{how_to_write('WEBHOOK_SECRETS')} The command vipps_register_webhook gets one from Stripe."
    entries = given.get("WEBHOOK_SECRETS") or ()
    if not found.webhook_secrets:
        yield _message("W003", f"{key} is missing or empty, so Vipps isn't offered.", hint)
    elif not all(entries):
        yield _message("W004", f"{key} has an empty entry.", "Remove it, or set the variable it comes from.")
    for position, secret in enumerate(entries):
        if secret and not re.fullmatch(r"whsec_\S+", secret):
            yield _message("E007", f"{key}[{position}] must begin with whsec_ and have no spaces.", hint)


@register("oscar_vipps")
def check_order_status(**kwargs: Any) -> list[CheckMessage]:
    """The order status pipeline lets an order follow its payment to the statuses that the shop wants."""
    found, _problems = examine()
    pipeline: Mapping[str, Iterable[str]] = get_model("order", "Order").pipeline
    if not found.order_status:
        return []
    if not pipeline:
        hint = f'Set OSCAR_ORDER_STATUS_PIPELINE, or remove "ORDER_STATUS" from {SETTING}.'
        return [_message("E008", "Without an order status pipeline no order can change its status.", hint)]
    known = {*pipeline, *(status for following in pipeline.values() for status in following)}
    return [*_unknown_statuses(found, known), *_transitions(found, pipeline, known)]


def _unknown_statuses(found: VippsSettings, known: set[str]) -> Iterator[CheckMessage]:
    for outcome, status in found.order_status.items():
        if status not in known:
            text = f'{SETTING}["ORDER_STATUS"]["{outcome}"] is "{status}", which is not in the pipeline.'
            hint = f"Add it to OSCAR_ORDER_STATUS_PIPELINE, or choose one of {', '.join(sorted(known))}."
            yield _message("E009", text, hint)


def _transitions(
    found: VippsSettings, pipeline: Mapping[str, Iterable[str]], known: set[str]
) -> Iterator[CheckMessage]:
    initial = getattr(django_settings, "OSCAR_INITIAL_ORDER_STATUS", "")
    statuses = {"pending": initial, **found.order_status}
    if "pending" not in found.order_status and initial not in known:
        hint = f'Add "pending" to {SETTING}["ORDER_STATUS"], or set OSCAR_INITIAL_ORDER_STATUS.'
        yield _message("W006", f'Orders are placed as "{initial}", which is not in the pipeline.', hint)
    for before, after, id in TRANSITIONS:
        start, end = statuses.get(before), statuses.get(after)
        is_reserved = "authorized" in (before, after)
        # What the pipeline doesn't know at all is reported as such.
        if start not in known or end not in known or (is_reserved and found.capture == "automatic"):
            continue
        if end != start and end not in pipeline.get(start, ()):
            text = f'An order can\'t go from "{start}" to "{end}" when its payment is {after}.'
            hint = f'In OSCAR_ORDER_STATUS_PIPELINE, add "{end}" to what follows "{start}".'
            yield _message(id, text, hint)


@register("oscar_vipps")
def check_installed_apps(**kwargs: Any) -> list[CheckMessage]:
    """Templates of this app are found before Oscar's own, which some of them extend."""
    labels = [config.label for config in apps.get_app_configs()]
    if "oscar" not in labels or labels.index("oscar_vipps") < labels.index("oscar"):
        return []
    hint = 'In INSTALLED_APPS, move "oscar_vipps" above "oscar.config.Shop".'
    return [_message("E011", "oscar_vipps comes after Oscar, so its templates are not found.", hint)]


@register("oscar_vipps")
def check_templates(**kwargs: Any) -> list[CheckMessage]:
    """Templates of this app are found at all."""
    try:
        get_template("oscar_vipps/checkout/base.html")
    except TemplateDoesNotExist:
        hint = 'In TEMPLATES, set "APP_DIRS": True, or add the loader "...loaders.app_directories.Loader".'
        return [_message("E016", "The templates of oscar_vipps are not found.", hint)]
    return []


@register("oscar_vipps")
def check_dashboard(**kwargs: Any) -> list[CheckMessage]:
    """Where there is Oscar's dashboard, staff find the payments in it."""
    if not _has_app("dashboard"):
        return []
    if not _has_app("vipps_dashboard"):
        hint = 'In INSTALLED_APPS, add "oscar_vipps.dashboard.apps.VippsDashboardConfig".'
        return [_message("W009", "The dashboard doesn't show Vipps payments.", hint)]
    try:
        reverse("vipps_dashboard:payment-list")
    except NoReverseMatch:
        hint = (
            "In the URL configuration, before Oscar's, write "
            'path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls).'
        )
        return [_message("E017", "The dashboard's addresses for Vipps payments are not included.", hint)]
    return []


def _has_app(label: str) -> bool:
    return any(config.label == label for config in apps.get_app_configs())


@register("oscar_vipps")
def check_session_cookie(**kwargs: Any) -> list[CheckMessage]:
    """Browsers send the session's cookie when Stripe sends the shopper back."""
    if str(django_settings.SESSION_COOKIE_SAMESITE).lower() != "strict":
        return []
    hint = 'Set SESSION_COOKIE_SAMESITE = "Lax", which is Django\'s default.'
    text = "Shoppers who come back from Stripe are not recognized: the session's cookie stays at home."
    return [_message("W010", text, hint)]


@register("oscar_vipps")
def check_checkout(**kwargs: Any) -> list[CheckMessage]:
    """The views of the shop's checkout have the mixins, where they take effect."""
    pairs = {"PaymentMethodView": "PaymentMethodMixin", "PaymentDetailsView": "PaymentDetailsMixin"}
    return [
        _message(
            "E012",
            f"The checkout's {view} doesn't have {mixin} before Oscar's view, so it doesn't offer Vipps.",
            'In INSTALLED_APPS, write "oscar_vipps.checkout.apps.CheckoutConfig" in place of Oscar\'s. '
            "Or, in a checkout of your own, import the mixin from oscar_vipps.checkout.mixins and write "
            f"class {view}({mixin}, views.{view}).",
        )
        for view, mixin in pairs.items()
        if not _has_mixin(view, mixin)
    ]


def _has_mixin(view: str, mixin: str) -> bool:
    # Imported late: both modules ask Oscar for models, so every app must be ready.
    from oscar.apps.checkout import views

    from .checkout import mixins

    try:
        bases = get_class("checkout.views", view).__mro__
    except AppNotFoundError:
        return False
    decisive = [base for base in bases if base in (getattr(mixins, mixin), getattr(views, view))]
    return decisive[:1] == [getattr(mixins, mixin)]


@register("oscar_vipps")
def check_urls(**kwargs: Any) -> list[CheckMessage]:
    """The addresses are included, and don't depend on the language."""
    hint = (
        'In the URL configuration, write path("vipps/", include("oscar_vipps.urls")), outside i18n_patterns.'
    )
    default = django_settings.LANGUAGE_CODE
    other = next((code for code, _name in django_settings.LANGUAGES if code != default), default)
    try:
        addresses = {_webhook_address(language) for language in (default, other)}
    except NoReverseMatch:
        return [_message("E013", "The addresses of oscar_vipps are not included.", hint)]
    if len(addresses) == 1:
        return []
    return [_message("W008", "The webhook has another address in each language; Stripe calls one.", hint)]


def _webhook_address(language: str) -> str:
    with translation.override(language):
        return reverse("vipps:webhook")


@register("oscar_vipps")
def check_other_methods(**kwargs: Any) -> list[CheckMessage]:
    """The shop's other ways to pay can be imported and are what the checkout expects."""
    from .checkout.methods import PaymentMethod

    messages = []
    for path in examine()[0].other_methods:
        name = f'"{path}" in {SETTING}["OTHER_METHODS"]'
        try:
            method = import_string(path)
        except ImportError as error:
            hint = 'Write the dotted path of a class, for example "shop.invoice.Invoice".'
            messages.append(_message("E014", f"{name} can't be imported: {error}.", hint))
            continue
        if not (isinstance(method, type) and issubclass(method, PaymentMethod)):
            hint = "Make it a subclass of oscar_vipps.checkout.methods.PaymentMethod."
            messages.append(_message("E015", f"{name} is not a payment method.", hint))
    return messages


@register("oscar_vipps")
def check_celery_app(**kwargs: Any) -> list[CheckMessage]:
    """Where events are left to Celery's workers, there is an app that can tell them."""
    path = examine()[0].celery_app
    if path is None:
        return []
    name = f'{SETTING}["CELERY_APP"] "{path}"'
    try:
        app = import_string(path)
    except Exception as error:  # noqa: BLE001 - the shop's own code, and no reason to stop every command
        hint = "Write the dotted path of your Celery app, and install django-oscar-vipps[celery]."
        # Of other errors only the kind: their words may hold the broker's password.
        why = error if isinstance(error, ImportError) else describe(error)
        return [_message("E018", f"{name} can't be imported: {why}.", hint)]
    if not hasattr(app, "send_task"):
        hint = 'Write the app itself, not its module: "shop.celery.app".'
        return [_message("E019", f"{name} is not a Celery app.", hint)]
    if missing := [option for option in IMPATIENT if option not in app.conf.broker_transport_options]:
        text = f"{name} may wait for a broker that doesn't answer, and Stripe with it."
        hint = f"In the app's broker_transport_options, set {', '.join(missing)}: see docs/workers.rst."
        return [_message("W011", text, hint)]
    return []


def _message(id: str, text: str, hint: str) -> CheckMessage:
    kind = Error if id.startswith("E") else Warning
    return kind(text, hint=hint, id=f"oscar_vipps.{id}")
