"""The reconciler: quiet reservations, and a Stripe that takes its time and no more than its limit."""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
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
#: That share the work.
RUNS = 2
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
    few = profile.quiet // 10
    memory = {}
    for count in (few, profile.quiet):
        only_quiet(count)
        rate, memory[count] = together(variables, count, RUNS)
        name = f"{count} quiet payments, {RUNS} runs of {AT_ONCE // RUNS} at once"
        results.add(Figure(PART, name, "payments/s", (rate,), at=count))
        results.add(
            Figure(PART, f"{count} quiet payments, memory of a run", "MiB", (memory[count],), at=count)
        )
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
    only_quiet(few)
    rate, _memory = together(variables, few, 1)
    results.add(Figure(PART, f"{few} quiet payments, one run of {AT_ONCE} at once", "payments/s", (rate,)))
    only_quiet(few // 5)
    found = timed(variables, "vipps_reconcile")
    results.add(Figure(PART, "one at a time", "payments/s", (few // 5 / found["seconds"],)))


def only_quiet(count: int) -> None:
    """So many were asked about hours ago, all others just now."""
    now = timezone.now()
    Payment.objects.update(checked_at=now)
    wanted = list(Payment.objects.order_by("-pk").values_list("pk", flat=True)[:count])
    Payment.objects.filter(pk__in=wanted).update(checked_at=now - timedelta(hours=7))


def together(variables: dict[str, str], count: int, number: int) -> tuple[float, float]:
    """Payments in a second, and MiB that a run took, where ``number`` of them share the work."""
    arguments = ("vipps_reconcile", "--at-once", str(AT_ONCE // number))
    with ThreadPoolExecutor(number) as pool:
        waited_for = [pool.submit(timed, variables, *arguments) for _run in range(number)]
        runs = [each.result() for each in waited_for]
    looked_after = [int(re.findall(r"(\d+) payments and", each["said"])[-1]) for each in runs]
    assert sum(looked_after) == count, runs
    # All began at the same time.
    return count / max(each["seconds"] for each in runs), max(each["mebibytes"] for each in runs)
