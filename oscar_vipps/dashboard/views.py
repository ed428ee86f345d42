"""The list of payments, and the page of one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.generic import DetailView
from django_tables2 import SingleTableView

from oscar_vipps.models import Payment

from .access import may, payments_for
from .filters import NEEDS_ATTENTION, Filter, PaymentFilter
from .possible import possible
from .tables import CountedData, PaymentTable
from .timeline import timeline


class FilteredTableView(SingleTableView):
    """A table below the form that says what is in it. Where the form isn't valid, it says why, with a 400."""

    filter_class: type[Filter]
    # Not paginate_by, for then all rows are counted twice.
    table_pagination: ClassVar = {"per_page": 25}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Not with pages of no size, on which the table's library fails."""
        size = request.GET.get("per_page", "25")
        if not (size.isdecimal() and len(size) <= 3 and int(size) > 0):
            raise Http404
        return super().get(request, *args, **kwargs)

    def get_rows(self) -> Any:
        """All that this user may see."""
        raise NotImplementedError

    def get_queryset(self) -> Any:
        self.filter_form = self.filter_class(self.request.GET)
        return self.filter_form.apply(self.get_rows())

    def get_table_data(self) -> CountedData:
        return CountedData(self.object_list)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Also ``form``, and ``is_filtered``: whether something is looked for."""
        form = self.filter_form
        is_filtered = not form.is_valid() or any(form.cleaned_data.values())
        return super().get_context_data(form=form, is_filtered=is_filtered, **kwargs)

    def render_to_response(self, context: dict[str, Any], **response: Any) -> HttpResponseBase:
        status = 200 if self.filter_form.is_valid() else 400
        return super().render_to_response(context, status=status, **response)


class PaymentListView(FilteredTableView):
    """Payments, newest first."""

    filter_class = PaymentFilter
    table_class = PaymentTable
    template_name = "oscar_vipps/dashboard/payment_list.html"
    context_table_name = "payments"

    def get_rows(self) -> Any:
        """With the order, and whether something about each needs attention."""
        payments = payments_for(self.request.user).annotate(needs_attention=NEEDS_ATTENTION)
        return payments.order_by("-created_at", "-pk")

    def get_table_kwargs(self) -> dict[str, Any]:
        """Without boxes to tick for those who may not capture."""
        return {} if self.may_capture else {"exclude": ("select",)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Also ``may_capture``."""
        return super().get_context_data(may_capture=self.may_capture, **kwargs)

    @property
    def may_capture(self) -> bool:
        return may(self.request.user, "view_payment") and may(self.request.user, "capture_payment")


class PaymentDetailView(DetailView):
    """One payment: what Stripe confirmed, what happened, what can be done."""

    slug_field = slug_url_kwarg = "reference"
    context_object_name = "payment"
    template_name = "oscar_vipps/dashboard/payment_detail.html"

    def get_queryset(self) -> Any:
        return payments_for(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Also what this user can do now, and the ``timeline``."""
        payment = self.object
        ours = {
            **possible(payment, self.request.user),
            "stripe_url": stripe_url(payment),
            "timeline": timeline(payment),
        }
        return super().get_context_data(**{**ours, **kwargs})


def stripe_url(payment: Payment) -> str | None:
    """The payment in Stripe's own Dashboard."""
    if payment.payment_intent_id is None:
        return None
    mode = "" if payment.livemode else "test/"
    return f"https://dashboard.stripe.com/{mode}payments/{payment.payment_intent_id}"
