"""The shop's other way to pay: on invoice, in any currency. What ``OSCAR_VIPPS["OTHER_METHODS"]`` lists."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from oscar.apps.payment.models import Source, SourceType

from oscar_vipps.checkout.methods import PaymentMethod


class Invoice(PaymentMethod):
    code = "invoice"
    name = _("Invoice")
    description = _("Pay within 14 days of delivery.")
    template_name = "shop/checkout/invoice.html"

    def why_unavailable(self, request: Any, basket: Any, order_total: Any) -> str | None:
        """Anybody may pay on invoice."""
        return None

    def handle_payment(self, view: Any, order_number: str, order_total: Any, **kwargs: Any) -> None:
        """Nothing is paid yet: the invoice follows the goods."""
        source_type, _created = SourceType.objects.get_or_create(code=self.code, defaults={"name": "Invoice"})
        amount = order_total.incl_tax
        view.add_payment_source(
            Source(source_type=source_type, currency=order_total.currency, amount_allocated=amount)
        )
        view.add_payment_event("Invoiced", amount, reference=order_number)
