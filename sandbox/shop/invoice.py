"""The shop's other way to pay: on invoice, in any currency. What ``OSCAR_VIPPS["OTHER_METHODS"]`` lists."""

from typing import Any

from oscar.apps.payment.models import Source, SourceType

from oscar_vipps.checkout.methods import PaymentMethod


class Invoice(PaymentMethod):
    code = "invoice"
    name = "Faktura"
    description = "Betal innen 14 dager etter levering."

    def handle_payment(self, view: Any, order_number: str, order_total: Any, **kwargs: Any) -> None:
        """Nothing is paid yet: the invoice follows the goods."""
        source_type, _ = SourceType.objects.get_or_create(code=self.code, defaults={"name": self.name})
        amount = order_total.incl_tax
        view.add_payment_source(
            Source(source_type=source_type, currency=order_total.currency, amount_allocated=amount)
        )
        view.add_payment_event("Fakturert", amount, reference=order_number)
