"""The reconciler: quiet reservations, and a Stripe that takes its time and no more than its limit."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from benchmarks import databases, purchases, seeds, servers
from benchmarks.figures import Figure, Ratio, Results
from benchmarks.parts.growth import timed
from benchmarks.profiles import STRIPE_LATENCY, STRIPE_LIMIT, Profile
from benchmarks.purchases import Purchase
from oscar_vipps.models import Payment
from tests.support.simulator import Simulator

PART = "reconciler"
AT_ONCE = 24
KINDS = ("checkout.session", "payment_intent", "charge")


def measure(profile: Profile) -> Results:
    results = Results()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "stripe.sqlite3"
        with Simulator("--database", str(file)) as simulator:
            purchase = purchases.begin(simulator, CAPTURE="manual")
        numbers = seed(purchase, profile.quiet)
        at_stripe(file, purchase, numbers)
        with Simulator("--database", str(file)) as simulator:
            simulator.pace(latency=STRIPE_LATENCY, limit=STRIPE_LIMIT)
            run(results, simulator, profile)
    return results


def seed(purchase: Purchase, count: int) -> range:
    """So many reservations that nobody asked about for some hours."""
    first = 10_000
    name = purchases.tail_in_sql(f"({first} + {seeds.NUMBER})")
    return purchases.copy(
        purchase,
        count,
        first=first,
        lines=False,
        state="'authorized'",
        amount_authorized="amount",
        payment_intent_id=f"'pi_' || {name}",
        payment_intent_created_at="now() - interval '1 day'",
        charge_id=f"'ch_' || {name}",
        session_url="''",
        confirmation_sent_at="now()",
        checked_at="now() - interval '7 hours'",
        created_at="now() - interval '1 day'",
    )


def at_stripe(file: Path, purchase: Purchase, numbers: range) -> None:
    """The same payments in the simulator's own database."""
    with sqlite3.connect(file) as database:
        query = f"SELECT id, kind, livemode, due, data, private FROM objects WHERE kind IN {KINDS}"
        rows = database.execute(query).fetchall()
        ids = [id for id, *_others in rows]
        for number in numbers:
            for row in rows:
                copied = json.dumps(row)
                for id in ids:
                    copied = copied.replace(id, f"{id.rpartition('_')[0]}_{purchases.tail(number)}")
                copied = copied.replace(purchase.payment.reference, purchases.tail(number))
                old, new = str(purchase.payment.order.number), purchases.order_number(number)
                copied = copied.replace(f'\\"{old}\\"', f'\\"{new}\\"')
                database.execute(
                    "INSERT INTO objects (id, kind, livemode, due, data, private) VALUES (?, ?, ?, ?, ?, ?)",
                    json.loads(copied),
                )


def run(results: Results, simulator: Simulator, profile: Profile) -> None:
    url = databases.here()
    variables = servers.environment(servers.SHOP, url, BENCH_STRIPE=simulator.url)
    hours_ago = timezone.now() - timedelta(hours=7)
    few = profile.quiet // 10
    memory = {}
    for count in (few, profile.quiet):
        Payment.objects.update(checked_at=timezone.now())
        wanted = Payment.objects.order_by("-pk").values("pk")[:count]
        Payment.objects.filter(pk__in=list(wanted.values_list("pk", flat=True))).update(checked_at=hours_ago)
        found = timed(variables, "vipps_reconcile", "--at-once", str(AT_ONCE))
        assert f"{count} payments and" in found["said"], found
        assert "0 failed" in found["said"], found
        memory[count] = found["mebibytes"]
        rate = count / found["seconds"]
        results.add(
            Figure(PART, f"{count} quiet payments, {AT_ONCE} at once", "payments/s", (rate,), at=count)
        )
        results.add(Figure(PART, f"{count} quiet payments, memory", "MiB", (memory[count],), at=count))
    results.ratios += [
        Ratio(PART, f"of Stripe's {STRIPE_LIMIT}/s, {profile.quiet} payments", rate / STRIPE_LIMIT, 0.9),
        Ratio(
            PART,
            f"memory, {profile.quiet} / {few} payments",
            memory[profile.quiet] / memory[few],
            1.2,
            "at most",
        ),
    ]
    Payment.objects.update(checked_at=timezone.now())
    Payment.objects.filter(pk__in=list(wanted.values_list("pk", flat=True)[: few // 5])).update(
        checked_at=hours_ago
    )
    found = timed(variables, "vipps_reconcile")
    results.add(Figure(PART, "one at a time", "payments/s", (few // 5 / found["seconds"],)))
