"""``manage.py vipps_deadlines``: reservations that run out soon, mailed to the shop's ``MANAGERS``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from oscar_vipps.models import HOLD, Payment, runs_out_within
from oscar_vipps.money import to_decimal
from oscar_vipps.shop import staff_mail


def days(text: str) -> int:
    """From 1 to 7, as long as a reservation lasts."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= HOLD.days):
        raise ArgumentTypeError(f"must be a whole number from 1 to {HOLD.days}")
    return int(text)


class Command(BaseCommand):
    help = (
        "Lists reservations that run out soon, and mails them to MANAGERS. For cron, once a day: what isn't "
        "captured in time goes back to the shopper, and its order is cancelled."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=days, default=2, help="How far ahead to look, from 1 to 7. Default: 2."
        )
        parser.add_argument("--no-mail", action="store_true", help="Only list them.")

    def handle(self, *args: Any, days: int, no_mail: bool, **options: Any) -> None:
        reserved = Payment.objects.filter(runs_out_within(timedelta(days=days)))
        payments = list(reserved.select_related("order__site").order_by("payment_intent_created_at", "pk"))
        for payment in payments:
            before = payment.capture_before
            self.stdout.write(
                f"Order {payment.order.number}: NOK {to_decimal(payment.amount)}, before {before}"
            )
        if no_mail:
            return
        if payments and not settings.MANAGERS:
            self.stderr.write("Nobody is mailed: MANAGERS is empty.")
        staff_mail.remind_of_captures(payments)
