"""What becomes slower when there is much: the same, at more and more stored payments and events."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks import databases, load, purchases, seeds, servers
from benchmarks.figures import Figure, Ratio, Results, percentile
from benchmarks.parts.webhooks import OURS
from benchmarks.profiles import Profile
from benchmarks.purchases import SUCCEEDED, Purchase, Source
from oscar_vipps.checkout.tokens import token_for
from oscar_vipps.models import Flag, Payment, WebhookEvent
from tests.support.simulator import Simulator
from tests.support.statements import number_of

PART = "growth"
#: Events that are old enough to go, at each size.
OLD = 10_000
#: Payments that wait for a person: a page full, whatever else there is.
WAITING = 25
#: Tables that must not be read from end to end.
LARGE = ("oscar_vipps_payment", "oscar_vipps_webhookevent", "order_order", "payment_source")

Requests = Callable[[int], list[load.Request]]


def measure(profile: Profile) -> Results:
    with Simulator() as simulator:
        purchase = purchases.begin(simulator)
    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(purchases.staff())
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    results = Results()
    database = databases.here()
    variables = servers.environment(servers.SHOP, database)
    stored = 0
    with servers.shop(variables) as address:
        for size in profile.stored:
            seed(purchase, size - stored)
            stored = size
            for name, requests in pages(purchase, cookie).items():
                latency(results, name, size, address, requests, profile)
            statements(results, purchase, client, size)
            commands(results, variables, size)
    compare(results, profile)
    results.texts["Plans that read a large table from end to end"] = plans(purchase, client)
    return results


def seed(purchase: Purchase, count: int) -> None:
    """So many payments with an event each, over a year; nearly all are captured, some wait for a person."""
    first = seeds.first_free(Payment) + 1_000
    number = f"({first} + {seeds.NUMBER})"
    name = purchases.tail_in_sql(number)
    begun = f"now() - interval '1 hour' - {seeds.NUMBER} * interval '{365 * 86400 / count} seconds'"
    kind = f"{seeds.NUMBER} % 50"
    captured, paid = (
        f"CASE WHEN {kind} = 0 THEN 0 ELSE amount END",
        f"CASE WHEN {kind} < 2 THEN 0 ELSE amount END",
    )
    purchases.copy(
        purchase,
        count,
        first=first,
        lines=False,
        state=f"CASE WHEN {kind} = 0 THEN 'expired' WHEN {kind} = 1 THEN 'authorized' ELSE 'captured' END",
        amount_authorized=captured,
        amount_captured=paid,
        payment_intent_id=f"CASE WHEN {kind} = 0 THEN NULL ELSE 'pi_' || {name} END",
        payment_intent_created_at="now() - interval '1 day'",
        charge_id=f"'ch_' || {name}",
        session_url="''",
        confirmation_sent_at="now()",
        checked_at="now()",
        created_at=begun,
        updated_at=begun,
    )
    event, _created = WebhookEvent.objects.get_or_create(
        event_id="evt_template",
        defaults={
            "type": SUCCEEDED,
            "livemode": False,
            "payload": json.loads(purchase.events[SUCCEEDED])["data"]["object"],
            "status": "processed",
            "attempts": 1,
        },
    )
    changes = {
        "event_id": f"'evt_' || {name}",
        "payment_id": number,
        "payment_intent_id": f"'pi_' || {name}",
        # Within the time that events are kept.
        "received_at": f"now() - {seeds.NUMBER} * interval '{80 * 86400 / count} seconds'",
    }
    seeds.copy(event, count, first, changes)
    Flag.objects.all().delete()
    for payment_id in range(first + 1, first + 1 + WAITING):
        Flag.objects.create(payment_id=payment_id, reason=Flag.Reason.MISMATCH, detail="for the benchmark")
    seeds.analyze(Payment, WebhookEvent, type(purchase.payment.order), Source)


def pages(purchase: Purchase, cookie: str) -> dict[str, Requests]:
    """What is asked for, by name."""
    someone = Payment.objects.filter(state="captured").order_by("pk")[0]
    as_staff = (("Cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}"),)

    def dashboard(name: str, query: str = "") -> Requests:
        return lambda count: (
            [load.Request("GET", reverse(f"vipps_dashboard:{name}") + query, b"", as_staff)] * count
        )

    def webhook(count: int) -> list[load.Request]:
        numbers = purchases.copy(purchase, count)
        return purchases.signed(OURS, [purchase.event(SUCCEEDED, number) for number in numbers])

    month_ago = (timezone.now() - timedelta(days=7)).date()
    return {
        "webhook": webhook,
        "status poll": lambda count: (
            [load.Request("GET", reverse("vipps:status", args=[token_for(someone)]))] * count
        ),
        "list of payments": dashboard("payment-list"),
        "list of payments, a week": dashboard("payment-list", f"?date_from={month_ago}"),
        "search by order number": dashboard("payment-list", f"?q={someone.order.number}"),
        "search by PaymentIntent": dashboard("payment-list", f"?q={someone.payment_intent_id}"),
        "needs attention": dashboard("attention"),
        "list of events": dashboard("event-list"),
    }


def latency(
    results: Results, name: str, size: int, address: str, requests: Requests, profile: Profile
) -> None:
    load.send(address, requests(4), 2)
    values = []
    for _round in range(profile.rounds):
        found = load.send(address, requests(profile.requests), 1)
        values.append(percentile(found.latencies, 50))
    results.add(Figure(PART, f"{name}, {size} stored", "ms", tuple(values), at=size))


def captured(purchase: Purchase, client: Client) -> dict[str, list[str]]:
    """The statements that each page takes."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    found = {}
    for name, requests in pages(purchase, cookie).items():
        request = requests(1)[0]
        headers = {key: value for key, value in request.headers if key == "Stripe-Signature"}
        with CaptureQueriesContext(connection) as queries:
            answer = client.generic(
                request.method, request.path, request.body, "application/json", headers=headers
            )
        assert answer.status_code == 200, (name, answer.status_code)
        found[name] = [each["sql"] for each in queries.captured_queries]
    return found


def statements(results: Results, purchase: Purchase, client: Client, size: int) -> None:
    captured(purchase, client)
    for name, queries in captured(purchase, client).items():
        count = float(number_of(queries))
        results.add(Figure(PART, f"{name}, {size} stored, queries", "queries", (count,), at=size))


def commands(results: Results, variables: dict[str, str], size: int) -> None:
    """Export of everything, and pruning of what is old: time for each thousand, and memory."""
    exported = timed(variables, "export")
    rows = Payment.objects.count()
    template = WebhookEvent.objects.get(event_id="evt_template")
    first = seeds.first_free(WebhookEvent)
    name = f"'evt_old' || ({first} + {seeds.NUMBER})"
    seeds.copy(template, OLD, first, {"event_id": name, "received_at": "now() - interval '100 days'"})
    pruned = timed(variables, "vipps_prune_events")
    assert f"{OLD} events removed" in pruned["said"], pruned
    for what, found, number in (("export", exported, rows), ("prune", pruned, OLD)):
        per_thousand = found["seconds"] / number * 1000 * 1000
        results.add(Figure(PART, f"{what}, {size} stored", "ms per 1 000", (per_thousand,), at=size))
        results.add(Figure(PART, f"{what}, {size} stored, memory", "MiB", (found["mebibytes"],), at=size))


def timed(variables: dict[str, str], *command: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.timed", *command],
        env=variables,
        cwd=servers.ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert not found["failed"], found
    return found


def compare(results: Results, profile: Profile) -> None:
    """From the first size to the last."""
    first, last = profile.stored[0], profile.stored[-1]
    of_first = {each.name: each for each in results.figures if each.at == first}
    of_last = {each.name.replace(f", {last} stored", f", {first} stored"): each for each in results.figures}
    for name, before in of_first.items():
        after = of_last[name]
        what = name.replace(f", {first} stored", "")
        goal = 1.0 if before.unit == "queries" else 1.2
        results.ratios.append(
            Ratio(PART, f"{what}, {last} / {first}", after.median / before.median, goal, "at most")
        )


def plans(purchase: Purchase, client: Client) -> str:
    """Of every page's queries, those for which the database reads a large table from end to end."""
    found = []
    for name, queries in captured(purchase, client).items():
        for query in queries:
            if not query.startswith("SELECT"):
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + query.replace("%", "%%"))
                plan = "\n".join(line for (line,) in cursor.fetchall())
            scanned = re.findall(r"Seq Scan on (\w+)", plan)
            if any(table in LARGE for table in scanned):
                found.append(f"{name}: {query[:300]}\n{plan}")
    return "\n\n".join(found) or "none"
