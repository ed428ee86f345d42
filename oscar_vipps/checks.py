"""System checks: what ``manage.py check`` says about the settings and the installation.

What is missing is a warning, for without keys the shop runs and doesn't offer Vipps, and commands such as
``migrate`` and ``vipps_register_webhook`` come before the keys. What is wrong is an error. No check uses the
network or the database.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.module_loading import import_string
from oscar.core.exceptions import AppNotFoundError
from oscar.core.loading import get_class, get_model

from .conf import OUTCOMES, RULES, SETTING, VippsSettings, examine, how_to_write

#: What the payment will need of the pipeline: from, to, and the check's class and id. Money that comes in must
#: show; an order that ends unpaid shows as pending at worst.
_TRANSITIONS = (
    ("pending", "authorized", Error, "E010"),
    ("pending", "captured", Error, "E010"),
    ("authorized", "captured", Error, "E010"),
    ("pending", "cancelled", Warning, "W007"),
    ("pending", "expired", Warning, "W007"),
    ("authorized", "cancelled", Warning, "W007"),
)
_MIXINS = {"PaymentMethodView": "PaymentMethodMixin", "PaymentDetailsView": "PaymentDetailsMixin"}


@register("oscar_vipps")
def check_values(**kwargs: Any) -> list[CheckMessage]:
    """Each key of the setting by itself."""
    given = getattr(django_settings, SETTING, None)
    if not hasattr(django_settings, SETTING):
        return [_warning("W001", f"{SETTING} is missing, so Vipps isn't offered.", how_to_write("SECRET_KEY"))]
    found, problems = examine()
    ...
