"""What staff fill in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oscar.templatetags.currency_filters import currency

from oscar_vipps.models import Payment, new_reference
from oscar_vipps.money import to_decimal, to_ore
from oscar_vipps.payments.refunds import refundable


class RefundForm(forms.Form):
    """How much of a captured payment to send back."""

    #: Made with the form, so that pressing the button twice is one refund. Before the amount, which needs it.
    reference = forms.CharField(
        widget=forms.HiddenInput, validators=[RegexValidator(r"\A[a-z0-9]{24}\Z")], initial=new_reference
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount to refund"), decimal_places=2, min_value=Decimal("0.01"), localize=True
    )

    def __init__(self, payment: Payment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payment = payment
        self.left = refundable(payment)
        self.fields["amount"].initial = to_decimal(self.left)

    def clean_amount(self) -> Decimal:
        """Checked again under a lock when the refund is saved."""
        amount: Decimal = self.cleaned_data["amount"]
        is_repeated = self.payment.refunds.filter(reference=self.cleaned_data.get("reference", "")).exists()
        if to_ore(amount) > self.left and not is_repeated:
            left = currency(to_decimal(self.left), self.payment.currency)
            # Translators: an error at the field where staff say how much to refund
            raise forms.ValidationError(_("No more than %(left)s can be refunded.") % {"left": left})
        return amount
