"""Why a try to pay failed, in words for the shopper."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Translators: the next texts tell a shopper why a payment with Vipps did not go through
_CARD = _("The card that is linked to Vipps was declined.")
_EXPIRED = _("The payment was not approved in the Vipps app within five minutes.")

#: Stripe's ``decline_code`` or ``code`` -> a sentence. https://docs.stripe.com/declines/codes
#: What might tell a thief something (that a card is reported stolen, for instance) is left at the default.
REASONS: dict[str, Promise] = {
    "insufficient_funds": _("There is not enough money on the card that is linked to Vipps."),
    "expired_card": _("The card that is linked to Vipps has expired."),
    "card_velocity_exceeded": _("The limit of the card that is linked to Vipps is reached."),
    "withdrawal_count_limit_exceeded": _("The limit of the card that is linked to Vipps is reached."),
    "processing_error": _("The bank could not process the payment. You can try again."),
    "try_again_later": _("The bank could not process the payment. You can try again."),
    "issuer_not_available": _("The bank could not be reached. You can try again."),
    "payment_intent_payment_attempt_expired": _EXPIRED,
    "payment_method_customer_decline": _("The payment was declined in the Vipps app."),
    "payment_intent_authentication_failure": _("The payment was not approved in the Vipps app."),
}


def reason_for(code: str) -> Promise:
    """The sentence for what Stripe said; a general one for what isn't in the list."""
    return REASONS.get(code, _CARD)
