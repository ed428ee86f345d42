"""Placing an order: Oscar's own checkout, and with Vipps until the shopper is sent to Stripe."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

from benchmarks import databases, servers
from benchmarks.figures import Figure, Ratio, Results
from benchmarks.profiles import Profile
from tests.support.simulator import Simulator

PART = "placing"
OSCAR, OURS = "Oscar's own", "with Vipps"


def measure(profile: Profile) -> Results:
    found: dict[tuple[str, int], list[list[dict[str, Any]]]] = {}
    with Simulator() as simulator, ExitStack() as stack:
        workers = {}
        for name, settings in ((OSCAR, "oscar_settings"), (OURS, "settings")):
            url = stack.enter_context(databases.made(settings, template="template"))
            variables = servers.environment(f"benchmarks.project.{settings}", url, BENCH_STRIPE=simulator.url)
            workers[name] = stack.enter_context(worker(variables))
        for process in workers.values():
            ask(process, 1, 2)
        for lines in profile.lines:
            for _round in range(profile.rounds):
                for name, process in workers.items():
                    found.setdefault((name, lines), []).append(ask(process, lines, profile.orders))
    return report(found, profile)


def report(found: dict[tuple[str, int], list[list[dict[str, Any]]]], profile: Profile) -> Results:
    results = Results()

    def figure(name: str, lines: int, of: str, label: str, unit: str) -> Figure:
        values = tuple(median(each[of] for each in orders) for orders in found[name, lines])
        who = f"{name}, {lines} line{'s' * (lines > 1)}{label}"
        return results.add(Figure(PART, who, unit, values, at=lines))

    for lines in profile.lines:
        times, queries = {}, {}
        for name in (OSCAR, OURS):
            times[name] = figure(name, lines, "ours", "", "ms").median
            queries[name] = figure(name, lines, "queries", ", queries", "queries").median
        figure(OURS, lines, "stripe", ", Stripe's part", "ms")
        what = f"{lines} line{'s' * (lines > 1)}"
        results.ratios += [
            Ratio(PART, f"{OURS} / {OSCAR}, time, {what}", times[OURS] / times[OSCAR], 1.25, "at most"),
            Ratio(PART, f"queries more, {what}", queries[OURS] - queries[OSCAR], 6, "at most"),
        ]
    return results


@contextmanager
def worker(variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.placing_worker"]
    with subprocess.Popen(
        command, env=variables, cwd=servers.ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()


def ask(process: subprocess.Popen[str], lines: int, orders: int) -> list[dict[str, Any]]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{lines} {orders}\n")
    process.stdin.flush()
    found: list[dict[str, Any]] = json.loads(process.stdout.readline())
    return found
