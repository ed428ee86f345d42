"""The dashboard's tables, in Oscar's look."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from oscar.core.loading import get_class
from oscar.templatetags.currency_filters import currency

from oscar_vipps.models import Payment, WebhookEvent
from oscar_vipps.money import to_decimal

# To a type checker what get_class finds is no class.
DashboardTable: Any = get_class("dashboard.tables", "DashboardTable")

PARTIALS = "oscar_vipps/dashboard/partials"
NUMBER = {"td": {"class": "text-right text-nowrap"}, "th": {"class": "text-right"}}


class AmountColumn(tables.Column):
    """Øre, shown as money."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(attrs=NUMBER, **kwargs)

    def render(self, value: int, record: Payment) -> str:
        return str(currency(to_decimal(value), record.currency))


class PaymentTable(DashboardTable):
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


class EventTable(DashboardTable):
    event_id = tables.TemplateColumn(verbose_name=_("Event"), template_name=f"{PARTIALS}/event_link.html")
    type = tables.Column(verbose_name=_("Type"))
    status = tables.TemplateColumn(verbose_name=_("Status"), template_name=f"{PARTIALS}/event_status.html")
    reason = tables.Column(verbose_name=_("Reason"), orderable=False, default="")
    attempts = tables.Column(verbose_name=_("Attempts"), attrs=NUMBER)
    received_at = tables.DateTimeColumn(verbose_name=_("Received at"))

    caption = ngettext_lazy("%d event", "%d events")

    class Meta(DashboardTable.Meta):
        template_name = "oscar_vipps/dashboard/table.html"
        model = WebhookEvent
        fields = ("event_id", "type", "status", "reason", "attempts", "received_at")
        sequence = fields
        order_by = "-received_at"
