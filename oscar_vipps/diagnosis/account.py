"""Stripe: whether it can be reached, and what it lets this key and its account do."""

from __future__ import annotations

from datetime import datetime, timezone

from django.contrib.sites.models import Site
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import KeyRefused, NotEnrolled
from oscar_vipps.gateway import account
from oscar_vipps.gateway.events import TOLERANCE

from .findings import Finding, error, ok, skipped, warning

#: Seconds that the clocks may differ. Stripe's own is given in whole seconds, and an answer takes a while.
LITTLE_SKEW = 30
#: From here on, signatures may seem too old.
MUCH_SKEW = TOLERANCE // 2


def check_account() -> Finding:
    """Stripe answers and takes the key."""
    account.look()
    return ok(_("It answers and takes the key."))


def check_activation() -> Finding:
    """The account may take payments."""
    allowed = account.look().charges_enabled
    if allowed is None:
        return skipped(_("A restricted key may not know."))
    if allowed:
        return ok(_("It may take payments."))
    hint = _("Finish what Stripe's Dashboard asks for. Test payments work without.")
    text = _("It may not take payments yet.")
    return error(text, hint) if get_settings().livemode else warning(text, hint)


def check_clock() -> Finding:
    """This machine's clock is right, or signed events seem too old."""
    stripes = account.look().time
    if stripes is None:
        return skipped(_("Stripe's answer has no date."))
    seconds = abs(round((datetime.now(timezone.utc) - stripes).total_seconds()))
    if seconds < LITTLE_SKEW:
        return ok(_("It agrees with Stripe's."))
    text = ngettext(
        "It differs from Stripe's by %(seconds)d second.",
        "It differs from Stripe's by %(seconds)d seconds.",
        seconds,
    ) % {"seconds": seconds}
    hint = _("Let the machine keep its time with NTP. Events that seem older than five minutes are refused.")
    return error(text, hint) if seconds >= MUCH_SKEW else warning(text, hint)


def check_preview() -> Finding:
    """The account is enrolled in the Vipps preview, in this key's mode."""
    if get_settings().preview is None:
        return ok(_("Not needed: PREVIEW is None."))
    try:
        account.try_preview()
    except NotEnrolled as refusal:
        return error(str(refusal), refusal.hint)
    except KeyRefused as refusal:
        return skipped(_("This key may not ask: %(refusal)s") % {"refusal": refusal})
    return ok(_("Enrolled in live mode.") if get_settings().livemode else _("Enrolled in test mode."))


def check_permissions() -> Finding:
    """A restricted key may do what payments need."""
    if not get_settings().secret_key.startswith("rk_"):
        return ok(_("A secret key may do everything."))
    if missing := account.missing_permissions():
        return error(
            " ".join(missing),
            _("Give the key write access to Checkout Sessions, PaymentIntents, and Charges and Refunds."),
        )
    return ok(_("The restricted key may do all that payments need."))


def check_session() -> Finding:
    """A Checkout Session can be made, in NOK, and offers Vipps. It is expired at once."""
    methods = account.try_session(site=Site.objects.get_current().domain)
    if "vipps" not in methods:
        return error(
            # Translators: %(methods)s are Stripe's names of payment methods
            _("A Checkout Session offers %(methods)s, and not vipps.")
            % {"methods": ", ".join(methods) or _("nothing")},
            _("Switch Vipps on in Stripe's Dashboard under Settings > Payment methods, for this mode."),
        )
    return ok(_("A Checkout Session in NOK offers Vipps. It was expired at once."))
