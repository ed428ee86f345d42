"""``manage.py vipps_process_events``: stored events that weren't processed, processed. Stripe isn't asked."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from oscar_vipps.management.progress import with_progress
from oscar_vipps.models import WebhookEvent
from oscar_vipps.webhooks import inbox


class Command(BaseCommand):
    help = (
        "Processes stored events that failed, or whose process was killed; vipps_reconcile does so, too. "
        "The exit status is 1 where one fails again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "event_id", nargs="*", help="Only these (evt_...), and only if there is something left to do."
        )

    def handle(self, *args: Any, event_id: list[str], **options: Any) -> None:
        events = inbox.undone()
        if event_id:
            events = WebhookEvent.objects.filter(event_id__in=event_id)
            found = set(events.values_list("event_id", flat=True))
            if missing := sorted(set(event_id) - found):
                raise CommandError(f"Not stored here: {', '.join(missing)}")
        failed = 0
        for event in with_progress(list(events), events.count(), "Events", self.stderr):
            event = inbox.process(event)
            failed += event.status == WebhookEvent.Status.FAILED
            if options["verbosity"] > 1 or event.status == WebhookEvent.Status.FAILED:
                self.stdout.write(f"{event.event_id} ({event.type}): {event.status} {event.reason}".rstrip())
        if failed:
            raise CommandError(f"{failed} events failed; they stay stored.")
