"""``vipps_register_webhook``: the endpoint at Stripe is what the app needs, and its secret is shown once."""

from __future__ import annotations

import logging
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.core.management.base import CommandError

from oscar_vipps.gateway.events import HANDLED
from oscar_vipps.models import Payment, WebhookEvent
from tests.integration.books import books
from tests.simulator.orders import client_for
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper
from tests.support.simulator import Json

DOMAIN = "butikk.example"
URL = f"https://{DOMAIN}/vipps/webhook/"
OLD_URL = "https://old.example/vipps/webhook/"


@pytest.fixture(autouse=True)
def site(shop: Shop, settings: Any) -> Any:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0, "TIMEOUT": 2}
    Site.objects.update(domain=DOMAIN)
    Site.objects.clear_cache()
    yield
    Site.objects.clear_cache()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("vipps_register_webhook", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as raised:
        run(*arguments)
    return str(raised.value)


def secrets_in(said: str) -> list[str]:
    return re.findall(r"whsec_\w+", said)


def endpoints(shop: Shop) -> list[Json]:
    """Oldest first."""
    found: list[Json] = shop.simulator.state()["endpoints"]
    return found


def made(shop: Shop, url: str = URL, **changes: Any) -> str:
    """An endpoint that somebody made in Stripe's Dashboard; its id."""
    parameters: Any = {"url": url, "enabled_events": sorted(HANDLED), **changes}
    return client_for(shop.simulator).v1.webhook_endpoints.create(parameters).id


# A new one


def test_it_is_made_for_the_events_that_are_handled(shop: Shop) -> None:
    said = run()
    [endpoint] = endpoints(shop)
    assert endpoint["url"] == URL
    assert endpoint["enabled_events"] == sorted(HANDLED)
    assert (endpoint["status"], endpoint["api_version"]) == ("enabled", "2026-04-22.preview")
    assert endpoint["metadata"] == {"oscar_vipps_site": DOMAIN}
    [secret] = secrets_in(said)
    assert f'OSCAR_VIPPS = {{"WEBHOOK_SECRETS": ["{secret}"], ...}}' in said


def test_the_secret_that_is_shown_verifies_what_stripe_delivers_then(
    shop: Shop, shopper: Shopper, product: Any, live_server: Any, settings: Any
) -> None:
    said = run(f"{live_server.url}/vipps/webhook/")
    [secret] = secrets_in(said)
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "WEBHOOK_SECRETS": [secret]}
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    deliveries = shop.simulator.wait_for_deliveries()
    # Only what is handled is sent, and all of it is taken.
    assert {each["type"] for each in deliveries} <= HANDLED
    assert {each["status"] for each in deliveries} == {"delivered"}
    assert books(payment)["status"] == "Paid"


def test_the_wrong_secret_does_not(
    shop: Shop, shopper: Shopper, product: Any, live_server: Any, settings: Any
) -> None:
    run(f"{live_server.url}/vipps/webhook/")
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    deliveries = shop.simulator.wait_for_deliveries()
    assert {each["attempts"][0]["status"] for each in deliveries} == {400}
    assert WebhookEvent.objects.count() == 0


def test_the_secret_is_in_no_log(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    [secret] = secrets_in(run())
    assert caplog.records, "Stripe's library logs at this level"
    assert secret not in caplog.text
    assert "whsec_" not in caplog.text


def test_the_secret_is_shown_once(shop: Shop) -> None:
    assert len(secrets_in(run())) == 1
    assert secrets_in(run()) == secrets_in(run("--list")) == []


def test_an_account_that_is_not_enrolled_yet_can_have_one(shop: Shop) -> None:
    shop.simulator.account(vipps_enrolled=False)
    run()
    assert len(endpoints(shop)) == 1


def test_where_stripe_takes_no_preview_for_an_endpoint_it_gets_the_accounts_version(shop: Shop) -> None:
    """Not documented, so either answer must do."""
    error = {"message": "Invalid API version", "param": "api_version"}
    shop.simulator.fault("error", "/v1/webhook_endpoints", "POST", status=400, error=error)
    assert len(secrets_in(run())) == 1
    [endpoint] = endpoints(shop)
    assert endpoint["api_version"] is None
    assert "Nothing to do" in run()


def test_what_stripe_refuses_is_told(shop: Shop) -> None:
    error = {"message": "Invalid URL: URL must be publicly accessible."}
    shop.simulator.fault("error", "/v1/webhook_endpoints", "POST", status=400, error=error)
    assert "must be publicly accessible" in refused()
    assert endpoints(shop) == []


def test_a_key_that_may_not_is_told_which_permission_it_lacks(shop: Shop, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "SECRET_KEY": "rk_test_shop"}
    shop.simulator.account(restricted_key=["webhook_read"])
    assert "rak_webhook_write" in refused()


def test_it_is_made_in_the_mode_of_the_key(shop: Shop, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "SECRET_KEY": "sk_live_shop"}
    made(shop)
    run()
    assert [each["livemode"] for each in endpoints(shop)] == [False, True]


# One that is there


def test_one_that_is_right_is_left_alone(shop: Shop) -> None:
    run()
    before = endpoints(shop)
    assert "Nothing to do" in run()
    assert endpoints(shop) == before
    assert shop.simulator.requests("POST", f"/v1/webhook_endpoints/{before[0]['id']}") == []


@pytest.mark.parametrize("events", [["charge.refunded", "refund.created"], ["*"]])
def test_one_that_hears_something_else_is_updated(shop: Shop, events: list[str]) -> None:
    id = made(shop, enabled_events=events)
    said = run()
    [endpoint] = endpoints(shop)
    assert (endpoint["id"], endpoint["enabled_events"]) == (id, sorted(HANDLED))
    assert f"  - {events[0]}\n" in said
    assert ("  + checkout.session.completed\n" in said) is (events != ["*"])
    assert secrets_in(said) == []


def test_one_that_is_disabled_is_enabled(shop: Shop) -> None:
    id = made(shop)
    client_for(shop.simulator).v1.webhook_endpoints.update(id, {"disabled": True})
    run()
    [endpoint] = endpoints(shop)
    assert endpoint["status"] == "enabled"


def test_one_of_another_version_is_kept_and_told_of(shop: Shop) -> None:
    made(shop, api_version="2026-03-25.dahlia")
    assert "version 2026-03-25.dahlia, which can't be changed: --roll makes a new one" in run()
    assert len(endpoints(shop)) == 1


def test_those_of_others_on_the_account_are_left_alone(shop: Shop) -> None:
    other = made(shop, "https://accounting.example/stripe/", enabled_events=["*"])
    run()
    said = run()
    assert endpoints(shop)[0]["enabled_events"] == ["*"]
    assert other not in said
    assert "is not this app's" in refused("--delete", other)
    assert len(endpoints(shop)) == 2


# Rolling


def test_a_secret_is_rolled_without_a_gap(
    shop: Shop, shopper: Shopper, product: Any, live_server: Any, settings: Any
) -> None:
    url = f"{live_server.url}/vipps/webhook/"
    [old_secret] = secrets_in(run(url))
    [old] = [each["id"] for each in endpoints(shop)]
    said = run(url, "--roll")
    [new_secret] = secrets_in(said)
    assert new_secret != old_secret
    assert f'"WEBHOOK_SECRETS": ["{new_secret}", "<old>"]' in said
    assert f"--delete {old}" in said
    # Both are there, so each event comes twice, and is processed once.
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "WEBHOOK_SECRETS": [new_secret, old_secret]}
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    deliveries = shop.simulator.wait_for_deliveries()
    assert {each["status"] for each in deliveries} == {"delivered"}
    assert len(deliveries) == 2 * WebhookEvent.objects.count() > 0
    assert books(payment)["status"] == "Paid"
    # Then the old one goes, and its secret with it.
    run(url, "--delete", old)
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "WEBHOOK_SECRETS": [new_secret]}
    second = shopper.go_to_vipps(product)
    shop.simulator.pay(second.session_id or "")
    assert {each["status"] for each in shop.simulator.wait_for_deliveries()} == {"delivered"}
    assert books(Payment.objects.get(pk=second.pk))["status"] == "Paid"


def test_the_last_one_is_not_deleted(shop: Shop) -> None:
    run()
    [endpoint] = endpoints(shop)
    assert "is the only one that tells this shop" in refused("--delete", endpoint["id"])
    assert endpoints(shop) == [endpoint]


# An old host


def test_one_at_an_old_address_is_shown_and_deleted_when_asked(shop: Shop) -> None:
    """Field failure 3."""
    old = made(shop, OLD_URL)
    said = run()
    assert f"{old} is at {OLD_URL}. If that is an old address of this shop, delete it" in said
    assert [each["url"] for each in endpoints(shop)] == [OLD_URL, URL]
    run("--delete", old)
    assert [each["url"] for each in endpoints(shop)] == [URL]


def test_one_that_is_not_there_cannot_be_deleted(shop: Shop) -> None:
    assert "There is no endpoint we_1" in refused("--delete", "we_1")


# Looking only


@pytest.mark.parametrize("arguments", [[], ["--roll"], ["--delete", "OLD"], ["--list"]])
def test_a_dry_run_changes_nothing(shop: Shop, arguments: list[str]) -> None:
    old = made(shop, OLD_URL)
    made(shop, enabled_events=["refund.created"])
    before = endpoints(shop)
    run("--dry-run", *[argument.replace("OLD", old) for argument in arguments])
    assert endpoints(shop) == before


def test_a_dry_run_says_what_would_be_made(shop: Shop) -> None:
    assert f"An endpoint for {URL} would be made." in run("--dry-run")
    assert endpoints(shop) == []


def test_they_are_listed(shop: Shop) -> None:
    assert "no endpoint in this mode" in run("--list")
    made(shop, OLD_URL)
    id = made(shop, enabled_events=["refund.created"])
    said = run("--list")
    assert f"* {id}  enabled  {URL}" in said
    assert "  enabled  https://old.example" in said
    [missing] = [line for line in said.splitlines() if "It doesn't hear" in line]
    assert "checkout.session.async_payment_failed" in missing
    assert "refund.created" not in missing


# Addresses


@pytest.mark.parametrize("url", ["butikk.example", "ftp://butikk.example/", "https://", "https://a:b@c.no/"])
def test_what_is_no_address_is_refused(shop: Shop, url: str) -> None:
    assert "is no address for a webhook" in refused(url)


def test_live_payments_need_https(shop: Shop, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "SECRET_KEY": "sk_live_shop"}
    assert "https" in refused("http://butikk.example/vipps/webhook/")


def test_a_site_without_a_domain_of_its_own_is_no_address(shop: Shop) -> None:
    Site.objects.update(domain="example.com")
    Site.objects.clear_cache()
    assert "Set the site's domain" in refused()
    assert endpoints(shop) == []
