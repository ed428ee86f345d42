"""What the app costs a shop that starts, and what a thousand waiting shoppers cost."""

from __future__ import annotations

import subprocess
import sys

import psutil
from django.urls import reverse

from benchmarks import databases, load, purchases, servers
from benchmarks.figures import Figure, Ratio, Results, percentile
from benchmarks.profiles import ASKED_EVERY, WAITING_SHOPPERS, Profile
from oscar_vipps.checkout.tokens import token_for
from oscar_vipps.models import Payment
from tests.support.simulator import Simulator

PART = "start-up"
#: Seconds of the processor and MiB that it takes until a process of the shop is ready.
READY = """
import time
from benchmarks.memory import peak
begun = time.process_time()
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
print(time.process_time() - begun, peak())
"""


def measure(profile: Profile) -> Results:
    results = Results()
    start(results, profile)
    wait(results, profile)
    return results


def start(results: Results, profile: Profile) -> None:
    url = databases.here()
    sides = {"Oscar alone": "oscar_settings", "with Vipps": "settings"}
    found: dict[str, list[list[float]]] = {name: [] for name in sides}
    for _round in range(profile.rounds + 1):
        for name, module in sides.items():
            variables = servers.environment(f"benchmarks.project.{module}", url)
            command = [sys.executable, "-c", READY]
            done = subprocess.run(
                command, env=variables, cwd=servers.ROOT, check=True, stdout=subprocess.PIPE, text=True
            )
            found[name].append([float(value) for value in done.stdout.split()])
    for index, unit, what in ((0, "ms", "processor until ready"), (1, "MiB", "memory")):
        medians = []
        for name in sides:
            factor = 1000 if unit == "ms" else 1
            # The first reads the files from the disk.
            values = tuple(each[index] * factor for each in found[name][1:])
            medians.append(results.add(Figure(PART, f"{what}, {name}", unit, values)).median)
        results.ratios.append(Ratio(PART, f"{what}, with Vipps / Oscar alone", medians[1] / medians[0]))


def wait(results: Results, profile: Profile) -> None:
    """Their pages ask every other second, and are answered from the database alone."""
    with Simulator() as simulator:
        purchase = purchases.begin(simulator)
    numbers = purchases.copy(purchase, WAITING_SHOPPERS)
    tokens = Payment.objects.filter(pk__gte=numbers[0]).only("reference")
    requests = [load.Request("GET", reverse("vipps:status", args=[token_for(each)])) for each in tokens]
    wanted = WAITING_SHOPPERS / ASKED_EVERY
    url = databases.here()
    with servers.shop(servers.environment(servers.SHOP, url)) as address:
        load.send(address, requests[:50], 8)
        rates, latencies, spent = [], [], []
        for _round in range(profile.rounds):
            before = busy()
            found = load.send(address, requests, 8)
            spent.append((busy() - before) / len(requests) * 1000)
            rates.append(found.rate)
            latencies.append(percentile(found.latencies, 99))
    results.add(Figure(PART, "status poll, 8 clients", "answers/s", tuple(rates)))
    results.add(Figure(PART, "status poll, 8 clients, p99", "ms", tuple(latencies)))
    processor = results.add(
        Figure(PART, "status poll, the shop's processor", "ms", tuple(spent), "database apart")
    )
    cores = processor.median * wanted / 1000
    results.ratios.append(
        Ratio(PART, f"processor cores for {WAITING_SHOPPERS} waiting shoppers, database apart", cores)
    )


def busy() -> float:
    """Seconds that the shop's processes have used the processor: those that this one has started."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        times = process.cpu_times()
        total += times.user + times.system
    return total
