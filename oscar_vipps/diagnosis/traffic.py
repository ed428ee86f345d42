"""What went through: events, the reconciler, and what waits for a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oscar_vipps.conf import get_settings
from oscar_vipps.models import Flag, Payment, WebhookEvent
from oscar_vipps.payments import reconcile
from oscar_vipps.payments.states import ENDED, State

from .findings import Finding, error, ok, warning

#: How long an event may stay unprocessed: by then the reconciler has come, even if it was busy.
UNPROCESSED_AFTER = timedelta(minutes=15)
#: How much later than due the reconciler may look at a payment. It runs every five minutes.
OVERDUE_AFTER = timedelta(minutes=25)
#: How long after a payment its event may come.
EVENT_WITHIN = timedelta(minutes=10)


def unprocessed_events(now: datetime) -> QuerySet[WebhookEvent]:
    """Events that failed, or were never begun, and should have been processed by now."""
    open_statuses = (WebhookEvent.Status.FAILED, WebhookEvent.Status.RECEIVED)
    return WebhookEvent.objects.filter(
        status__in=open_statuses, received_at__lt=now - UNPROCESSED_AFTER
    ).order_by()


def overdue_payments(now: datetime) -> QuerySet[Payment]:
    """Payments that should have been looked at by now. A run notes each that it takes up, whatever comes of
    it: so either there was no run, or none got so far.
    """
    moment = now - OVERDUE_AFTER
    # What has only just happened to an old payment, say a refund, isn't due for longer than that.
    return (
        reconcile.due(moment).filter(updated_at__lt=moment).exclude(refunds__updated_at__gt=moment).order_by()
    )


def unheard_payments(now: datetime) -> QuerySet[Payment]:
    """Payments whose end or success came to be known, and of which no event has told.

    Only those since the last event: earlier ones are history.
    """
    settings = get_settings()
    last = _last_event()
    since = now - settings.event_retention
    return Payment.objects.filter(
        livemode=settings.livemode,
        session_id__isnull=False,
        state__in=[*ENDED, State.AUTHORIZED, State.CAPTURED],
        created_at__gt=max(since, last.received_at) if last else since,
        updated_at__lt=now - EVENT_WITHIN,
    ).order_by()


def check_last_event() -> Finding:
    """Events come when something happens."""
    now = timezone.now()
    last = _last_event()
    since = timesince(last.received_at, now) if last else ""
    if unheard := unheard_payments(now).count():
        text = ngettext(
            "Of %(count)d payment no event has told.", "Of %(count)d payments no event has told.", unheard
        ) % {"count": unheard}
        when = _("The last event came %(time)s ago.") % {"time": since} if last else _("None ever came.")
        hint = _("Stripe's Dashboard, Webhooks: does the endpoint have this shop's address and secret?")
        return error(f"{text} {when}", hint)
    if last is None:
        return warning(
            _("None has come yet in this mode."), _("Buy something, or send one from Stripe's Dashboard.")
        )
    # Translators: %(time)s is "3 hours" or the like
    return ok(_("The last one came %(time)s ago.") % {"time": since})


def check_events() -> Finding:
    """Every stored event is processed."""
    count = unprocessed_events(timezone.now()).count()
    if not count:
        return ok(_("None waits."))
    return error(
        ngettext(
            "%(count)d event failed or was not processed.",
            "%(count)d events failed or were not processed.",
            count,
        )
        % {"count": count},
        _("Django's admin, Webhook events, has the reasons. vipps_process_events tries again."),
    )


def check_reconciler() -> Finding:
    """``vipps_reconcile`` runs."""
    now = timezone.now()
    hint = _("Let cron run manage.py vipps_reconcile every five minutes, and read what it says.")
    last = Payment.objects.exclude(checked_at=None).order_by("-checked_at").first()
    if overdue := overdue_payments(now).count():
        text = ngettext(
            "%(count)d payment should have been looked at before.",
            "%(count)d payments should have been looked at before.",
            overdue,
        ) % {"count": overdue}
        return error(text, hint)
    if last is None or last.checked_at is None:
        return warning(_("Nothing was due yet, so it is not known whether vipps_reconcile runs."), hint)
    # Translators: %(time)s is "3 hours" or the like
    text = _("Nothing is overdue. A payment was looked at %(time)s ago.")
    return ok(text % {"time": timesince(last.checked_at, now)})


def check_flags() -> Finding:
    """Nothing waits for a person."""
    payments = Flag.objects.filter(resolved_at=None).values("payment").distinct().count()
    if not payments:
        return ok(_("No payment is flagged."))
    text = ngettext("%(count)d payment is flagged.", "%(count)d payments are flagged.", payments)
    return warning(
        text % {"count": payments}, _("The dashboard, Vipps payments, says what to look at on each.")
    )


def _last_event() -> WebhookEvent | None:
    return (
        WebhookEvent.objects.filter(livemode=get_settings().livemode).order_by("-received_at", "-pk").first()
    )
