"""``manage.py vipps_register_webhook``: the endpoint at Stripe that tells this shop of its payments."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _

from oscar_vipps.conf import SETTING, get_settings
from oscar_vipps.diagnosis.endpoint import webhook_url
from oscar_vipps.diagnosis.installation import FIRST_DOMAIN
from oscar_vipps.exceptions import GatewayError
from oscar_vipps.gateway import endpoints
from oscar_vipps.gateway.snapshot import StripeObject


class Command(BaseCommand):
    help = (
        "Creates the webhook endpoint of this shop at Stripe, or updates it, so that it hears exactly the "
        "events that are handled. The signing secret of a new one is printed once: Stripe never shows it "
        "again. It works in the mode of SECRET_KEY, test or live."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "url",
            nargs="?",
            help="The webhook's address, where it isn't https, the site's domain and its path.",
        )
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--list", action="store_true", help="Only show the endpoints of the account.")
        action.add_argument(
            "--roll",
            action="store_true",
            help="Make a second endpoint with a new secret, and say how to drop the old one.",
        )
        action.add_argument("--delete", metavar="ID", help="Delete this endpoint (we_...).")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be done.")

    def handle(self, *args: Any, url: str | None, dry_run: bool, **options: Any) -> None:
        self.is_dry = dry_run
        self.url = checked(url) if url else own_url()
        try:
            self.found = endpoints.list_endpoints()
            # Newest first, as Stripe lists.
            self.own = [each for each in self.found if self.is_here(each)]
            if options["list"]:
                self.list_endpoints()
            elif options["delete"]:
                self.delete(options["delete"])
            elif self.own and not options["roll"]:
                self.update(self.own[0])
            else:
                self.create()
        except GatewayError as error:
            raise CommandError(f"{error} {error.hint}".rstrip()) from error
        if not options["delete"]:
            self.show_others()

    def list_endpoints(self) -> None:
        for endpoint in self.found:
            mark = "*" if endpoint in self.own else " "
            version = endpoint["api_version"] or _("the account's version")
            line = f"{mark} {endpoint['id']}  {endpoint['status']}  {endpoint['url']}  {version}"
            self.stdout.write(line)
            if missing := endpoints.missing_events(endpoint) if endpoint in self.own else []:
                self.stdout.write(_("    It doesn't hear %(events)s.") % {"events": ", ".join(missing)})
        if not self.found:
            self.stdout.write(_("The account has no endpoint in this mode."))

    def create(self) -> None:
        if self.is_dry:
            self.stdout.write(_("An endpoint for %(url)s would be made.") % {"url": self.url})
            return
        endpoint, secret = endpoints.create_endpoint(self.url, site=Site.objects.get_current().domain)
        self.stdout.write(_("%(id)s is made: it hears what is handled at %(url)s.") % endpoint)
        olds = [old["id"] for old in self.own]
        if olds:
            self.say_how_to_roll(secret, olds)
            return
        self.stdout.write(_("Its signing secret, which is not shown again. Write in your settings:"))
        self.stdout.write(f'\n    {SETTING} = {{"WEBHOOK_SECRETS": ["{secret}"], ...}}\n')
        self.stdout.write(_("Until then its events are refused, and Stripe sends them again later."))

    def say_how_to_roll(self, secret: str, olds: list[str]) -> None:
        self.stdout.write(
            _("1. Write its signing secret in your settings, before the old one. Not shown again:")
        )
        self.stdout.write(f'\n    {SETTING} = {{"WEBHOOK_SECRETS": ["{secret}", "<old>"], ...}}\n')
        self.stdout.write(
            _("2. When that is deployed, drop the old endpoint, until which events come twice:")
        )
        for old in olds:
            self.stdout.write(f"\n    manage.py vipps_register_webhook --delete {old}\n")
        self.stdout.write(_("3. Some days later, remove the old secret from your settings."))

    def update(self, endpoint: StripeObject) -> None:
        changes = missing, needless = endpoints.missing_events(endpoint), endpoints.needless_events(endpoint)
        if any(changes) or endpoint["status"] != "enabled":
            text = _("%(id)s would be updated.") if self.is_dry else _("%(id)s is updated.")
            if not self.is_dry:
                endpoints.update_endpoint(endpoint["id"])
            self.stdout.write(text % endpoint)
            self.stdout.write(
                "".join([*(f"  + {name}\n" for name in missing), *(f"  - {name}\n" for name in needless)])
            )
        else:
            self.stdout.write(_("%(id)s at %(url)s hears what is handled. Nothing to do.") % endpoint)
        if endpoints.has_other_version(endpoint):
            text = _(
                "Its events have the version %(api_version)s, which can't be changed: --roll makes a new one."
            )
            self.stdout.write(text % endpoint)
        self.stdout.write(
            _("Its signing secret was shown when it was made. Is it lost? --roll makes a new one.")
        )
        if len(self.own) > 1:
            others = ", ".join(each["id"] for each in self.own[1:])
            text = _("%(others)s have the same address. Delete what you don't need: --delete ID")
            self.stdout.write(text % {"others": others})

    def delete(self, endpoint_id: str) -> None:
        endpoint = next((each for each in self.found if each["id"] == endpoint_id), None)
        if endpoint is None:
            raise CommandError(_("There is no endpoint %(id)s in this mode.") % {"id": endpoint_id})
        if not endpoints.is_of_this_app(endpoint, self.url):
            text = _("%(id)s at %(url)s is not this app's. Stripe's Dashboard can delete it.")
            raise CommandError(text % endpoint)
        enabled = [each["id"] for each in self.own if each["status"] == "enabled"]
        if enabled == [endpoint_id]:
            text = _(
                "%(id)s is the only one that tells this shop of its payments. --roll makes another first."
            )
            raise CommandError(text % endpoint)
        if self.is_dry:
            self.stdout.write(_("%(id)s at %(url)s would be deleted.") % endpoint)
            return
        endpoints.delete_endpoint(endpoint_id)
        self.stdout.write(_("%(id)s at %(url)s is deleted.") % endpoint)

    def show_others(self) -> None:
        """Endpoints of this app at other addresses: an old host's, or another shop's."""
        others = [
            each for each in self.found if not self.is_here(each) and endpoints.is_of_this_app(each, self.url)
        ]
        for endpoint in others:
            self.stdout.write(
                _(
                    "%(id)s is at %(url)s. If that is an old address of this shop, delete it: "
                    "vipps_register_webhook --delete %(id)s"
                )
                % endpoint
            )

    def is_here(self, endpoint: StripeObject) -> bool:
        return endpoints.address(endpoint["url"]) == endpoints.address(self.url)


def own_url() -> str:
    """Made of the site's domain and this project's addresses."""
    hint = _("Set the site's domain in Django's admin under Sites, or give the webhook's address.")
    try:
        url = webhook_url()
    except (Site.DoesNotExist, ImproperlyConfigured) as error:
        raise CommandError(hint) from error
    except NoReverseMatch as error:
        raise CommandError(_("The addresses of oscar_vipps are not included in the URLs.")) from error
    if urlsplit(url).hostname == FIRST_DOMAIN:
        raise CommandError(hint)
    return checked(url)


def checked(url: str) -> str:
    """The address, if Stripe can send something there."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise CommandError(_("%(url)s is no address for a webhook.") % {"url": url})
    if parts.scheme == "http" and get_settings().livemode:
        raise CommandError(_("Live payments need an address with https."))
    return url
