"""What a request may leave behind: rows of the shop's tables, mail, and words in an answer or the log."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import mail

from oscar_vipps.models import Payment
from tests.support.shopper import personal

Rows = dict[str, Any]

#: The apps that keep money and goods.
APPS = ("oscar_vipps", "basket", "order", "payment", "partner", "voucher", "offer")
#: When a payment was last asked about is no fact about it.
WHEN_ASKED = ("refreshed_at", "updated_at")


def rows(*without: str, asked: bool = False) -> Rows:
    """Every row of those apps, except tables named in ``without``, and how many mails were sent.

    ``asked``: a page that asks Stripe notes when it did; that is left out then.
    """
    models = [model for label in APPS for model in apps.get_app_config(label).get_models()]
    found: Rows = {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in models
        if model._meta.label not in without
    }
    if asked:
        for row in found[Payment._meta.label]:
            for name in WHEN_ASKED:
                del row[name]
    return {**found, "mails": len(mail.outbox)}


def changed(before: Rows, after: Rows) -> list[str]:
    """The tables whose rows are not the same."""
    return [name for name in before if before[name] != after[name]]


def secrets_in(text: str) -> list[str]:
    """What of the shop's secrets and of the shopper stands in the text."""
    ours: dict[str, Any] = settings.OSCAR_VIPPS
    secrets: list[str] = [settings.SECRET_KEY, ours["SECRET_KEY"], *ours["WEBHOOK_SECRETS"]]
    return [*(secret for secret in secrets if secret in text), *personal(text)]
