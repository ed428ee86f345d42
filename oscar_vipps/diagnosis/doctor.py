"""All checks, in the order in which a shop comes to life."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oscar_vipps.exceptions import GatewayError, describe, trail

from . import account, configuration, endpoint, installation, traffic
from .findings import Finding, Mark, error, skipped

logger = logging.getLogger("oscar_vipps")


@dataclass(frozen=True)
class Check:
    """``name`` is for machines, ``title`` for people."""

    name: str
    title: Any
    look: Callable[[], Finding]
    asks_stripe: bool = False


@dataclass(frozen=True)
class Result:
    """One line of the diagnosis."""

    name: str
    title: str
    mark: Mark
    text: str
    hint: str

    @property
    def is_error(self) -> bool:
        """Whether it doesn't work."""
        return self.mark is Mark.ERROR


#: Makes a Checkout Session, though only for a moment.
SESSION = Check("session", gettext_lazy("Vipps at Stripe"), account.check_session, asks_stripe=True)
#: Without Stripe's answer to this one, the others that ask Stripe are left out.
ACCOUNT = Check("account", gettext_lazy("Stripe"), account.check_account, asks_stripe=True)

CHECKS = (
    Check("settings", gettext_lazy("Settings"), configuration.check_settings),
    Check("keys", gettext_lazy("Keys"), configuration.check_keys),
    Check("addresses", gettext_lazy("URLs"), configuration.check_addresses),
    Check("checkout", gettext_lazy("Vipps in the checkout"), configuration.check_checkout),
    Check("templates", gettext_lazy("Templates"), installation.check_templates),
    Check("pipeline", gettext_lazy("Order status"), configuration.check_pipeline),
    Check("tables", gettext_lazy("Tables"), installation.check_tables),
    Check("locks", gettext_lazy("Locks"), installation.check_locks),
    Check("site", gettext_lazy("Domain"), installation.check_site),
    Check("prices", gettext_lazy("Prices"), installation.check_prices),
    Check("mail", gettext_lazy("Mail"), installation.check_mail),
    ACCOUNT,
    Check("activation", gettext_lazy("Account at Stripe"), account.check_activation, asks_stripe=True),
    Check("clock", gettext_lazy("Clock"), account.check_clock, asks_stripe=True),
    Check("preview", gettext_lazy("Vipps preview"), account.check_preview, asks_stripe=True),
    Check("permissions", gettext_lazy("Permissions of the key"), account.check_permissions, asks_stripe=True),
    SESSION,
    Check("endpoint", gettext_lazy("Webhook endpoint"), endpoint.check_endpoint, asks_stripe=True),
    Check("deliveries", gettext_lazy("Deliveries"), endpoint.check_deliveries, asks_stripe=True),
    Check("last_event", gettext_lazy("Last event"), traffic.check_last_event),
    Check("events", gettext_lazy("Unprocessed events"), traffic.check_events),
    Check("reconciler", gettext_lazy("Reconciler"), traffic.check_reconciler),
    Check("flags", gettext_lazy("Flags"), traffic.check_flags),
)


def diagnose(*, makes_session: bool) -> Iterator[Result]:
    """The results, one by one, each as soon as it is there.

    Nothing is changed, here or at Stripe, except that ``makes_session`` lets a Checkout Session be made and
    expired at once, which alone shows that Vipps is switched on. No check raises anything, whatever the state
    of the shop.
    """
    can_ask = True
    for check in CHECKS:
        if check.asks_stripe and not can_ask:
            finding = skipped(_("Stripe can't be asked."))
        elif check is SESSION and not makes_session:
            finding = skipped(_("Not tried, because it makes a Checkout Session."))
        else:
            finding = _look(check)
        if check is ACCOUNT:
            can_ask = finding.mark is Mark.OK
        yield Result(check.name, str(check.title), finding.mark, finding.text, finding.hint)


def summary(results: Iterable[Result]) -> str:
    """How many things are wrong, in words; empty where none is."""
    wrong = len([result for result in results if result.is_error])
    text = ngettext("%(count)d thing is wrong.", "%(count)d things are wrong.", wrong)
    return text % {"count": wrong} if wrong else ""


def _look(check: Check) -> Finding:
    try:
        return check.look()
    except GatewayError as failure:
        return error(str(failure), failure.hint)
    except ImproperlyConfigured:
        return skipped(_("The settings can't be used."))
    except DatabaseError as failure:
        text = _("The database doesn't answer as it should: %(error)s.") % {"error": describe(failure)}
        return error(text, _("Run manage.py migrate."))
    except Exception as failure:  # noqa: BLE001 - the other checks come next, whatever it was
        logger.error("The check %s failed: %s", check.name, trail(failure))
        return error(
            _("This could not be looked at: %(error)s.") % {"error": describe(failure)},
            _("The log of oscar_vipps has more."),
        )
