"""Several processes that share the work through one database: what each more of them brings."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import databases, load, purchases, servers
from benchmarks.figures import Figure, Ratio, Results
from benchmarks.parts.webhooks import OURS
from benchmarks.profiles import Profile
from benchmarks.purchases import SUCCEEDED
from tests.support.simulator import Simulator

PART = "hosts"
CLIENTS = 8
#: Servers of one process each, as if each were a host.
HOSTS = (1, 2, 4)


def measure(profile: Profile) -> Results:
    with Simulator() as simulator:
        purchase = purchases.begin(simulator)
    results = Results()
    variables = servers.environment(servers.SHOP, databases.here())
    with ExitStack() as stack:
        addresses = [stack.enter_context(servers.shop(variables, processes=1)) for _ in range(max(HOSTS))]
        found: dict[int, list[load.Load]] = {hosts: [] for hosts in HOSTS}
        for number in range(profile.rounds + 1):
            for hosts in HOSTS:
                numbers = purchases.copy(purchase, profile.events // 2)
                bodies = [purchase.event(SUCCEEDED, number) for number in numbers]
                sent = load.send(addresses[:hosts], purchases.signed(OURS, bodies), CLIENTS)
                # The first round warms up.
                if number:
                    found[hosts].append(sent)
    for hosts, loads in found.items():
        name = f"new events, {hosts} process{'es' * (hosts > 1)}"
        results.add(Figure(PART, name, "events/s", tuple(each.rate for each in loads), at=hosts))
    first = results.figures[0].median
    for figure in results.figures[1:]:
        results.ratios.append(Ratio(PART, f"{figure.name} / 1 process", figure.median / first))
    return results
