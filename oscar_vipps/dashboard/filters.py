"""What staff look for: the forms above the dashboard's lists. Each leaves the rows that were asked for.

They are bound to the address, so that what was looked for can be kept as a link. Every field may stay empty.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oscar_vipps.models import Flag, Payment, WebhookEvent, runs_out_within
from oscar_vipps.webhooks import inbox

from .periods import midnight

#: How long before a reservation runs out it is time to look at it.
SOON = timedelta(days=2)
#: Beyond these, databases and calendars have limits of their own.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
NEEDS_ATTENTION = Exists(Flag.objects.filter(payment=OuterRef("pk"), resolved_at=None))


class DayField(forms.DateField):
    """With the browser's own calendar, which sends 2026-11-25 whatever the language."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        validators = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
        super().__init__(widget=widget, validators=validators, input_formats=["%Y-%m-%d"], **kwargs)


class DaysForm(forms.Form):
    """From a day to a day, both included."""

    date_from = DayField(label=gettext_lazy("From"), required=False)
    date_to = DayField(label=gettext_lazy("To"), required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("date_from"), data.get("date_to")
        if first and last and first > last:
            self.add_error("date_to", _("This day is before the other."))
        return data


class Filter(DaysForm):
    #: The column that the days are about.
    moment = ""

    def apply(self, rows: QuerySet) -> QuerySet:
        """Those that were asked for; none where the question makes no sense."""
        if not self.is_valid():
            return rows.none()
        data = self.cleaned_data
        if data["date_from"]:
            rows = rows.filter(**{f"{self.moment}__gte": midnight(data["date_from"])})
        if data["date_to"]:
            rows = rows.filter(**{f"{self.moment}__lt": midnight(data["date_to"] + timedelta(days=1))})
        return self.narrow(rows, data)

    def narrow(self, rows: QuerySet, data: dict[str, Any]) -> QuerySet:
        """By the other fields."""
        raise NotImplementedError


class PaymentFilter(Filter):
    moment = "created_at"
    field_order = ["q", "state", "date_from", "date_to", "attention", "runs_out_soon"]

    q = forms.CharField(
        label=gettext_lazy("Search"),
        max_length=255,
        required=False,
        help_text=gettext_lazy("Order number, reference, or an id of Stripe's (pi_, cs_, ch_, re_)."),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[("", gettext_lazy("All states")), *Payment.State.choices],
        required=False,
    )
    attention = forms.BooleanField(label=gettext_lazy("Needs attention"), required=False)
    runs_out_soon = forms.BooleanField(
        label=gettext_lazy("Reservation runs out within two days"), required=False
    )

    def narrow(self, rows: QuerySet, data: dict[str, Any]) -> QuerySet:
        if data["q"]:
            rows = rows.filter(_found_by(data["q"]))
        if data["state"]:
            rows = rows.filter(state=data["state"])
        if data["attention"]:
            rows = rows.filter(NEEDS_ATTENTION)
        if data["runs_out_soon"]:
            rows = rows.filter(runs_out_within(SOON))
        return rows


def _found_by(text: str) -> Q:
    """A number may be cut short, ids are whole.

    Each is looked up by itself: over conditions on several tables, joined by OR, databases read all there is.
    """
    conditions = (
        Q(order__number__startswith=text.removeprefix("#")),
        Q(reference=text),
        Q(payment_intent_id=text),
        Q(session_id=text),
        Q(charge_id=text),
        Q(refunds__refund_id=text),
    )
    first, *others = (Payment.objects.filter(each).order_by().values("pk") for each in conditions)
    return Q(pk__in=first.union(*others))


class EventFilter(Filter):
    moment = "received_at"
    field_order = ["q", "status", "type", "date_from", "date_to"]
    #: Beside the statuses: what somebody, or ``vipps_reconcile``, should process again.
    UNDONE = "undone"

    q = forms.CharField(
        label=gettext_lazy("Search"),
        max_length=255,
        required=False,
        help_text=gettext_lazy("The id of the event (evt_) or of the PaymentIntent (pi_)."),
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        choices=[
            ("", gettext_lazy("All statuses")),
            # Translators: events that failed or were never processed
            (UNDONE, gettext_lazy("To be processed again")),
            *WebhookEvent.Status.choices,
        ],
        required=False,
    )
    type = forms.CharField(
        label=gettext_lazy("Type"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("All of it or how it begins, such as refund."),
    )

    def narrow(self, rows: QuerySet, data: dict[str, Any]) -> QuerySet:
        if data["q"]:
            rows = rows.filter(Q(event_id=data["q"]) | Q(payment_intent_id=data["q"]))
        if data["status"] == self.UNDONE:
            rows = rows.filter(pk__in=inbox.undone().order_by().values("pk"))
        elif data["status"]:
            rows = rows.filter(status=data["status"])
        if data["type"]:
            rows = rows.filter(type__startswith=data["type"])
        return rows
