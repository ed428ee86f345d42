"""Webhooks: this app's endpoint, dj-stripe's, and the floor, with the same events under the same server."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from django.conf import settings

from benchmarks import databases, load, purchases, servers
from benchmarks.figures import Figure, Ratio, Results, percentile
from benchmarks.profiles import STRIPE_LATENCY, Profile
from benchmarks.purchases import COMPLETED, SUCCEEDED, Purchase
from tests.support.simulator import Simulator

PART = "webhooks"
OURS = "/vipps/webhook/"


@dataclass
class Side:
    """One of those that are compared. ``bodies`` makes the events of a round, so many."""

    name: str
    address: str
    path: str
    bodies: Callable[[int], list[bytes]]
    note: str = ""
    #: Events in a round, however many the others get.
    most: int = 1_000_000
    loads: dict[int, list[load.Load]] = field(default_factory=dict)

    def run(self, events: int, clients: int) -> None:
        bodies = self.bodies(min(events, self.most))
        found = load.send(self.address, purchases.signed(self.path, bodies), clients)
        self.loads.setdefault(clients, []).append(found)

    def figures(self, clients: int) -> Iterator[Figure]:
        loads = self.loads[clients]
        who = f"{self.name}, {clients} client{'s' * (clients > 1)}"
        yield Figure(PART, who, "events/s", tuple(each.rate for each in loads), self.note, clients)
        for percent in (50, 99):
            values = tuple(percentile(each.latencies, percent) for each in loads)
            yield Figure(PART, f"{who}, p{percent}", "ms", values, self.note, clients)

    def rate(self, clients: int) -> float:
        return next(self.figures(clients)).median


def measure(profile: Profile) -> Results:
    with Simulator() as simulator, ExitStack() as stack:
        purchase = purchases.begin(simulator)
        account = simulator_account(simulator)
        sides = list(stack.enter_context(_Sides(purchase, account)).sides())
        return compare(sides, profile)


def measure_alone(profile: Profile) -> Results:
    """Beside the floor only, on whatever database this is."""
    with Simulator() as simulator, ExitStack() as stack:
        purchase = purchases.begin(simulator)
        return compare(list(stack.enter_context(_Sides(purchase, "")).ours()), profile)


def compare(sides: list[Side], profile: Profile) -> Results:
    results = Results()
    for side in sides:
        side.run(20, 2)
    for clients in profile.clients:
        for side in sides:
            side.loads.pop(clients, None)
        # In turn, so that whatever else the machine does is everybody's.
        for _round in range(profile.rounds):
            for side in sides:
                side.run(profile.events, clients)
        for side in sides:
            results.figures += side.figures(clients)
    named = {side.name: side for side in sides}
    for clients in profile.clients:
        with_clients = f"{clients} client{'s' * (clients > 1)}"
        for name, other, goal in GOALS:
            if name in named and other in named:
                value = named[name].rate(clients) / named[other].rate(clients)
                results.ratios.append(Ratio(PART, f"{name} / {other}, {with_clients}", value, goal))
    return results


NEW, SECOND, AGAIN, FOREIGN = "new event", "second event of a payment", "duplicate", "foreign event"
LEFT = "new event, left to workers"
FLOOR, DJSTRIPE, DJSTRIPE_AGAIN = "floor", "dj-stripe", "dj-stripe, duplicate"
DJSTRIPE_FAR = f"dj-stripe, Stripe {STRIPE_LATENCY * 1000:.0f} ms away"
#: Events in a round of what takes long for each.
FEW = 16
GOALS = (
    (NEW, DJSTRIPE, 3.0),
    (NEW, DJSTRIPE_FAR, 3.0),
    (LEFT, DJSTRIPE, 3.0),
    (LEFT, FLOOR, 0.5),
    (SECOND, DJSTRIPE, 3.0),
    (AGAIN, DJSTRIPE_AGAIN, 3.0),
    (NEW, FLOOR, 0.5),
    (SECOND, FLOOR, 0.5),
    (FOREIGN, FLOOR, 0.5),
    (AGAIN, FLOOR, 0.9),
)


def simulator_account(simulator: Simulator) -> str:
    import httpx

    answer = httpx.get(
        f"{simulator.url}/v1/account",
        headers={"Authorization": f"Bearer {settings.OSCAR_VIPPS['SECRET_KEY']}"},
        trust_env=False,
    )
    return answer.raise_for_status().text


class _Sides(ExitStack):
    """The servers, and what is sent to them."""

    def __init__(self, purchase: Purchase, account: str) -> None:
        super().__init__()
        self.purchase = purchase
        self.account = account
        self.rounds = count()
        #: Payments that were paid, whose events were all heard.
        self.heard: list[bytes] = []
        self.paid: list[int] = []

    def sides(self) -> Iterator[Side]:
        yield from self.ours()
        if shutil.which("redis-server"):
            variables = {"CELERY_BROKER_URL": self.enter_context(servers.broker())}
            address = self.enter_context(
                servers.shop(servers.environment(servers.SHOP, databases.here(), **variables))
            )
            yield Side(LEFT, address, OURS, self.unpaid, "stores it and tells the broker; Celery")
        if Path(servers.DJSTRIPE_PYTHON).exists():
            variables, path = self.djstripe()
            address = self.enter_context(servers.shop(variables, servers.DJSTRIPE_PYTHON))
            yield Side(DJSTRIPE, address, path, self.new, "Stripe's answers cost nothing")
            yield Side(DJSTRIPE_AGAIN, address, path, self.again_for_djstripe)
            far = {**variables, "BENCH_LATENCY": str(STRIPE_LATENCY)}
            address = self.enter_context(servers.shop(far, servers.DJSTRIPE_PYTHON))
            yield Side(DJSTRIPE_FAR, address, path, self.new, "", most=FEW)

    def ours(self) -> Iterator[Side]:
        """Where there may be neither a broker nor dj-stripe."""
        address = self.enter_context(servers.shop(servers.environment(servers.SHOP, databases.here())))
        yield Side(FLOOR, address, "/floor/", self.new, "verify, one INSERT")
        yield Side(NEW, address, OURS, self.settling, "settles: books, status, note, mail")
        yield Side(SECOND, address, OURS, self.second, "of a payment that is settled")
        yield Side(AGAIN, address, OURS, self.again)
        yield Side(FOREIGN, address, OURS, self.foreign, "of something else on the account")

    def djstripe(self) -> tuple[dict[str, str], str]:
        """What its processes need, and where its endpoint is."""
        url = self.enter_context(databases.made("djstripe"))
        directory = Path(self.enter_context(tempfile.TemporaryDirectory()))
        objects = {**self.purchase.objects, "account": (self.account, json.loads(self.account)["id"])}
        (directory / "objects.json").write_text(json.dumps(objects), encoding="utf-8")
        variables = servers.environment(
            "benchmarks.project.djstripe_settings", url, BENCH_OBJECTS=str(directory / "objects.json")
        )
        python, endpoint = servers.DJSTRIPE_PYTHON, str(uuid.uuid4())
        servers.make_tables(variables, python)
        command = [python, "-m", "benchmarks.project.djstripe_endpoint", endpoint]
        subprocess.run(command, env=variables, cwd=servers.ROOT, check=True)
        return variables, f"/stripe/webhook/{endpoint}/"

    # The events of a round

    def new(self, events: int) -> list[bytes]:
        """For those who don't know the payment: any number will do."""
        begun = 5_000_000 + next(self.rounds) * 10_000
        return [self.purchase.event(SUCCEEDED, begun + each, "n") for each in range(events)]

    def unpaid(self, events: int) -> list[bytes]:
        """Of payments whose money nobody has heard of yet."""
        return [self.purchase.event(SUCCEEDED, number) for number in purchases.copy(self.purchase, events)]

    def settling(self, events: int) -> list[bytes]:
        self.paid = list(purchases.copy(self.purchase, events))
        self.heard = [self.purchase.event(SUCCEEDED, number) for number in self.paid]
        return self.heard

    def second(self, events: int) -> list[bytes]:
        return [self.purchase.event(COMPLETED, number) for number in self.paid[:events]]

    def again(self, events: int) -> list[bytes]:
        return self.heard[:events]

    def foreign(self, events: int) -> list[bytes]:
        kind = f"f{next(self.rounds)}x"
        return [self.purchase.foreign(number, kind) for number in range(events)]

    def again_for_djstripe(self, events: int) -> list[bytes]:
        begun = 5_000_000 + next(self.rounds) * 0
        return [self.purchase.event(SUCCEEDED, begun + each, "d") for each in range(events)]
