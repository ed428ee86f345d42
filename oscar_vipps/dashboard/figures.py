"""How it goes: paid, reserved, refunded, declined and conversion, by day, week or month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from oscar_vipps.conf import get_settings
from oscar_vipps.models import Payment, Refund

from .access import payments_for
from .charts import charts
from .filters import DayField, DaysForm
from .periods import Period, Unit, split, today

#: More columns than that, nobody reads.
MOST_COLUMNS = 100
State = Payment.State


class FiguresForm(DaysForm):
    """Which days, and how many of them make a column."""

    date_from = DayField(label=gettext_lazy("From"))
    date_to = DayField(label=gettext_lazy("To"))
    by = forms.ChoiceField(
        label=gettext_lazy("By"),
        choices=[
            (Unit.DAY.value, gettext_lazy("Day")),
            (Unit.WEEK.value, gettext_lazy("Week")),
            (Unit.MONTH.value, gettext_lazy("Month")),
        ],
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and len(self.periods()) > MOST_COLUMNS:
            raise forms.ValidationError(_("These are too many columns. Choose fewer days, weeks or months."))
        return data

    def periods(self) -> list[Period]:
        data = self.cleaned_data
        return split(data["date_from"], data["date_to"], Unit(data["by"]))


@dataclass(frozen=True)
class Counts:
    """Payments, by what became of them; amounts are in øre."""

    begun: int = 0
    #: Payments that are paid or reserved.
    successful: int = 0
    #: Payments that are neither, and whose last attempt was declined.
    declined: int = 0
    paid: int = 0
    reserved: int = 0
    refunded: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def unfinished(self) -> int:
        """Payments that are neither paid nor declined: given up, run out, or still waited for."""
        return self.begun - self.successful - self.declined

    @property
    def conversion(self) -> int | None:
        """How many of a hundred that began came through; None where nobody began."""
        return (200 * self.successful + self.begun) // (2 * self.begun) if self.begun else None


@dataclass(frozen=True)
class Row:
    period: Period
    counts: Counts


def rows(payments: QuerySet[Payment], periods: list[Period]) -> list[Row]:
    """What became of the payments that began in each period, and what was refunded in it. Two queries."""
    is_successful = Q(state__in=[State.AUTHORIZED, State.CAPTURED])
    found = _by_period(
        payments,
        periods,
        begun=Count("pk"),
        successful=Count("pk", filter=is_successful),
        declined=Count("pk", filter=~is_successful & ~Q(decline_code="")),
        paid=Sum("amount_captured", default=0),
        reserved=Sum("amount_authorized", filter=Q(state=State.AUTHORIZED), default=0),
    )
    refunds = Refund.objects.filter(status=Refund.Status.SUCCEEDED, payment__in=payments)
    refunded = _by_period(refunds, periods, refunded=Sum("amount", default=0))
    return [
        Row(period, Counts(**found.get(index, {})) + Counts(**refunded.get(index, {})))
        for index, period in enumerate(periods)
    ]


def total(found: Iterable[Row]) -> Counts:
    return sum((row.counts for row in found), Counts())


def _by_period(found: QuerySet, periods: list[Period], **sums: Any) -> dict[int, dict[str, int]]:
    """The sums for each period with rows, by its place in the list.

    The moments at which periods end are handed to the database, which may not know time zones: MariaDB
    doesn't, until somebody has loaded them.
    """
    whens = [When(created_at__lt=period.ends, then=Value(index)) for index, period in enumerate(periods)]
    within = found.filter(created_at__gte=periods[0].begins, created_at__lt=periods[-1].ends)
    place = Case(*whens, output_field=IntegerField())
    grouped = within.order_by().annotate(place=place).values("place").annotate(**sums)
    return {row.pop("place"): row for row in grouped}


class FiguresView(View):
    """The last thirty days by themselves; others when asked for."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        last = today()
        usual = {"date_from": last - timedelta(days=29), "date_to": last, "by": Unit.DAY.value}
        form = FiguresForm({**usual, **request.GET.dict()})
        livemode = get_settings().livemode
        context: dict[str, Any] = {"form": form, "livemode": livemode}
        if form.is_valid():
            payments = payments_for(request.user).select_related(None).filter(livemode=livemode)
            found = rows(payments, form.periods())
            context |= {"rows": found, "total": total(found), "charts": charts(found)}
        status = 200 if form.is_valid() else 400
        return render(request, "oscar_vipps/dashboard/figures.html", context, status=status)
