"""What the shop had is one of two ways to pay now."""

from oscar_vipps.checkout.methods import PaymentMethod


class Invoice(PaymentMethod):
    code = "invoice"
    name = "Invoice"
    description = "Pay within 14 days."
