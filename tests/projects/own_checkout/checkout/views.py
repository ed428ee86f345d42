"""The shop's own views, with the mixins before Oscar's."""

from typing import Any

from oscar.apps.checkout import views
from oscar.apps.payment.models import Source, SourceType

from oscar_vipps.checkout.mixins import PaymentDetailsMixin, PaymentMethodMixin


class PaymentMethodView(PaymentMethodMixin, views.PaymentMethodView):
    """Had nothing to ask before."""


class PaymentDetailsView(PaymentDetailsMixin, views.PaymentDetailsView):
    """Takes orders on invoice, as it did before."""

    def handle_payment(self, order_number: str, total: Any, **kwargs: Any) -> None:
        if not total.incl_tax:
            return
        source_type, _created = SourceType.objects.get_or_create(code="invoice", defaults={"name": "Invoice"})
        source = Source(source_type=source_type, currency=total.currency, amount_allocated=total.incl_tax)
        self.add_payment_source(source)
        self.add_payment_event("Invoiced", total.incl_tax)
