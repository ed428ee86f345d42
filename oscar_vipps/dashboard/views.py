"""The dashboard's pages."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django_tables2 import SingleTableView

from oscar_vipps.models import Payment

from .tables import PaymentTable


class PaymentListView(SingleTableView):
    """Every payment, newest first."""

    model = Payment
    table_class = PaymentTable
    template_name = "oscar_vipps/dashboard/payment_list.html"
    context_table_name = "payments"
    paginate_by = 25

    def get_queryset(self) -> Any:
        """With the order, and how much about each needs attention."""
        open_flags = Count("flags", filter=Q(flags__resolved_at=None))
        return (
            Payment.objects.select_related("order")
            .annotate(open_flags=open_flags)
            .order_by("-created_at", "-pk")
        )
