"""``manage.py vipps_reconcile``, for cron: what neither webhook nor a shopper's return told, found out."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
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

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if not get_settings().has_usable_key:
            raise CommandError("OSCAR_VIPPS has no usable SECRET_KEY, so Stripe can't be asked.")
        self.is_loud = options["verbosity"] > 1
        self.counts = {"events": 0, "sessions": 0, "payments": 0, "unannounced": 0, "failed": 0}
        now = timezone.now()
        if dry_run:
            self.say_what_is_due(now)
            return
        self.process_events()
        self.look_for_sessions(now)
        self.look_at_payments(now)
        self.stdout.write(self.summary())
        if self.counts["failed"]:
            raise CommandError("Something failed; see above, and the log. The next run tries again.")

    def say_what_is_due(self, now: datetime) -> None:
        for event in inbox.undone().iterator():
            self.stdout.write(f"Event {event.event_id} ({event.type}): process it again")
        for payment in reconcile.due(now).iterator():
            self.stdout.write(f"Order {payment.order.number}: {reconcile.why_due(payment, now).value}")

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

    def look_at_payments(self, now: datetime) -> None:
        unanswered = 0
        total = reconcile.due(now).count()
        for payment in with_progress(self.taken(now), total, "Payments", self.stderr):
            self.counts["payments"] += 1
            try:
                self.look_at(payment, now)
                unanswered = 0
            except GatewayUnavailable as error:
                self.failed(f"Order {payment.order.number}", error)
                unanswered += 1
                if unanswered == PATIENCE:
                    self.failed("Stripe", "no answer; the rest is left to the next run")
                    return
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

    def taken(self, now: datetime) -> Iterator[Payment]:
        """Each payment that is due and that no other run has."""
        for payment_id in list(reconcile.due(now).values_list("pk", flat=True)):
            try:
                payment = reconcile.take(payment_id, now)
            except DatabaseError as error:  # a lock that was waited for too long
                self.failed(f"Payment {payment_id}", describe(error))
                continue
            if payment:
                yield payment

    def look_at(self, payment: Payment, now: datetime) -> None:
        reason = reconcile.why_due(payment, now)
        before = payment.state
        after = reconcile.reconcile(payment, now).state
        if after != before and reason == reconcile.Due.UNPAID:
            # Stripe had news of which no event told us, after all this time.
            self.counts["unannounced"] += 1
        self.say(f"Order {payment.order.number}: {reason.value}: {before} -> {after}")

    def say(self, text: str) -> None:
        if self.is_loud:
            self.stdout.write(text)

    def failed(self, what: str, why: object) -> None:
        self.counts["failed"] += 1
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
