"""What staff fill in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oscar.templatetags.currency_filters import currency

from oscar_vipps.models import Payment, Refund, new_reference
from oscar_vipps.money import to_decimal, to_ore
from oscar_vipps.payments.refund_lines import quantities_left
from oscar_vipps.payments.refunds import Wish, refundable, reserved_left

QUANTITY = "quantity_{}"


class RefundForm(forms.Form):
    """What to send back: goods, an amount, or goods for another amount than they cost."""

    #: Two such forms may be on one page.
    prefix_of_ids = "refund"

    #: Made with the form, so that pressing the button twice is one refund.
    reference = forms.CharField(
        widget=forms.HiddenInput, validators=[RegexValidator(r"\A[a-z0-9]{24}\Z")], initial=new_reference
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount to refund"),
        decimal_places=2,
        min_value=Decimal("0.01"),
        localize=True,
        required=False,
    )
    reason = forms.ChoiceField(
        # Translators: why staff send money back
        label=gettext_lazy("Reason"),
        choices=[("", "---------"), *Refund.Reason.choices],
        required=False,
    )
    #: Asked, for nobody else knows.
    returns_stock = forms.ChoiceField(
        label=gettext_lazy("Do the goods go back in stock?"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, payment: Payment, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_{self.prefix_of_ids}_%s")
        self.payment = payment
        self.left = self.compute_left()
        # Translators: below the field where staff say how much to refund
        help_text = _("At most %(left)s. Leave it empty for what the goods cost.")
        self.fields["amount"].help_text = help_text % {"left": self.left_as_money()}
        left_of = quantities_left(payment).items()
        self.lines = {QUANTITY.format(line.pk): (line, left) for line, left in left_of}
        for name in ("amount", "reason"):
            # A plain select: Oscar's own is as wide as the page was when it was hidden.
            self.fields[name].widget.attrs["class"] = "form-control no-widget-init"
        # Pressed twice: what was left the first time is left no more.
        self.is_repeated = payment.refunds.filter(reference=self.data.get("reference", "")).exists()
        for name, (line, left) in self.lines.items():
            self.fields[name] = forms.IntegerField(
                # Translators: %(title)s is a product's name; the field takes how many of it are refunded
                label=_("How many of %(title)s") % {"title": line.title},
                min_value=0,
                max_value=line.quantity if self.is_repeated else left,
                required=False,
                widget=forms.NumberInput(attrs={"class": "form-control"}),
            )

    def compute_left(self) -> int:
        """Øre that may be asked for."""
        return refundable(self.payment)

    def left_as_money(self) -> str:
        return str(currency(to_decimal(self.left), self.payment.currency))

    def line_fields(self) -> Iterator[tuple[Any, int, forms.BoundField]]:
        """Each order line, how many of it are left, and its field."""
        for name, (line, left) in self.lines.items():
            yield line, left, self[name]

    def clean_amount(self) -> Decimal | None:
        """Checked again under a lock when the refund is saved."""
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is not None and to_ore(amount) > self.left and not self.is_repeated:
            # Translators: an error at the field where staff say how much to refund
            text = _("No more than %(left)s can be refunded.") % {"left": self.left_as_money()}
            raise forms.ValidationError(text)
        return amount

    def clean(self) -> dict[str, Any]:
        """Something must be asked for, and for goods where they go."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and data["amount"] is None and not self.goods:
            # Translators: an error at the field where staff say how much to refund
            self.add_error("amount", _("Say how much, or which goods."))
        if not self.errors and self.goods and not data["returns_stock"]:
            self.add_error("returns_stock", _("Say whether the goods go back in stock."))
        return data

    @property
    def goods(self) -> dict[Any, int]:
        """Order line: how many."""
        found = {line: self.cleaned_data.get(name) for name, (line, _left) in self.lines.items()}
        return {line: quantity for line, quantity in found.items() if quantity}

    def wish(self, by: Any) -> Wish:
        """What was filled in, as ``request_refund`` takes it."""
        data = self.cleaned_data
        return Wish(
            amount=None if data["amount"] is None else to_ore(data["amount"]),
            goods=self.goods,
            returns_stock=bool(self.goods) and data["returns_stock"] == "yes",
            reason=data["reason"],
            reference=data["reference"],
            by=by,
        )


class CapturePartForm(RefundForm):
    """What of a reservation isn't to be kept. Vipps captures the whole; the rest is refunded at once."""

    prefix_of_ids = "part"

    def compute_left(self) -> int:
        """Not all of it: whoever wants nothing releases the reservation."""
        return max(0, reserved_left(self.payment) - 1)
