"""``vipps_doctor``: a healthy shop, and what it says of broken ones. Stripe is asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import oscar
import pytest
import time_machine
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.utils import timezone as django_timezone
from oscar.core.loading import get_model

from oscar_vipps.diagnosis import endpoint, traffic
from oscar_vipps.diagnosis.doctor import CHECKS
from oscar_vipps.gateway import client
from oscar_vipps.gateway.events import HANDLED
from oscar_vipps.models import Flag, Payment, WebhookEvent
from tests.simulator.orders import client_for
from tests.support.fixtures import SECRET, Shop
from tests.support.healthy_shop import DOMAIN, change
from tests.support.mail import DOWN, mail_settings
from tests.support.shopper import Shopper, personal

URL = f"https://{DOMAIN}/vipps/webhook/"
LOCKS = "ok" if connection.features.has_select_for_update else "warning"
#: The marks of a shop in which something was bought.
HEALTHY = {check.name: "ok" for check in CHECKS} | {"locks": LOCKS}
ENDPOINTS = "/v1/webhook_endpoints"


def run(*arguments: str) -> tuple[str, bool]:
    """What it printed, and whether the exit status was 0."""
    out = StringIO()
    try:
        call_command("vipps_doctor", *arguments, stdout=out, stderr=StringIO(), no_color=True)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def results(*arguments: str) -> dict[str, dict[str, str]]:
    said, is_well = run("--json", *arguments)
    found = {result["check"]: result for result in json.loads(said)}
    assert is_well is ("error" not in {result["mark"] for result in found.values()})
    return found


def marks(found: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: result["mark"] for name, result in found.items()}


# Healthy


def test_a_healthy_shop(healthy: Shop) -> None:
    found = results()
    assert marks(found) == HEALTHY
    assert found["endpoint"]["text"] == f"{URL} hears all that is handled."
    assert found["keys"]["text"] == "A secret key for test mode, and 1 signing secret."
    assert [result["hint"] for name, result in found.items() if result["mark"] == "ok"] == [""] * len(
        [mark for mark in HEALTHY.values() if mark == "ok"]
    )


def test_it_prints_one_line_for_each_and_what_to_do(healthy: Shop, settings: Any) -> None:
    change(settings, CAPTURE="later")
    said, is_well = run()
    lines = said.splitlines()
    assert not is_well
    assert lines[0].startswith('[wrong] Settings: OSCAR_VIPPS["CAPTURE"] must be one of')
    assert lines[1].startswith("        In your Django settings, write for example")
    assert "[-    ] Keys: The settings can't be used." in lines
    assert len([line for line in lines if line.startswith("[")]) == len(CHECKS)


def test_marks_have_colours_on_a_terminal(healthy: Shop) -> None:
    out = StringIO()
    call_command("vipps_doctor", stdout=out, force_color=True)
    assert "\x1b[32;1m[ok   ]\x1b[0m Settings: " in out.getvalue()


def test_a_shop_in_which_nothing_was_bought_yet(ready: Shop) -> None:
    call_command("vipps_register_webhook", stdout=StringIO())
    assert marks(results()) == HEALTHY | {"last_event": "warning", "reconciler": "warning"}


def test_what_it_makes_at_stripe_cannot_be_paid(healthy: Shop) -> None:
    before = {session["id"] for session in healthy.simulator.state()["sessions"]}
    run()
    [session] = [each for each in healthy.simulator.state()["sessions"] if each["id"] not in before]
    assert session["status"] == "expired"
    assert session["amount_total"] == 300
    said, _well = run("--read-only")
    assert "Vipps at Stripe: Not tried" in said
    assert len(healthy.simulator.state()["sessions"]) == len(before) + 1


def test_a_session_that_could_not_be_expired_is_ended_by_the_reconciler(healthy: Shop) -> None:
    def left() -> list[str]:
        return [each["id"] for each in healthy.simulator.state()["sessions"] if each["status"] == "open"]

    healthy.simulator.fault("close", "/v1/checkout/sessions/cs", "POST")
    assert marks(results())["session"] == "error"
    assert len(left()) == 1
    call_command("vipps_reconcile", stdout=StringIO())
    assert left() == []


def test_the_event_of_what_it_makes_is_ignored(healthy: Shop) -> None:
    run()
    healthy.deliver("checkout.session.expired")
    assert WebhookEvent.objects.latest("pk").status == "ignored"


def test_read_only_changes_nothing_anywhere(healthy: Shop) -> None:
    healthy.simulator.account(restricted_key=None)
    asked = len(healthy.simulator.requests())
    run("--read-only")
    assert {entry["method"] for entry in healthy.simulator.requests()[asked:]} == {"GET"}


# Broken. Each says what is changed, which marks are others then, and a piece of the text or hint.

Break = Callable[[Shop, Any, pytest.MonkeyPatch], object]


def no_setting(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    # To set it tells everybody that it changed; to delete it doesn't.
    settings.OSCAR_VIPPS = {}
    del settings.OSCAR_VIPPS


def publishable_key(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, SECRET_KEY="pk_test_1")


def unusable_value(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, CAPTURE="later")


def unknown_name(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, WEBHOOK_SECRET="whsec_1")


def no_webhook_secret(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, WEBHOOK_SECRETS=[])


def revoked_key(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    error = {"message": "Expired API Key provided: sk_test_****"}
    shop.simulator.fault("error", "/v1/account", status=401, error=error)


def unreachable(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, API_BASE="http://127.0.0.1:9")


def stripe_is_down(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    shop.simulator.fault("error", "/v1/account", status=503)


def papers_are_missing(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    shop.simulator.account(charges_enabled=False)


def not_enrolled(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    shop.simulator.account(vipps_enrolled=False, mode="test")


def vipps_is_off(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    shop.simulator.account(vipps_enabled=False)


def vipps_is_dropped(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    """The newer parameter only filters."""
    change(settings, API_VERSION="2026-09-30.preview")
    shop.simulator.account(vipps_enabled=False)


def key_may_not_refund(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, SECRET_KEY="rk_test_shop")
    given = ["checkout_session_write", "payment_intent_write", "webhook_read", "event_read"]
    shop.simulator.account(restricted_key=given)


def key_may_only_pay(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, SECRET_KEY="rk_test_shop")
    given = ["checkout_session_write", "payment_intent_write", "charge_write"]
    shop.simulator.account(restricted_key=given)


def no_endpoint(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    """And no event lately, which Stripe's command line might have brought."""
    for each in shop.simulator.state()["endpoints"]:
        client_for(shop.simulator).v1.webhook_endpoints.delete(each["id"])
    WebhookEvent.objects.update(received_at=django_timezone.now() - timedelta(days=2))


def events_from_the_command_line(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    for each in shop.simulator.state()["endpoints"]:
        client_for(shop.simulator).v1.webhook_endpoints.delete(each["id"])


def another_endpoint(url: str = URL, **changes: Any) -> Break:
    """In place of the good one."""

    def make(shop: Shop, settings: Any, monkeypatch: Any) -> None:
        endpoints = client_for(shop.simulator).v1.webhook_endpoints
        for each in shop.simulator.state()["endpoints"]:
            endpoints.delete(each["id"])
        disabled = changes.pop("disabled", False)
        version = "2026-04-22.preview"
        parameters: Any = {"url": url, "enabled_events": sorted(HANDLED), "api_version": version, **changes}
        made = endpoints.create(parameters)
        endpoints.update(made.id, {"disabled": disabled})

    return make


def endpoint_at_another_of_our_hosts(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    settings.ALLOWED_HOSTS = [".butikk.example"]
    another_endpoint(f"https://www.{DOMAIN}/vipps/webhook/")(shop, settings, monkeypatch)


def two_endpoints(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    call_command("vipps_register_webhook", "--roll", stdout=StringIO())


def events_are_refused(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    """The simulator's own deliveries to that address fail."""
    monkeypatch.setattr(endpoint, "UNDELIVERED_AFTER", timedelta(seconds=-60))
    session = client.create_session(
        {
            "mode": "payment",
            "payment_method_types": ["vipps"],
            "line_items": [
                {
                    "price_data": {
                        "currency": "nok",
                        "unit_amount": 300,
                        "product_data": {"name": "x"},
                    },
                    "quantity": 1,
                }
            ],
            "success_url": "https://butikk.example/",
        },
        idempotency_key="refused",
    )
    client.expire_session(session["id"])


def events_stopped_coming(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    """Field failure 3."""
    moment = django_timezone.now() - timedelta(hours=1)
    WebhookEvent.objects.update(received_at=moment - timedelta(days=1))
    Payment.objects.update(created_at=moment, updated_at=moment)


def events_never_came(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    WebhookEvent.objects.all().delete()
    Payment.objects.update(updated_at=django_timezone.now() - timedelta(hours=1))


def an_event_failed(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    event = WebhookEvent.objects.order_by("pk")[0]
    moment = django_timezone.now() - timedelta(minutes=20)
    WebhookEvent.objects.filter(pk=event.pk).update(status="failed", received_at=moment)


def nobody_reconciles(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    moment = django_timezone.now() - timedelta(hours=2)
    Payment.objects.update(confirmation_sent_at=None, checked_at=moment, updated_at=moment)


def a_payment_is_flagged(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    Flag.objects.create(payment=Payment.objects.get(), reason=Flag.Reason.LATE_PAYMENT)


def gap_in_the_pipeline(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(get_model("order", "Order"), "pipeline", {"Pending": (), "Paid": ()})


def no_statuses(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    change(settings, ORDER_STATUS={})


def templates_are_hidden(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    folder = Path(str(oscar.__file__)).parent / "templates"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(folder)]}]


def no_price_in_nok(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    settings.OSCAR_DEFAULT_CURRENCY = "EUR"
    get_model("partner", "StockRecord").objects.update(price_currency="EUR")


def send_mail_by(settings: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


def mail_server_is_down(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    send_mail_by(settings, DOWN)


def mail_goes_nowhere(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    send_mail_by(settings, mail_settings("console"))


def nobody_sends_the_mail(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    settings.OSCAR_FROM_EMAIL = "oscar@example.com"


def site_without_a_domain(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    Site.objects.update(domain="example.com")
    Site.objects.clear_cache()


def no_site(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    settings.SITE_ID = 99
    Site.objects.clear_cache()


def table_is_missing(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    def fail(now: object) -> None:
        raise DatabaseError('relation "oscar_vipps_webhookevent" does not exist')

    monkeypatch.setattr(traffic, "unprocessed_events", fail)


def a_check_fails(shop: Shop, settings: Any, monkeypatch: Any) -> None:
    def fail(now: object) -> None:
        raise RuntimeError("kari@example.com")

    monkeypatch.setattr(traffic, "unprocessed_events", fail)


NOT_ASKED = dict.fromkeys([check.name for check in CHECKS if check.asks_stripe], "skipped")
WITHOUT_SETTINGS = NOT_ASKED | {
    "settings": "error",
    "keys": "skipped",
    "pipeline": "skipped",
    "locks": "skipped" if LOCKS == "warning" else "ok",
    "last_event": "skipped",
    "events": "ok",
    "reconciler": "skipped",
}
STRIPE_FAILS = NOT_ASKED | {"account": "error"}

BROKEN: list[tuple[Break, dict[str, str], str, str]] = [
    (
        no_setting,
        STRIPE_FAILS | {"settings": "error", "keys": "skipped", "pipeline": "warning"},
        "settings",
        "OSCAR_VIPPS is missing",
    ),
    (
        publishable_key,
        STRIPE_FAILS | {"settings": "error", "keys": "skipped"},
        "settings",
        "is a publishable key",
    ),
    (unusable_value, WITHOUT_SETTINGS, "settings", "must be one of automatic"),
    (unknown_name, {"settings": "error"}, "settings", 'Did you mean "WEBHOOK_SECRETS"?'),
    (no_webhook_secret, {"settings": "error"}, "settings", "is missing or empty"),
    (revoked_key, STRIPE_FAILS, "account", "Expired API Key"),
    (unreachable, STRIPE_FAILS, "account", "No answer from Stripe."),
    (stripe_is_down, STRIPE_FAILS, "account", "Stripe answered 503."),
    (papers_are_missing, {"activation": "warning"}, "activation", "It may not take payments yet."),
    (
        not_enrolled,
        {"preview": "error", "session": "error"},
        "preview",
        "Enrolment is per account and per mode",
    ),
    (vipps_is_off, {"session": "error"}, "session", "activated in your dashboard"),
    (
        vipps_is_dropped,
        {"session": "error", "endpoint": "warning"},
        "session",
        "offers nothing, and not vipps. Switch Vipps on",
    ),
    (
        key_may_not_refund,
        {"permissions": "error", "activation": "skipped"},
        "permissions",
        "rak_charge_write",
    ),
    (
        key_may_only_pay,
        {"activation": "skipped", "endpoint": "skipped", "deliveries": "skipped"},
        "endpoint",
        "rak_webhook_read",
    ),
    (no_endpoint, {"endpoint": "error"}, "endpoint", f"No endpoint has the address {URL}."),
    (events_from_the_command_line, {"endpoint": "warning"}, "endpoint", "say from stripe listen"),
    (
        another_endpoint("https://old.example/vipps/webhook/"),
        {"endpoint": "error"},
        "endpoint",
        "The endpoint is at https://old.example/vipps/webhook/, an old address",
    ),
    (endpoint_at_another_of_our_hosts, {"endpoint": "warning"}, "endpoint", "as long as nothing redirects"),
    (
        another_endpoint(enabled_events=sorted(HANDLED - {"refund.failed"})),
        {"endpoint": "error"},
        "endpoint",
        "doesn't hear refund.failed. Run manage.py vipps_register_webhook.",
    ),
    (another_endpoint(enabled_events=["*"]), {"endpoint": "warning"}, "endpoint", "hears more than"),
    (another_endpoint(disabled=True), {"endpoint": "error"}, "endpoint", "is disabled"),
    (
        another_endpoint(api_version="2026-03-25.dahlia"),
        {"endpoint": "warning"},
        "endpoint",
        "in the version 2026-03-25.dahlia. Run manage.py vipps_register_webhook --roll",
    ),
    (two_endpoints, {"endpoint": "warning"}, "endpoint", "2 endpoints have this address"),
    (events_are_refused, {"deliveries": "warning"}, "deliveries", "being checkout.session.expired"),
    (events_stopped_coming, {"last_event": "error"}, "last_event", "Of 1 payment no event has told."),
    (events_never_came, {"last_event": "error"}, "last_event", "None ever came."),
    (an_event_failed, {"events": "error"}, "events", "1 event failed"),
    (nobody_reconciles, {"reconciler": "error"}, "reconciler", "should have been looked at before. Let cron"),
    (a_payment_is_flagged, {"flags": "warning"}, "flags", "1 payment is flagged."),
    (gap_in_the_pipeline, {"pipeline": "error"}, "pipeline", 'can\'t go from "Pending" to "Paid"'),
    (no_statuses, {"pipeline": "warning"}, "pipeline", "ORDER_STATUS is empty"),
    (templates_are_hidden, {"templates": "error"}, "templates", "oscar/checkout/thank_you.html"),
    (no_price_in_nok, {"prices": "error"}, "prices", "Nothing is priced in NOK"),
    (mail_server_is_down, {"mail": "error"}, "mail", "ConnectionRefusedError"),
    (mail_goes_nowhere, {"mail": "warning"}, "mail", "console.EmailBackend sends no mail"),
    (nobody_sends_the_mail, {"mail": "warning"}, "mail", "Set OSCAR_FROM_EMAIL"),
    (site_without_a_domain, {"site": "error", "endpoint": "error"}, "site", "is still example.com"),
    (no_site, {"site": "error", "session": "error", "endpoint": "ok"}, "site", "SITE_ID names no site"),
    (table_is_missing, {"events": "error"}, "events", "Run manage.py migrate."),
    (a_check_fails, {"events": "error"}, "events", "RuntimeError in test_doctor.py"),
]


@pytest.mark.parametrize(("breaks", "changed", "check", "text"), BROKEN)
def test_a_broken_shop(
    healthy: Shop,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str, int], None],
    breaks: Break,
    changed: dict[str, str],
    check: str,
    text: str,
) -> None:
    breaks(healthy, settings, monkeypatch)
    found = results()
    assert text in " ".join([found[check]["text"], found[check]["hint"]])
    # And it says nothing else of what is well.
    assert marks(found) == HEALTHY | changed
    assert "kari@example.com" not in json.dumps(found)
    figure("broken shops that the doctor was shown", 1)


def test_a_live_shop_needs_a_database_with_locks_and_papers(healthy: Shop, settings: Any) -> None:
    change(settings, SECRET_KEY="sk_live_shop")
    healthy.simulator.account(charges_enabled=False)
    found = marks(results())
    assert found["activation"] == "error"
    assert found["locks"] == ("error" if LOCKS == "warning" else "ok")


def test_addresses_that_are_not_included(healthy: Shop, settings: Any) -> None:
    settings.ROOT_URLCONF = "django.conf.urls.i18n"
    found = results()
    assert found["addresses"]["mark"] == "error"
    assert 'include("oscar_vipps.urls")' in found["addresses"]["hint"]


@pytest.mark.parametrize(("seconds", "mark"), [(5, "ok"), (60, "warning"), (600, "error"), (-600, "error")])
def test_a_clock_that_is_wrong(healthy: Shop, seconds: int, mark: str) -> None:
    """Stripe's is right, this machine's isn't."""
    with time_machine.travel(datetime.now(timezone.utc) + timedelta(seconds=seconds)):
        found = results("--read-only")
    assert found["clock"]["mark"] == mark
    if mark != "ok":
        assert "It differs from Stripe's by" in found["clock"]["text"]
        assert "NTP" in found["clock"]["hint"]


# The bundle


def test_a_bundle_tells_all_but_secrets_and_people(
    healthy: Shop, settings: Any, tmp_path: Path, shopper: Shopper, product: Any
) -> None:
    secret_key = "sk_test_abcdefghijklmnop"
    change(
        settings,
        SECRET_KEY=secret_key,
        WEBHOOK_SECRETS=[SECRET, "", "nonsense"],
        whsec_misplaced="x",
        PAYMENT_METHOD_CONFIGURATION="rk_live_misplaced123",
    )
    run("--bundle", str(tmp_path / "bundle.json"))
    text = (tmp_path / "bundle.json").read_text()
    found = json.loads(text)
    assert found["OSCAR_VIPPS"]["SECRET_KEY"] == "sk_test_..."
    assert found["OSCAR_VIPPS"]["WEBHOOK_SECRETS"] == ["whsec_...", "empty", "of no known kind"]
    assert found["OSCAR_VIPPS"]["unknown names"] == 1
    assert set(found["versions"]) == {"python", "django-oscar-vipps", "django", "django-oscar", "stripe"}
    assert [check["check"] for check in found["checks"]] == [check.name for check in CHECKS]
    assert found["counts"]["payments"] == {"captured": 1}
    assert found["database"]["vendor"] == connection.display_name
    for secret in (secret_key, "abcdefgh", SECRET, "misplaced", settings.SECRET_KEY):
        assert secret not in text
    payment = Payment.objects.select_related("order").get()
    # The shopper lives in the city after which the shop's time zone is called.
    assert personal(text.replace(settings.TIME_ZONE, "")) == []
    for name in (payment.reference, payment.session_id, payment.payment_intent_id):
        assert str(name) not in text


def test_a_bundle_that_cannot_be_written_is_told(healthy: Shop, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("vipps_doctor", bundle=str(tmp_path / "no" / "where"), stdout=StringIO())
