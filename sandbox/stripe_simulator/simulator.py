"""The parts of the simulator, put together."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from . import objects, settings
from .clock import Clock
from .disputes import Disputes
from .faults import Faults
from .ids import new_id
from .lifecycle import Lifecycle
from .pace import Pacer
from .refunds import Refunds
from .settings import AccountSettings
from .storage import Record, Storage
from .webhooks import Webhooks

logger = logging.getLogger(__name__)

#: How often time is looked at when nobody asks for anything, in real seconds.
_TICK = 0.25


@dataclass(frozen=True)
class Listener:
    """An endpoint given on the command line or by the control API, as ``stripe listen`` would be:
    it hears every event of both modes and doesn't show in the API."""

    url: str
    secrets: tuple[str, ...]


class Simulator:
    def __init__(self, storage: Storage, public_url: str, listeners: list[Listener]) -> None:
        self.storage = storage
        self._initial_listeners = listeners
        self.clock = Clock(storage)
        self.webhooks = Webhooks(storage, self.clock)
        self.lifecycle = Lifecycle(storage, self.clock, self.webhooks, public_url)
        self.disputes = Disputes(storage, self.clock, self.lifecycle)
        self.refunds = Refunds(storage, self.clock, self.lifecycle, self.disputes)
        self.faults = Faults()
        self.pacer = Pacer()
        #: Requests whose idempotency key is in use: (livemode, key).
        self.busy_keys: set[tuple[bool, str]] = set()
        #: Set on reset, so that requests that are held without an answer end.
        self.released = asyncio.Event()
        self._ticker: asyncio.Task[None] | None = None
        self._resets = 0

    @property
    def account(self) -> AccountSettings:
        return settings.load(self.storage)

    def set_listeners(self, listeners: list[Listener]) -> None:
        """Replaces those that were set before; endpoints made through the API stay.

        An address that was known already keeps what is still to be sent there.
        """
        before = [e for e in self.storage.all("webhook_endpoint") if e.private.get("listener")]
        with self.atomic():
            for listener in listeners:
                endpoint = next((e for e in before if e.data["url"] == listener.url), None)
                if endpoint is None:
                    endpoint = self._new_listener(listener.url)
                else:
                    before.remove(endpoint)
                endpoint.private["secrets"] = list(listener.secrets)
                self.storage.save(endpoint)
            for gone in before:
                self.storage.delete(gone)

    def _new_listener(self, url: str) -> Record:
        created = self.clock.now()
        data = objects.webhook_endpoint(url=url, enabled_events=["*"], created=created, livemode=False)
        return Record(data, False, {"listener": True})

    @contextlib.contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing: what is stored, and what was used up of the orders for events and refunds."""
        policies, outcomes = copy.deepcopy(self.webhooks.policies), list(self.refunds.outcomes)
        try:
            with self.storage.atomic():
                yield
        except BaseException:
            self.webhooks.policies[:] = policies
            self.refunds.outcomes[:] = outcomes
            raise

    # Life of the process

    async def start(self) -> None:
        self.set_listeners(self._initial_listeners)
        self.webhooks.resume()
        self._ticker = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        await self.webhooks.close()
        self.storage.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            try:
                self.catch_up()
            except Exception:
                logger.exception("Something that fell due failed")

    def catch_up(self) -> None:
        """Let everything happen that time has brought, and send what is to be sent."""
        while (record := self.storage.next_due(self.clock.exact())) is not None:
            self._fall_due(record)
        self.webhooks.start_due()

    def _fall_due(self, record: Record) -> None:
        with self.atomic():
            if record.kind == "dispute":
                self.disputes.fall_due(record)
            else:
                self.lifecycle.fall_due(record)

    # Control

    def release_held(self) -> None:
        """End the requests that are held without an answer."""
        self.released.set()
        self.released = asyncio.Event()

    async def reset(self) -> None:
        """As freshly started."""
        self._resets += 1
        self.release_held()
        await self.webhooks.reset()
        self.faults.ordered.clear()
        self.pacer.reset()
        self.refunds.outcomes.clear()
        self.storage.clear()
        self.clock.reset()
        self.set_listeners(self._initial_listeners)

    async def advance(self, seconds: float, timeout: float) -> bool:
        """Move the clock; what falls due on the way happens at its own moment, in order."""
        target = self.clock.exact() + seconds
        quiet, resets = True, self._resets
        while True:
            record = self.storage.next_due(target)
            delivery_due = self.storage.next_delivery_due(target)
            record_due = record.due if record is not None else None
            if record is not None and record_due is not None and record_due <= (delivery_due or target):
                self.clock.move_to(record_due)
                self._fall_due(record)
            elif delivery_due is not None:
                self.clock.move_to(delivery_due)
            else:
                break
            quiet = await self.webhooks.settle(timeout) and quiet
            if resets != self._resets:
                return False
        self.clock.move_to(target)
        return quiet

    @property
    def fresh_request_id(self) -> str:
        return new_id("req", 14)
