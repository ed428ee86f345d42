"""The dashboard's tables, in Oscar's look."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django_tables2.data import TableQuerysetData
from oscar.core.loading import get_class
from oscar.templatetags.currency_filters import currency

from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.money import to_decimal

# To a type checker what get_class finds is no class.
DashboardTable: Any = get_class("dashboard.tables", "DashboardTable")

PARTIALS = "oscar_vipps/dashboard/partials"
NUMBER = {"td": {"class": "text-right text-nowrap"}, "th": {"class": "text-right"}}


#: Rows that a list counts, and has pages for. Beyond that, counting would take longer than all the rest.
COUNTED = 10_000


class CountedData(TableQuerysetData):
    """Rows of which no more than ``COUNTED`` are counted."""

    @cached_property
    def _found(self) -> int:
        return int(self.data.order_by().values("pk")[: COUNTED + 1].count())

    @property
    def has_more(self) -> bool:
        return self._found > COUNTED

    def __len__(self) -> int:
        return min(self._found, COUNTED)


class CountedTable(DashboardTable):
    """Says above its rows how many there are, or that there are more than it counts."""

    caption_of_more: Any

    def get_caption_display(self) -> str:
        if self.data.has_more:
            return str(self.caption_of_more) % {"count": number_format(COUNTED, force_grouping=True)}
        return str(super().get_caption_display())


class AmountColumn(tables.Column):
    """Øre, shown as money."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(attrs=NUMBER, **kwargs)

    def render(self, value: int, record: Payment) -> str:
        return str(currency(to_decimal(value), record.currency))


class PaymentTable(CountedTable):
    select = tables.TemplateColumn(
        verbose_name=_("Select"), template_name=f"{PARTIALS}/select.html", orderable=False
    )
    order = tables.TemplateColumn(
        verbose_name=_("Order"), template_name=f"{PARTIALS}/payment_link.html", order_by="order__number"
    )
    created_at = tables.DateTimeColumn(verbose_name=_("Begun at"))
    state = tables.TemplateColumn(verbose_name=_("State"), template_name=f"{PARTIALS}/state.html")
    amount = AmountColumn(verbose_name=_("Amount"))
    amount_captured = AmountColumn(verbose_name=_("Paid"))
    amount_refunded = AmountColumn(verbose_name=_("Refunded"))
    capture_before = tables.DateTimeColumn(
        verbose_name=_("Capture before"), order_by="payment_intent_created_at", default=""
    )
    needs_attention = tables.TemplateColumn(
        verbose_name=_("Attention"), template_name=f"{PARTIALS}/attention.html", orderable=False
    )
    reference = tables.Column(verbose_name=_("Reference"), attrs={"td": {"class": "text-monospace small"}})

    caption = ngettext_lazy("%d payment", "%d payments")
    # Translators: %(count)s is a number, such as 10,000
    caption_of_more = _("More than %(count)s payments. Choose days or search to see the others.")

    class Meta(DashboardTable.Meta):
        template_name = "oscar_vipps/dashboard/table.html"
        model = Payment
        fields = (
            "select",
            "order",
            "created_at",
            "state",
            "amount",
            "amount_captured",
            "amount_refunded",
            "capture_before",
            "needs_attention",
            "reference",
        )
        sequence = fields
        order_by = "-created_at"


class EventTable(CountedTable):
    event_id = tables.TemplateColumn(verbose_name=_("Event"), template_name=f"{PARTIALS}/event_link.html")
    type = tables.Column(verbose_name=_("Type"))
    status = tables.TemplateColumn(verbose_name=_("Status"), template_name=f"{PARTIALS}/event_status.html")
    reason = tables.Column(verbose_name=_("Reason"), orderable=False, default="")
    attempts = tables.Column(verbose_name=_("Attempts"), attrs=NUMBER)
    received_at = tables.DateTimeColumn(verbose_name=_("Received at"))

    caption = ngettext_lazy("%d event", "%d events")
    # Translators: %(count)s is a number, such as 10,000
    caption_of_more = _("More than %(count)s events. Choose days or search to see the others.")

    class Meta(DashboardTable.Meta):
        template_name = "oscar_vipps/dashboard/table.html"
        model = WebhookEvent
        fields = ("event_id", "type", "status", "reason", "attempts", "received_at")
        sequence = fields
        order_by = "-received_at"
