"""``manage.py vipps_prune_events``: stored events that are done and old, removed."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections, router, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from oscar_vipps.conf import get_settings
from oscar_vipps.management.progress import with_progress
from oscar_vipps.models import WebhookEvent
from oscar_vipps.webhooks import inbox

#: So often in a row the database may refuse a batch.
PATIENCE = 10


class Command(BaseCommand):
    help = (
        "Removes stored events that are processed or ignored and older than EVENT_RETENTION. Those that "
        "failed or wait for something stay. Run it daily or weekly. Several runs at once share the work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say how many there are.")
        parser.add_argument(
            "--batch-size", type=int, default=500, metavar="N", help="How many at once (default: 500)."
        )

    def handle(self, *args: Any, dry_run: bool, batch_size: int, **options: Any) -> None:
        # SQLite takes no more than some thousand parameters.
        if not 1 <= batch_size <= 1000:
            raise CommandError(_("--batch-size must be from 1 to 1000."))
        retention = get_settings().event_retention
        before = timezone.now() - retention
        total = prunable(before).count()
        if dry_run:
            text = _("%(count)d events are done and older than %(days)d days.")
            self.stdout.write(text % {"count": total, "days": retention.days})
            return
        batches = -(-total // batch_size)
        removed = sum(with_progress(prune(before, batch_size), batches, "Batches", self.stderr))
        self.stdout.write(_("%(count)d events removed.") % {"count": removed})


def prunable(before: datetime) -> QuerySet[WebhookEvent]:
    """Events received before that moment that nothing will ask for any more."""
    return WebhookEvent.objects.filter(status__in=inbox.DONE, received_at__lt=before).exclude(
        pk__in=inbox.waiting_for_payment().values("pk")
    )


def prune(before: datetime, batch_size: int) -> Iterator[int]:
    """Remove them, batch by batch, each in a transaction of its own; how many each was."""
    failures = 0
    while True:
        try:
            removed = _prune_batch(before, batch_size)
        except OperationalError:
            # MariaDB ends one of two runs whose rows are neighbours. Nothing of its batch is removed then.
            failures += 1
            if failures == PATIENCE:
                raise
            continue
        failures = 0
        if not removed:
            return
        yield removed


def _prune_batch(before: datetime, batch_size: int) -> int:
    # Another run's rows are left to it, where the database can do that.
    features = connections[router.db_for_write(WebhookEvent)].features
    skip = features.has_select_for_update_skip_locked
    with transaction.atomic(using=router.db_for_write(WebhookEvent)):
        # As the index on it has them: in another order, every batch would sort all that is left.
        rows = prunable(before).order_by("received_at", "pk").select_for_update(skip_locked=skip)
        batch = list(rows.values_list("pk", flat=True)[:batch_size])
        removed, _each = WebhookEvent.objects.filter(pk__in=batch).delete()
    return removed
