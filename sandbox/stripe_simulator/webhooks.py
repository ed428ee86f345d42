"""Events on their way to the shop: signed, posted, tried again, or mistreated on request.

Each event goes to every enabled endpoint that subscribed to its type. 2xx is success; anything else,
redirects included, is a failure and tried again after a while (on the simulator's clock), signed
anew. An endpoint gets one request at a time, in order of emission, unless a *policy* of the control
API says otherwise; a receiver may not rely on that order, Stripe doesn't keep it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from .clock import Clock
from .storage import Record, Storage
from .types import StripeObject

Action = Literal["drop", "duplicate", "delay", "reorder", "hold", "concurrent"]

#: These keep events back until there are enough of them, or until they are released.
COLLECTING: frozenset[Action] = frozenset({"reorder", "hold", "concurrent"})

logger = logging.getLogger(__name__)

#: Seconds until each retry. Stripe tries for up to three days in live mode and three times over some
#: hours in test mode; the first ones come soon here, so that somebody who watches sees them.
RETRY_AFTER = {
    True: (5.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 12 * 3600.0, 24 * 3600.0, 24 * 3600.0),
    False: (5.0, 30.0, 2 * 3600.0),
}

#: How long a receiver may take.
ANSWER_WITHIN = 10.0


def signature(body: bytes, secrets: list[str], timestamp: int | None = None) -> str:
    """The ``Stripe-Signature`` header: one ``v1`` per secret, so that a secret can be rolled."""
    timestamp = int(time.time()) if timestamp is None else timestamp
    signed = f"{timestamp}.".encode() + body
    parts = [f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets]
    return ",".join([f"t={timestamp}", *parts])


def serialize(event: StripeObject) -> bytes:
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


@dataclass
class Policy:
    """What to do with the next ``count`` events (of the given types; of any type when empty)."""

    action: Action
    count: int = 1
    types: list[str] = field(default_factory=list)
    seconds: float = 0.0
    collected: list[int] = field(default_factory=list)


class Webhooks:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=ANSWER_WITHIN, follow_redirects=False, trust_env=False)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.policies: list[Policy] = []

    async def reset(self) -> None:
        """Forget what is under way; nothing of it may write into the storage afterwards."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._locks.clear()
        self.policies.clear()

    async def close(self) -> None:
        await self.reset()
        await self._client.aclose()

    # Out

    def publish(self, event: Record) -> None:
        """Queue an event for its endpoints; ``start_due`` sends it.

        Nothing is sent from here: what emits the event may still fail and be taken back.
        """
        endpoints = [
            endpoint
            for endpoint in reversed(self._storage.all("webhook_endpoint"))
            if _subscribes(endpoint, event)
        ]
        event.data["pending_webhooks"] = len(endpoints)
        self._storage.save(event)
        policy = self._policy_for(event)
        action = policy.action if policy else None
        due: float | None = self._clock.exact()
        status = "pending"
        if action == "drop":
            due, status = None, "dropped"
        elif action in COLLECTING:
            due, status = None, "held"
        elif policy and action == "delay":
            due = self._clock.exact() + policy.seconds
        copies = 2 if action == "duplicate" else 1
        ids = [self._add(event, endpoint, due, status) for endpoint in endpoints for _ in range(copies)]
        if policy:
            policy.collected += ids
            policy.count -= 1
            if policy.count <= 0:
                self.policies.remove(policy)
                self._complete(policy)

    def _policy_for(self, event: Record) -> Policy | None:
        for policy in self.policies:
            if not policy.types or event.data["type"] in policy.types:
                return policy
        return None

    def _complete(self, policy: Policy) -> None:
        """Events that were collected to be mixed up go out now."""
        if policy.action == "reorder":
            self._let_go(policy.collected[::-1])
        elif policy.action == "concurrent":
            self._let_go(policy.collected, alone=False)

    def _let_go(self, ids: list[int], **changes: Any) -> None:
        """Due now, in this order, which is that of the moments at which they are due."""
        now = self._clock.exact()
        for place, id in enumerate(reversed(ids)):
            self._change(id, due=now - place / 1000, status="pending", **changes)

    def release(self) -> int:
        """Send what is held, in order of emission; says how many."""
        held = [id for id, _, data in self._storage.deliveries() if data["status"] == "held"]
        self.policies = [p for p in self.policies if p.action not in COLLECTING or not p.collected]
        self._let_go(held)
        self.start_due()
        return len(held)

    def redeliver(self, event: Record) -> int:
        """Send an event once more to everybody who subscribed, as the Dashboard's button does."""
        endpoints = [e for e in self._storage.all("webhook_endpoint") if _subscribes(e, event)]
        for endpoint in endpoints:
            self._add(event, endpoint, self._clock.exact(), "pending")
        self.start_due()
        return len(endpoints)

    def resume(self) -> None:
        """Take up what was in flight when the process ended."""
        for id, due, data in self._storage.deliveries():
            if data["status"] in ("pending", "retrying") and due is None:
                self._change(id, due=self._clock.exact())

    def start_due(self) -> None:
        for id in self._storage.due_deliveries(self._clock.exact()):
            self._start(id)

    def _start(self, id: int) -> None:
        found = self._storage.delivery(id)
        if id in self._tasks or found is None:
            return
        self._change(id, due=None)
        task = asyncio.get_running_loop().create_task(self._deliver(id, found[1]))
        self._tasks[id] = task
        task.add_done_callback(lambda _: self._tasks.pop(id, None))

    async def _deliver(self, id: int, delivery: dict[str, Any]) -> None:
        if not delivery.get("alone", True):
            await self._attempt(id, delivery)
            return
        async with self._locks[delivery["endpoint"]]:
            await self._attempt(id, delivery)

    async def _attempt(self, id: int, delivery: dict[str, Any]) -> None:
        event = self._storage.get("event", delivery["event"])
        endpoint = self._storage.get("webhook_endpoint", delivery["endpoint"])
        if event is None or endpoint is None or endpoint.data["status"] != "enabled":
            self._change(id, status="failed")
            return
        body = serialize(_payload(event, endpoint))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(body, endpoint.private["secrets"]),
        }
        attempt: dict[str, Any] = {"at": self._clock.now(), "status": None, "error": None, "answer": ""}
        try:
            response = await self._client.post(endpoint.data["url"], content=body, headers=headers)
            attempt["status"] = response.status_code
            attempt["answer"] = response.text[:500]
        except httpx.HTTPError as error:
            attempt["error"] = f"{type(error).__name__}: {error}"
        except Exception as error:
            # An address that can't be one, for example. A delivery may fail, but not get lost.
            logger.exception("Event %s could not be sent", event.id)
            attempt["error"] = f"{type(error).__name__}: {error}"
        self._finish(id, attempt, event.id, event.livemode)

    def _finish(self, id: int, attempt: dict[str, Any], event_id: str, livemode: bool) -> None:
        found = self._storage.delivery(id)
        if found is None:
            return
        attempts = [*found[1]["attempts"], attempt]
        due = None
        if attempt["status"] is not None and 200 <= attempt["status"] < 300:
            status = "delivered"
            event = self._storage.need("event", event_id)
            event.data["pending_webhooks"] = max(0, event.data["pending_webhooks"] - 1)
            self._storage.save(event)
        elif len(attempts) <= len(RETRY_AFTER[livemode]):
            status = "retrying"
            due = self._clock.exact() + RETRY_AFTER[livemode][len(attempts) - 1]
        else:
            status = "failed"
        self._change(id, status=status, attempts=attempts, due=due)

    # Waiting

    async def first_attempt(self, event: Record, timeout: float) -> None:
        """Until the event was tried once at every endpoint, or the time is over."""
        tasks = [
            self._tasks[id]
            for id, _, data in self._storage.deliveries()
            if data["event"] == event.id and id in self._tasks
        ]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout)

    async def settle(self, timeout: float) -> bool:
        """Until nothing is in flight and nothing is due now; False when the time is over first."""
        end = time.monotonic() + timeout
        while True:
            self.start_due()
            tasks = list(self._tasks.values())
            if not tasks:
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            await asyncio.wait(tasks, timeout=left)
            await asyncio.sleep(0)  # lets the done callbacks run

    # Rows

    def _add(self, event: Record, endpoint: Record, due: float | None, status: str) -> int:
        data = {
            "event": event.id,
            "type": event.data["type"],
            "endpoint": endpoint.id,
            "url": endpoint.data["url"],
            "status": status,
            "attempts": [],
        }
        return self._storage.add_delivery(data, due)

    def _change(self, id: int, *, due: float | None = None, **changes: Any) -> None:
        found = self._storage.delivery(id)
        if found is not None:
            self._storage.update_delivery(id, {**found[1], **changes}, due)

    def deliveries(self) -> list[dict[str, Any]]:
        """Every delivery with its attempts, oldest first."""
        return [
            {"id": id, "next_attempt_at": due, "in_flight": id in self._tasks, **data}
            for id, due, data in self._storage.deliveries()
        ]


def _subscribes(endpoint: Record, event: Record) -> bool:
    listener = endpoint.private.get("listener", False)  # as `stripe listen`: hears both modes
    if endpoint.data["status"] != "enabled" or not (listener or endpoint.livemode == event.livemode):
        return False
    enabled = endpoint.data["enabled_events"]
    return "*" in enabled or event.data["type"] in enabled


def _payload(event: Record, endpoint: Record) -> StripeObject:
    """The payload's version is the endpoint's or the account's, whatever the request's header said."""
    version = endpoint.data["api_version"] or event.data["api_version"]
    return {**event.data, "api_version": version}
