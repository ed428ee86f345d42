"""The settings, the pipeline, the checkout and the addresses: what the system checks say, by theme."""

from __future__ import annotations

from django.core.checks import CheckMessage, run_checks
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oscar_vipps.conf import get_settings

from .findings import Finding, error, ok, skipped, warning

#: Ids of the system checks that have a line of their own; all others are about the settings.
PIPELINE = ("E008", "E009", "E010", "W006", "W007")
TEMPLATES = ("E011",)
CHECKOUT = ("E012",)
ADDRESSES = ("E013", "W008")
#: Warnings there, for commands such as ``migrate`` come before the keys. Here it is too late for that.
NOT_OFFERED = ("W001", "W002", "W003")


def check_settings() -> Finding:
    """``OSCAR_VIPPS`` can be used as it is."""
    elsewhere = {*PIPELINE, *TEMPLATES, *CHECKOUT, *ADDRESSES}
    found = [message for message in _messages() if _id(message) not in elsewhere]
    return _finding(found, _("Complete, and nothing is unknown."))


def check_keys() -> Finding:
    """Which key there is, and of which mode."""
    settings = get_settings()
    if not settings.has_usable_key:
        return skipped(_("There is no secret key."))
    names = {
        ("s", True): _("A secret key for live mode"),
        ("s", False): _("A secret key for test mode"),
        ("r", True): _("A restricted key for live mode"),
        ("r", False): _("A restricted key for test mode"),
    }
    secrets = len(settings.webhook_secrets)
    # Translators: %(key)s is "A secret key for live mode" or the like
    text = ngettext(
        "%(key)s, and %(secrets)d signing secret.", "%(key)s, and %(secrets)d signing secrets.", secrets
    )
    return ok(text % {"key": names[settings.secret_key[0], settings.livemode], "secrets": secrets})


def check_pipeline() -> Finding:
    """An order can follow its payment."""
    if not get_settings().order_status:
        return warning(
            _("ORDER_STATUS is empty, so the status of orders doesn't tell what was paid."),
            _("Give each outcome a status, as the installation guide shows."),
        )
    return _finding(_messages(*PIPELINE), _("Orders can follow their payments through the pipeline."))


def check_checkout() -> Finding:
    """The checkout offers Vipps."""
    return _finding(_messages(*CHECKOUT), _("The checkout has what it needs to offer Vipps."))


def check_addresses() -> Finding:
    """Stripe and shoppers find the app's addresses."""
    return _finding(_messages(*ADDRESSES), _("They are included, and the same in each language."))


def template_messages() -> list[CheckMessage]:
    """What the system checks say about the order of the apps."""
    return _messages(*TEMPLATES)


def _messages(*ids: str) -> list[CheckMessage]:
    return [message for message in run_checks(tags=["oscar_vipps"]) if not ids or _id(message) in ids]


def _finding(messages: list[CheckMessage], otherwise: str) -> Finding:
    if not messages:
        return ok(otherwise)
    kind = error if any(_is_serious(message) for message in messages) else warning
    return kind(
        " ".join(message.msg for message in messages), " ".join(message.hint or "" for message in messages)
    )


def _is_serious(message: CheckMessage) -> bool:
    return message.is_serious() or _id(message) in NOT_OFFERED


def _id(message: CheckMessage) -> str:
    return str(message.id).rpartition(".")[2]
