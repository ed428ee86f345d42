"""The dashboard's tables, in Oscar's look."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from oscar.core.loading import get_class
from oscar.templatetags.currency_filters import currency

from oscar_vipps.models import Payment
from oscar_vipps.money import to_decimal

# To a type checker what get_class finds is no class.
DashboardTable: Any = get_class("dashboard.tables", "DashboardTable")


class PaymentTable(DashboardTable):
    order = tables.TemplateColumn(
        verbose_name=_("Order"),
        template_name="oscar_vipps/dashboard/partials/order_link.html",
        order_by="order__number",
    )
    amount = tables.Column(verbose_name=_("Amount"), attrs={"td": {"class": "text-right"}})
    amount_captured = tables.Column(verbose_name=_("Paid"), attrs={"td": {"class": "text-right"}})
    state = tables.Column(verbose_name=_("State"))
    open_flags = tables.TemplateColumn(
        verbose_name=_("Attention"),
        template_name="oscar_vipps/dashboard/partials/attention.html",
        orderable=False,
    )
    reference = tables.TemplateColumn(
        verbose_name=_("Reference"),
        template_name="oscar_vipps/dashboard/partials/payment_link.html",
    )
    created_at = tables.DateTimeColumn(verbose_name=_("Begun at"))

    caption = ngettext_lazy("%d payment", "%d payments")

    class Meta(DashboardTable.Meta):
        model = Payment
        fields = ("order", "created_at", "state", "amount", "amount_captured", "reference", "open_flags")
        sequence = fields
        order_by = "-created_at"

    def render_amount(self, value: int) -> str:
        return self._money(to_decimal(value))

    def render_amount_captured(self, value: int) -> str:
        return self._money(to_decimal(value))

    def _money(self, amount: Decimal) -> str:
        return str(currency(amount, "NOK"))
