"""The setting ``OSCAR_VIPPS`` as one immutable, validated object.

It is made when first asked for, and anew after Django's ``setting_changed``; nothing is read at import.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

SETTING = "OSCAR_VIPPS"
#: Oscar's setting: order status -> the status that its lines get with it.
CASCADE = "OSCAR_ORDER_STATUS_CASCADE"
#: What becomes of a payment; ``OSCAR_VIPPS["ORDER_STATUS"]`` may give each an order status.
OUTCOMES = (
    *("pending", "authorized", "captured", "cancelled", "expired"),
    *("partially_refunded", "refunded", "disputed"),
)


@dataclass(frozen=True)
class VippsSettings:
    """A field for each key of ``OSCAR_VIPPS``. ``timeout`` is in seconds."""

    secret_key: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    api_version: str = "2026-04-22.preview"
    preview: str | None = "vipps_preview=v1"
    api_base: str | None = None
    payment_methods: str = "vipps"
    payment_method_configuration: str | None = None
    capture: str = "automatic"
    capture_shipping_events: tuple[str, ...] = ("shipped",)
    capture_statuses: tuple[str, ...] = ()
    session_lifetime: timedelta = timedelta(minutes=35)
    # Not hashed, for a mapping has no hash; the settings do, so that they can be a key in a cache.
    order_status: Mapping[str, str] = field(default_factory=dict, hash=False)
    late_payment: str = "return"
    timeout: float = 10
    max_network_retries: int = 2
    celery_app: str | None = None
    event_retention: timedelta = timedelta(days=90)
    other_methods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "order_status", MappingProxyType(dict(self.order_status)))

    @property
    def stripe_version(self) -> str:
        """The header ``Stripe-Version``."""
        return f"{self.api_version}; {self.preview}" if self.preview else self.api_version

    @property
    def livemode(self) -> bool:
        """Whether real money moves."""
        return self.secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def has_usable_key(self) -> bool:
        """Whether the key looks like a secret or a restricted one. Only Stripe knows whether it is valid."""
        return re.fullmatch(r"[sr]k_(test|live)_[A-Za-z0-9_]+", self.secret_key) is not None

    @property
    def is_configured(self) -> bool:
        """Whether a payment can be made and Stripe's events verified; if not, Vipps isn't offered."""
        return self.has_usable_key and any(self.webhook_secrets)


@dataclass(frozen=True)
class Problem:
    """What is wrong with the value of ``key``, or with the whole setting where ``key`` is empty.

    Both texts end up in logs, so neither shows a key, a secret or an address.
    """

    key: str
    message: str
    hint: str


def get_settings() -> VippsSettings:
    """The settings as they are now; ``ImproperlyConfigured``, naming the keys, where a value is unusable.

    A missing key or secret is no error here: the shop runs without Vipps.
    """
    found, problems = examine()
    if problems:
        raise ImproperlyConfigured("\n".join(f"{problem.message} {problem.hint}" for problem in problems))
    return found


def must_be_installed() -> None:
    """Raises ``ImproperlyConfigured`` where only a part of this app is: no system check gets that far."""
    if not apps.is_installed("oscar_vipps"):
        raise ImproperlyConfigured('In INSTALLED_APPS, write "oscar_vipps" above "oscar.config.Shop".')


def is_wanted() -> bool:
    """Whether the shop has the setting at all: until then, its checkout is as if this app weren't there."""
    return hasattr(django_settings, SETTING)


def is_usable() -> bool:
    """Whether a payment can be made with the settings as they are; what they lack, the system checks say."""
    found, problems = examine()
    return not problems and found.is_configured


@receiver(setting_changed)
def _read_again(*, setting: str, **kwargs: Any) -> None:
    if setting in (SETTING, CASCADE):
        _examined.cache_clear()


def examine() -> tuple[VippsSettings, list[Problem]]:
    """The settings, with the default in place of each unusable value, and a problem for each of those.

    A name that nobody knows is no problem here: the system checks report it.
    """
    found, problems = _examined()
    return found, list(problems)


# Asked for at every step of the checkout, and whenever an order is saved.
@lru_cache(maxsize=1)
def _examined() -> tuple[VippsSettings, tuple[Problem, ...]]:
    given = getattr(django_settings, SETTING, {})
    if not isinstance(given, Mapping):
        return VippsSettings(), (Problem("", f"{SETTING} must be a dictionary.", how_to_write("SECRET_KEY")),)
    values: dict[str, Any] = {}
    problems = []
    for key, rule in RULES.items():
        if key in given and rule.accepts(given[key]):
            values[key.lower()] = rule.convert(given[key])
        elif key in given:
            message = f'{SETTING}["{key}"] must be {rule.expected}.'
            problems.append(Problem(key, message, how_to_write(key)))
    if values.get("payment_method_configuration") and given.get("PAYMENT_METHODS", "vipps") == "vipps":
        message = f'{SETTING}["PAYMENT_METHOD_CONFIGURATION"] needs "PAYMENT_METHODS" to be "dynamic".'
        problems.append(Problem("PAYMENT_METHOD_CONFIGURATION", message, how_to_write("PAYMENT_METHODS")))
    problems += _capture_statuses(values)
    return VippsSettings(**values), tuple(problems)


def _capture_statuses(values: dict[str, Any]) -> list[Problem]:
    """A status that captures must be one that people set, and must not carry the lines with it."""
    named = set(values.get("capture_statuses", ()))
    hint = "Name a status that staff set when goods leave."
    found = []
    if outcomes := named & set(values.get("order_status", {}).values()):
        message = f'{SETTING}["CAPTURE_STATUSES"] names {_quoted(outcomes)}, which payments lead to.'
        found.append(Problem("CAPTURE_STATUSES", message, hint))
    if cascading := named & set(getattr(django_settings, CASCADE, {})):
        # Oscar saves the lines first: they would stay as if the goods had left when capture fails.
        message = f'{SETTING}["CAPTURE_STATUSES"] names {_quoted(cascading)}, which is in'
        message += f" {CASCADE}."
        found.append(Problem("CAPTURE_STATUSES", message, hint))
    if found:
        values.pop("capture_statuses")
    return found


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


def how_to_write(key: str) -> str:
    """A hint with an example of the key and its value."""
    return f'In your Django settings, write for example {SETTING} = {{"{key}": {RULES[key].example}, ...}}.'


@dataclass(frozen=True)
class Rule:
    """What one key takes. ``expected`` follows the words "must be"; ``example`` is Python."""

    accepts: Callable[[Any], object]
    expected: str
    example: str
    convert: Callable[[Any], Any] = lambda value: value


def _text(pattern: str, expected: str, example: str, empty: str | None = None) -> Rule:
    def accepts(value: object) -> bool:
        return isinstance(value, str | None) and re.fullmatch(pattern, value or "", re.ASCII) is not None

    return Rule(accepts, expected, example, lambda value: value or empty)


def _texts(expected: str, example: str) -> Rule:
    def accepts(value: object) -> bool:
        entries = value or ()
        return isinstance(entries, list | tuple) and all(isinstance(each, str | None) for each in entries)

    # An environment variable that isn't set leaves an entry empty.
    return Rule(accepts, expected, example, lambda value: tuple(filter(None, value or ())))


def _choice(*choices: str) -> Rule:
    return Rule(lambda value: value in choices, f"one of {', '.join(choices)}", f'"{choices[-1]}"')


def _number(low: float, high: float, types: tuple[type, ...], example: str) -> Rule:
    expected = f"a number from {low} to {high}"
    return Rule(lambda value: type(value) in types and low <= value <= high, expected, example)


def _duration(low: int, high: int, units: str, example: str) -> Rule:
    unit = timedelta(**{units: 1})

    def accepts(value: Any) -> bool:
        count = value / unit if isinstance(value, timedelta) else value
        return type(value) in (int, timedelta) and low <= count <= high

    expected = f"a timedelta or a whole number of {units}, from {low} to {high} {units}"
    return Rule(accepts, expected, example, lambda value: value * unit if type(value) is int else value)


def _is_order_status(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(each, str) and each for each in value.values())


_VERSION = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(\.[a-z]+)?"
_ADDRESS = r"(https?://[^\s?#@]*[^\s?#@/])?"
RULES = {
    "SECRET_KEY": _text(r"(?s:.*)", "a string", '"sk_test_..."', empty=""),
    "WEBHOOK_SECRETS": _texts("a list of signing secrets, not a single string", '["whsec_..."]'),
    "API_VERSION": _text(_VERSION, "a Stripe API version, without a preview", '"2026-04-22.preview"'),
    "PREVIEW": _text(r"([\w.-]+=[\w.-]+)?", "None or a preview with its version", '"vipps_preview=v1"'),
    "API_BASE": _text(_ADDRESS, "None or an address without password or final slash", '"http://localhost:1"'),
    "PAYMENT_METHODS": _choice("vipps", "dynamic"),
    "PAYMENT_METHOD_CONFIGURATION": _text(r"(pmc_\w+)?", "None or a configuration's id", '"pmc_123"'),
    "CAPTURE": _choice("automatic", "manual", "on_shipment"),
    "CAPTURE_SHIPPING_EVENTS": _texts("a list of codes, not a single string", '["shipped"]'),
    "CAPTURE_STATUSES": _texts("a list of order statuses, not a single string", '["Shipped"]'),
    "SESSION_LIFETIME": _duration(1800, 86400, "seconds", "timedelta(minutes=35)"),
    "ORDER_STATUS": Rule(_is_order_status, "a dictionary of outcome: order status", '{"captured": "Paid"}'),
    "LATE_PAYMENT": _choice("return", "reinstate"),
    "TIMEOUT": _number(0.1, 300, (int, float), "10"),
    "MAX_NETWORK_RETRIES": _number(0, 10, (int,), "2"),
    "CELERY_APP": _text(r"([^\W\d]\w*(\.\w+)+)?", "None or a dotted path", '"shop.celery.app"'),
    # Stripe may send an event again for three days.
    "EVENT_RETENTION": _duration(3, 3650, "days", "timedelta(days=90)"),
    "OTHER_METHODS": _texts("a list of dotted paths, not a single string", '["shop.invoice.Invoice"]'),
}
