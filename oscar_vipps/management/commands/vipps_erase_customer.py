"""``manage.py vipps_erase_customer``: what is personal in one customer's payments, erased."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oscar_vipps.privacy.customers import payments_of
from oscar_vipps.privacy.erasure import Outcome, erase_customer


class Command(BaseCommand):
    help = (
        "Erases what is personal in this app's rows about the payments of one customer: of the account with "
        "this e-mail address, and of guests who gave it. Amounts, states, Stripe's ids and the books stay. "
        "Payments that are not over are left as they are, and the exit status is 1: run it again later. "
        "Oscar's rows (account, orders, addresses, mail) are yours to erase, and after this: by the address "
        "in them the payments are found."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The customer's e-mail address.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be done.")
        parser.add_argument(
            "--no-input", "--noinput", action="store_true", help="Erase without asking before."
        )

    def handle(self, *args: Any, email: str, dry_run: bool, no_input: bool, **options: Any) -> None:
        count = payments_of(email).count()
        if not count:
            self.stdout.write(_("No payment of this customer is stored."))
            return
        if not (dry_run or no_input or self.is_sure(count)):
            raise CommandError(_("Nothing has been erased."))
        outcomes = erase_customer(email, dry_run=dry_run)
        for outcome in outcomes:
            self.stdout.write(
                f"{_('Order')} {outcome.payment.order.number}: {self.told(outcome, dry_run=dry_run)}"
            )
        self.stdout.write(_("Oscar's account, orders, addresses and mail are not touched: erase them, too."))
        if left := [outcome for outcome in outcomes if outcome.hindrance]:
            text = ngettext(
                "%(count)d payment is not over, and left as it is. Try again later.",
                "%(count)d payments are not over, and left as they are. Try again later.",
                len(left),
            )
            raise CommandError(text % {"count": len(left)})

    def is_sure(self, count: int) -> bool:
        """Ask; only "yes" is one."""
        text = ngettext(
            "What is personal in %(count)d payment is erased for good. Type yes to go on: ",
            "What is personal in %(count)d payments is erased for good. Type yes to go on: ",
            count,
        )
        self.stdout.write(text % {"count": count}, ending="")
        self.stdout.flush()
        try:
            return input() == "yes"
        except EOFError:
            return False

    def told(self, outcome: Outcome, *, dry_run: bool) -> str:
        """What became of one payment."""
        if outcome.hindrance:
            # Translators: after "Order 100001: "; %(why)s is "a refund is on its way" or the like
            return _("left as it is: %(why)s") % {"why": outcome.hindrance}
        if not outcome.is_changed:
            return _("nothing is left to erase")
        return _("would be erased") if dry_run else _("erased")
