"""Why a shopper's bank disputes a payment, in words for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

#: Stripe's words, and what they mean to a shop.
#: https://docs.stripe.com/api/disputes/object#dispute_object-reason
REASONS = {
    "bank_cannot_process": _("The bank could not process the payment"),
    "check_returned": _("A cheque was returned"),
    "credit_not_processed": _("The shopper waits for a refund"),
    "customer_initiated": _("The shopper asked the bank for the money"),
    "debit_not_authorized": _("The shopper did not allow the payment"),
    "duplicate": _("The shopper has paid twice"),
    "fraudulent": _("Somebody else paid, says the shopper"),
    "general": _("No reason of its own"),
    "incorrect_account_details": _("The account was wrong"),
    "insufficient_funds": _("There was not enough money"),
    "noncompliant": _("A rule of the card network was broken, says the bank"),
    "product_not_received": _("The goods have not come, says the shopper"),
    "product_unacceptable": _("The goods are not as promised, says the shopper"),
    "subscription_canceled": _("A subscription was ended, says the shopper"),
    "unrecognized": _("The shopper does not know the payment"),
}


def in_words(reason: str) -> str:
    """What the bank's reason means; one that isn't known yet as Stripe writes it."""
    return str(REASONS.get(reason, reason))
