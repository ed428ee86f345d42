from oscar_vipps.checkout.methods import PaymentMethod


class Card(PaymentMethod):
    code = "card"
    name = "Card"
    needs_details = True
