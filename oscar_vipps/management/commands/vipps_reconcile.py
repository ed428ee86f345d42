"""``manage.py vipps_reconcile``, for cron: what neither webhook nor a shopper's return told, found out."""

from __future__ import annotations

import logging
import random
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import GatewayError, GatewayUnavailable, VippsError, describe, trail
from oscar_vipps.gateway import client
from oscar_vipps.management.progress import with_progress
from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.payments import reconcile
from oscar_vipps.webhooks import inbox

logger = logging.getLogger("oscar_vipps")

#: After so many payments in a row for which Stripe didn't answer, the rest is left to the next run.
PATIENCE = 5
#: How many may be asked about at the same time. Stripe takes 100 requests a second, shoppers' included.
MOST_AT_ONCE = 32
#: Stripe's code when that is exceeded, and for how long nothing is asked then, in seconds: longer each time.
TOO_MANY = "rate_limit"
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)

#: A payment's id, and when it was looked at last.
Found = tuple[int, datetime | None]


class Command(BaseCommand):
    help = (
        "Asks Stripe about payments that have been quiet, processes stored events that failed, ends "
        "sessions that belong to no payment, sends back money that came too late, and sends confirmations "
        "that are due. Run it every five minutes. Several runs at once share the work. The exit status is 1 "
        "where something failed; the next run tries again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Only say what is due; nothing is changed, and Stripe isn't asked.",
        )
        parser.add_argument(
            "--at-once",
            type=int,
            default=1,
            metavar="N",
            help=f"Ask about so many payments at the same time, from 1 (the default) to {MOST_AT_ONCE}.",
        )

    def handle(self, *args: Any, dry_run: bool, at_once: int, **options: Any) -> None:
        if not 1 <= at_once <= MOST_AT_ONCE:
            raise CommandError(f"--at-once must be from 1 to {MOST_AT_ONCE}.")
        if not get_settings().has_usable_key:
            raise CommandError("OSCAR_VIPPS has no usable SECRET_KEY, so Stripe can't be asked.")
        self.is_loud = options["verbosity"] > 1
        #: Held by whoever changes what the threads share.
        self.lock = threading.RLock()
        self.unanswered = 0
        self.counts = {"events": 0, "sessions": 0, "payments": 0, "unannounced": 0, "failed": 0}
        now = timezone.now()
        if dry_run:
            self.say_what_is_due(now)
            return
        self.process_events()
        self.look_for_sessions(now)
        self.look_at_payments(now, at_once)
        self.stdout.write(self.summary())
        if self.counts["failed"]:
            raise CommandError("Something failed; see above, and the log. The next run tries again.")

    def say_what_is_due(self, now: datetime) -> None:
        for event in inbox.undone().iterator():
            self.stdout.write(f"Event {event.event_id} ({event.type}): process it again")
        for payment in reconcile.due(now).iterator():
            if reason := reconcile.why_due(payment):
                self.stdout.write(f"Order {payment.order.number}: {reason.value}")

    # Each of these goes on after whatever went wrong with one of its things.

    def process_events(self) -> None:
        events = list(inbox.undone().values_list("pk", flat=True))
        for event_id in with_progress(events, len(events), "Events", self.stderr):
            self.counts["events"] += 1
            event = inbox.process(WebhookEvent.objects.get(pk=event_id))
            if event.status == WebhookEvent.Status.FAILED:
                self.failed(f"Event {event.event_id} ({event.type})", "processing failed again")

    def look_for_sessions(self, now: datetime) -> None:
        sessions = client.open_sessions(now - reconcile.OLDEST_SESSION)
        while True:
            try:
                session = next(sessions, None)
                if session is None:
                    return
                if done := reconcile.adopt_or_expire(session):
                    self.counts["sessions"] += 1
                    self.say(done)
                    logger.warning("%s", done)
            except GatewayUnavailable as error:
                self.failed("Sessions at Stripe", error)
                return
            except GatewayError as error:
                self.failed("A session at Stripe", error)
            except Exception as error:  # noqa: BLE001 - payments come next, whatever it was
                logger.error("Sessions at Stripe could not be looked after: %s", trail(error))
                self.failed("Sessions at Stripe", describe(error))
                return

    def look_at_payments(self, now: datetime, at_once: int) -> None:
        due = list(reconcile.due(now).values_list("pk", "checked_at"))
        waiting = with_progress(due, len(due), "Payments", self.stderr)
        if at_once == 1:
            self.work_off(waiting, now)
            return
        threads = [
            threading.Thread(target=self.work_off_and_leave, args=(waiting, now)) for _ in range(at_once)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def work_off_and_leave(self, waiting: Iterator[Found], now: datetime) -> None:
        """In a thread, whose connections to the database are its own."""
        try:
            self.work_off(waiting, now)
        finally:
            connections.close_all()

    def work_off(self, waiting: Iterator[Found], now: datetime) -> None:
        """Take up one after the other, until there are none or Stripe is out of reach."""
        while self.unanswered < PATIENCE:
            with self.lock:
                found = next(waiting, None)
            if found is None:
                return
            payment_id, checked_at = found
            try:
                payment = reconcile.take(payment_id, checked_at, now)
            except Exception as error:  # noqa: BLE001 - a lock that was waited for too long, or a connection gone
                self.failed(f"Payment {payment_id}", describe(error))
                continue
            # None where another run has it, or where it isn't due any more.
            if payment:
                self.count("payments")
                self.try_to_look_at(payment, now)

    def try_to_look_at(self, payment: Payment, now: datetime) -> None:
        try:
            self.look_at(payment, now)
            with self.lock:
                # Once the rest is left to the next run, it stays so.
                if self.unanswered < PATIENCE:
                    self.unanswered = 0
        except GatewayUnavailable as error:
            with self.lock:
                self.failed(f"Order {payment.order.number}", error)
                self.unanswered += 1
                if self.unanswered == PATIENCE:
                    self.failed("Stripe", "no answer; the rest is left to the next run")
        except VippsError as error:
            self.failed(f"Order {payment.order.number}", error)
        except Exception as error:  # noqa: BLE001 - one odd payment must not stop the others
            logger.error(
                "Order %s could not be reconciled: %s",
                payment.order.number,
                trail(error),
                extra=payment.log_extra(),
            )
            self.failed(f"Order {payment.order.number}", describe(error))

    def look_at(self, payment: Payment, now: datetime) -> None:
        reason = reconcile.why_due(payment)
        if reason is None:
            return
        before = payment.state
        after = patiently(lambda: reconcile.reconcile(payment, reason, now)).state
        if after != before and reason == reconcile.Due.UNPAID:
            # Stripe had news of which no event told us, after all this time.
            self.count("unannounced")
        self.say(f"Order {payment.order.number}: {reason.value}: {before} -> {after}")

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def say(self, text: str) -> None:
        if self.is_loud:
            self.stdout.write(text)

    def failed(self, what: str, why: object) -> None:
        self.count("failed")
        hint = getattr(why, "hint", "")
        self.stderr.write(f"{what}: {why} {hint}".rstrip())

    def summary(self) -> str:
        text = "{events} events, {payments} payments and {sessions} sessions looked after, {failed} failed."
        if self.counts["unannounced"]:
            text += (
                " {unannounced} payments had news that no webhook told: see in Stripe's Dashboard whether "
                "the endpoint has this shop's address."
            )
        return text.format(**self.counts)


def patiently(ask: Callable[[], Payment]) -> Payment:
    """Ask, and again a little later while Stripe says that it is asked too much; raises ``GatewayError``."""
    for pause in PAUSES:
        try:
            return ask()
        except GatewayUnavailable as error:
            if error.code != TOO_MANY:
                raise
        # Not all at the same moment again.
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
    return ask()
