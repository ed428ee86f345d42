"""What the app stands on: tables, locks, templates, the site, prices, mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import oscar
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.db.migrations.executor import MigrationExecutor
from django.template.loader import get_template
from django.utils.translation import gettext as _
from oscar.core.loading import get_model

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import describe
from oscar_vipps.models import Payment
from oscar_vipps.money import CURRENCY

from .configuration import template_messages
from .findings import Finding, error, ok, warning

#: This app's label.
APP = "oscar_vipps"
#: Oscar's templates that this app extends.
EXTENDED = (
    "oscar/basket/basket.html",
    "oscar/checkout/thank_you.html",
    "oscar/dashboard/orders/order_detail.html",
)
#: Ends of the names of mail backends that send nothing.
NOT_SENDING = ("console.EmailBackend", "dummy.EmailBackend", "filebased.EmailBackend")
#: Seconds that the mail server may take, where the shop's settings have no limit.
MAIL_TIMEOUT = 10
#: What Django and Oscar call things before somebody gives them a name.
FIRST_DOMAIN = "example.com"
FIRST_SENDER = "oscar@example.com"


def check_tables() -> Finding:
    """All migrations of this app are applied."""
    executor = MigrationExecutor(_connection())
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]
    missing = [migration.name for migration, _backwards in executor.migration_plan(leaves)]
    if missing:
        # Translators: %(names)s are names of migrations
        text = _("Migrations are missing: %(names)s.") % {"names": ", ".join(missing)}
        return error(text, _("Run manage.py migrate."))
    return ok(_("All migrations are applied."))


def check_locks() -> Finding:
    """The database has transactions, and locks for rows."""
    connection = _connection()
    name = {"database": connection.display_name}
    if not connection.features.supports_transactions:
        text = _("%(database)s has no transactions here.") % name
        return error(text, _("With MySQL and MariaDB the tables must use InnoDB."))
    if not connection.features.has_select_for_update:
        text = _("%(database)s locks no rows.") % name
        hint = _("It is for trying things out. A live shop needs PostgreSQL, MariaDB or MySQL.")
        return error(text, hint) if get_settings().livemode else warning(text, hint)
    return ok(_("%(database)s has transactions and locks for rows.") % name)


def check_templates() -> Finding:
    """This app's templates are found, and extend Oscar's."""
    if messages := template_messages():
        return error(messages[0].msg, messages[0].hint or "")
    oscars = Path(str(oscar.__file__)).parent
    # A shop's own templates may stand in front; they are the shop's to make.
    hidden = [name for name in EXTENDED if oscars in _origin(name).parents]
    if hidden:
        text = _("Oscar's own templates are found in place of this app's: %(names)s.")
        return error(
            text % {"names": ", ".join(hidden)},
            _("Put the app oscar_vipps above Oscar's, and Oscar's folder not into TEMPLATES' DIRS."),
        )
    return ok(_("They are found before Oscar's own."))


def check_site() -> Finding:
    """The site has a domain of its own."""
    hint = _("Set it in Django's admin under Sites: mail, the webhook and Stripe's events use it.")
    try:
        domain = Site.objects.get_current().domain
    except (Site.DoesNotExist, ImproperlyConfigured):
        return error(_("SITE_ID names no site."), hint)
    if domain == FIRST_DOMAIN:
        return error(_("The site's domain is still %(domain)s.") % {"domain": domain}, hint)
    return ok(_("The site is %(domain)s.") % {"domain": domain})


def check_prices() -> Finding:
    """Something can be bought with Vipps at all."""
    if django_settings.OSCAR_DEFAULT_CURRENCY == CURRENCY:
        return ok(_("The shop's currency is NOK."))
    # Prices are what the shop's strategy says; this is where they come from as a rule.
    if get_model("partner", "StockRecord").objects.filter(price_currency=CURRENCY).exists():
        return ok(_("Some of the shop's prices are in NOK; Vipps is offered for these."))
    return error(
        _("Nothing is priced in NOK, so Vipps is never offered."),
        _("Set OSCAR_DEFAULT_CURRENCY to NOK, or give stock records a price in NOK."),
    )


def check_mail() -> Finding:
    """The mail server answers; no mail is sent."""
    # Django 6.1 asks for its mailers; before, there was one connection.
    connection: Any = mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()
    backend = f"{type(connection).__module__}.{type(connection).__qualname__}"
    if backend.endswith(NOT_SENDING):
        return warning(
            _("%(backend)s sends no mail.") % {"backend": backend},
            _("Configure a mail server, or nobody gets a confirmation."),
        )
    if getattr(connection, "timeout", MAIL_TIMEOUT) is None:
        connection.timeout = MAIL_TIMEOUT
    try:
        connection.open()
        connection.close()
    except Exception as failure:  # noqa: BLE001 - mail backends fail in every way there is
        return error(
            _("The mail server can't be reached: %(error)s.") % {"error": describe(failure)},
            _("Confirmations wait until it can: vipps_reconcile sends them then."),
        )
    sender = getattr(django_settings, "OSCAR_FROM_EMAIL", FIRST_SENDER)
    if sender == FIRST_SENDER:
        return warning(
            _("Mail comes from %(sender)s.") % {"sender": sender}, _("Set OSCAR_FROM_EMAIL to your address.")
        )
    return ok(_("The mail server answers."))


def _connection() -> Any:
    return connections[router.db_for_write(Payment)]


def _origin(name: str) -> Path:
    # Every engine's templates know where they come from.
    template: Any = get_template(name)
    return Path(template.origin.name)
