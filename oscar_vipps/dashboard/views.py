"""The dashboard's pages."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.views.generic import DetailView
from django_tables2 import SingleTableView

from oscar_vipps.models import Payment
from oscar_vipps.payments.refunds import refundable

from .forms import RefundForm
from .tables import PaymentTable
from .timeline import timeline


class PaymentListView(SingleTableView):
    """Every payment, newest first."""

    model = Payment
    table_class = PaymentTable
    template_name = "oscar_vipps/dashboard/payment_list.html"
    context_table_name = "payments"
    paginate_by = 25

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Not with pages of no size, on which the table's library fails."""
        size = request.GET.get("per_page", "25")
        if not (size.isdecimal() and len(size) <= 3 and int(size) > 0):
            raise Http404
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        """With the order, and how much about each needs attention."""
        open_flags = Count("flags", filter=Q(flags__resolved_at=None))
        return (
            Payment.objects.select_related("order")
            .annotate(open_flags=open_flags)
            .order_by("-created_at", "-pk")
        )


class PaymentDetailView(DetailView):
    """One payment: what Stripe confirmed, what happened, what can be done."""

    queryset = Payment.objects.select_related("order")
    slug_field = slug_url_kwarg = "reference"
    context_object_name = "payment"
    template_name = "oscar_vipps/dashboard/payment_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Also ``actions``, the names of what this user may do now, and the ``timeline``."""
        payment, user = self.object, self.request.user
        sensible = {
            "capture": payment.state == Payment.State.AUTHORIZED,
            "release": payment.state == Payment.State.AUTHORIZED,
            "refund": payment.state == Payment.State.CAPTURED and refundable(payment) > 0,
        }
        permissions = {"capture": "capture", "release": "cancel", "refund": "refund"}
        may = {name for name, code in permissions.items() if user.has_perm(f"oscar_vipps.{code}_payment")}
        actions = {name for name, is_sensible in sensible.items() if is_sensible} & may
        ours = {
            "actions": actions,
            "refund_form": RefundForm(payment) if "refund" in actions else None,
            "stripe_url": stripe_url(payment),
            "timeline": timeline(payment),
        }
        return super().get_context_data(**ours, **kwargs)


def stripe_url(payment: Payment) -> str | None:
    """The payment in Stripe's own Dashboard."""
    if payment.payment_intent_id is None:
        return None
    mode = "" if payment.livemode else "test/"
    return f"https://dashboard.stripe.com/{mode}payments/{payment.payment_intent_id}"
