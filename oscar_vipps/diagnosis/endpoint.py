"""The webhook endpoint: whether Stripe sends this shop the right events, and whether they arrive."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.http.request import validate_host
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import KeyRefused
from oscar_vipps.gateway import endpoints
from oscar_vipps.gateway.snapshot import StripeObject
from oscar_vipps.models import WebhookEvent

from .findings import Finding, error, ok, skipped, warning

#: In test mode Stripe's command line may bring the events, and then no endpoint shows.
RECENT = timedelta(days=1)
#: How far back to look for events that didn't arrive, and how long each may take. Stripe tries for so long.
UNDELIVERED_WITHIN = timedelta(days=3)
UNDELIVERED_AFTER = timedelta(minutes=5)


def webhook_url() -> str:
    """Where this site hears events, from outside."""
    return f"https://{Site.objects.get_current().domain}{reverse('vipps:webhook')}"


def of_this_shop(found: list[StripeObject]) -> list[StripeObject]:
    """Those at the addresses of the shop's sites; any one of them serves all."""
    path = reverse("vipps:webhook")
    own = {(domain.lower(), path) for domain in Site.objects.values_list("domain", flat=True)}
    return [endpoint for endpoint in found if endpoints.address(endpoint["url"]) in own]


def elsewhere(found: list[StripeObject]) -> list[StripeObject]:
    """Those of this app at other addresses: an old host's, or another shop's on the same account."""
    own = [endpoint["id"] for endpoint in of_this_shop(found)]
    others = [endpoint for endpoint in found if endpoint["id"] not in own]
    return [endpoint for endpoint in others if endpoints.is_of_this_app(endpoint, webhook_url())]


def check_endpoint() -> Finding:
    """One enabled endpoint has this shop's address, and hears what is handled."""
    try:
        found = endpoints.list_endpoints()
    except KeyRefused as refusal:
        return skipped(str(refusal), _("Give the key read access to webhook endpoints, or look there."))
    own = of_this_shop(found)
    enabled = [endpoint for endpoint in own if endpoint["status"] == "enabled"]
    if enabled:
        return _enabled(enabled)
    if own:
        return error(
            _("%(url)s is disabled.") % own[0],
            _("Run manage.py vipps_register_webhook, which enables it."),
        )
    return _none_here(elsewhere(found))


def _enabled(own: list[StripeObject]) -> Finding:
    """Of one endpoint, or of several while a secret is rolled: any that hears everything is enough."""
    run = _("Run manage.py vipps_register_webhook.")
    best = min(own, key=lambda endpoint: len(endpoints.missing_events(endpoint)))
    if missing := endpoints.missing_events(best):
        text = _("%(url)s doesn't hear %(events)s.")
        return error(text % {"url": best["url"], "events": ", ".join(missing)}, run)
    if get_settings().livemode and best["url"].startswith("http:"):
        return error(_("%(url)s is not encrypted.") % best, _("Give it an address with https."))
    if endpoints.needless_events(best):
        return warning(_("%(url)s hears more than is handled.") % best, run)
    if endpoints.has_other_version(best):
        text = _("%(url)s sends events in the version %(version)s.")
        return warning(
            text % {"url": best["url"], "version": best["api_version"]},
            _("Run manage.py vipps_register_webhook --roll for one in the version of OSCAR_VIPPS."),
        )
    if len(own) > 1:
        return warning(
            _("%(count)d endpoints have this address: each event comes more than once.")
            % {"count": len(own)},
            _("Delete all but the one whose secret you use, with vipps_register_webhook --delete."),
        )
    return ok(_("%(url)s hears all that is handled.") % best)


def _none_here(others: list[StripeObject]) -> Finding:
    run = _("Run manage.py vipps_register_webhook.")
    at_our_hosts = [each for each in others if _is_our_host(each["url"]) and each["status"] == "enabled"]
    if at_our_hosts:
        return warning(
            _("The endpoint is at %(url)s, not at this site's domain.") % at_our_hosts[0],
            _("It works as long as nothing redirects there. Or register this site: vipps_register_webhook."),
        )
    if others:
        return error(
            _("The endpoint is at %(url)s, an old address or another shop's; none is at %(own)s.")
            % {"url": others[0]["url"], "own": webhook_url()},
            run,
        )
    text = _("No endpoint has the address %(url)s.") % {"url": webhook_url()}
    livemode = get_settings().livemode
    lately = WebhookEvent.objects.filter(livemode=livemode, received_at__gt=timezone.now() - RECENT)
    if not livemode and lately.exists():
        return warning(text, _("Events come all the same, say from stripe listen. A live shop needs one."))
    return error(text, run)


def _is_our_host(url: str) -> bool:
    named = [host for host in django_settings.ALLOWED_HOSTS if host != "*"]
    return validate_host(endpoints.address(url)[0].partition(":")[0], named)


def check_deliveries() -> Finding:
    """Stripe gets its events delivered."""
    try:
        found = endpoints.undelivered(within=UNDELIVERED_WITHIN, older_than=UNDELIVERED_AFTER)
    except KeyRefused as refusal:
        return skipped(str(refusal), _("Give the key read access to events, or look at Stripe's Dashboard."))
    if not found:
        return ok(_("All events of the last three days were taken."))
    text = ngettext(
        "%(count)d event of the last three days was not taken, the last being %(type)s.",
        "%(count)d events of the last three days were not taken, the last being %(type)s.",
        len(found),
    ) % {"count": len(found), "type": found[0]["type"]}
    return warning(
        text,
        _(
            "Stripe's Dashboard, Webhooks, says what was answered. 400: WEBHOOK_SECRETS doesn't have this "
            "endpoint's secret. 301 or 302: the address redirects. It may be another endpoint's, too."
        ),
    )
