"""The Stripe simulator as a process of its own, and its control API as methods."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY = "stripe-simulator ready at "

Json = dict[str, Any]


def python_path() -> str:
    """For a process of its own: the tests and the sandbox, and what this one was given."""
    return os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "sandbox"), os.environ.get("PYTHONPATH")]))


class Simulator:
    """Start it, use it over HTTP, stop it. Also a context manager.

    >>> with Simulator() as simulator:                                      # doctest: +SKIP
    ...     simulator.set_webhooks("http://127.0.0.1:8000/vipps/webhook/", "whsec_test")
    ...     simulator.pay(session_id, "authorize")["url"]
    """

    def __init__(self, *arguments: str) -> None:
        """``arguments`` go to the command line, e.g. ``"--database", "file.sqlite"``."""
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self._client: httpx.Client | None = None
        self.url = ""

    def start(self) -> Simulator:
        """Returns when it is ready to serve."""
        command = [sys.executable, "-m", "stripe_simulator", "--port", "0", *self._arguments]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": python_path()},
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line.startswith(READY):
            self.stop()
            raise RuntimeError(f"The Stripe simulator did not start; it said {line!r}")
        self.url = line[len(READY) :]
        # Longer than the simulator itself waits for a shop's answers.
        self._client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        return self

    def stop(self) -> int | None:
        """Ends it as Ctrl-C would; returns the exit code."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is None:
            return None
        self._process.terminate()
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return code

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    # The whole

    def reset(self) -> None:
        """As freshly started: no payments, no events, no faults, the clock at real time."""
        self._call("POST", "reset")

    def state(self) -> Json:
        """Everything, oldest first: sessions, payment_intents, charges, refunds, disputes, events, ..."""
        return self._call("GET", "state")

    def requests(self, method: str | None = None, path: str | None = None) -> list[Json]:
        """The log of API requests, oldest first; of one method and one exact path where given."""
        found: list[Json] = self._call("GET", "requests")["requests"]
        return [
            entry for entry in found if method in (None, entry["method"]) and path in (None, entry["path"])
        ]

    def session(self, id: str) -> Json:
        return self._one("sessions", id)

    def payment_intent(self, id: str) -> Json:
        return self._one("payment_intents", id)

    def events(self, type: str | None = None) -> list[Json]:
        """Events so far, oldest first."""
        return [event for event in self.state()["events"] if type in (None, event["type"])]

    def deliveries(self, type: str | None = None) -> list[Json]:
        return [found for found in self.state()["deliveries"] if type in (None, found["type"])]

    # Time and the account

    def advance(self, seconds: float, *, timeout: float = 30) -> Json:
        """Move the clock; returns after everything that fell due has happened and was delivered, or the
        shop took longer than ``timeout``: then ``quiet`` is false."""
        return self._call("POST", "clock", {"advance": seconds, "timeout": timeout})

    def account(self, **settings: Any) -> Json:
        """``vipps_enrolled`` (with ``mode``), ``vipps_enabled``, ``vipps_generally_available``,
        ``restricted_key`` (what such a key may do)."""
        return self._call("POST", "account", settings)

    # The shopper

    def pay(self, session_id: str, outcome: str = "authorize", *, wait: bool = True) -> Json:
        """Do what a shopper would: "authorize", "fail" or "start". The answer's ``url`` is where the
        browser goes then."""
        return self._call("POST", f"sessions/{session_id}/pay", {"outcome": outcome, "wait": wait})

    def try_to_pay(self, session_id: str) -> bool:
        """Approve, if the session is still open; tells whether it was."""
        with contextlib.suppress(RuntimeError):
            self.pay(session_id)
            return True
        return False

    # Webhooks

    def set_webhooks(self, url: str, *secrets: str) -> None:
        """Send all events there from now on, and nowhere else."""
        self._call("POST", "webhooks", {"endpoints": [{"url": url, "secrets": list(secrets)}]})

    def set_endpoints(self, endpoints: list[Json]) -> None:
        """Any number of ``{"url", "secret"}``, none included."""
        self._call("POST", "webhooks", {"endpoints": endpoints})

    def policy(self, action: str, count: int = 1, types: list[str] | None = None, seconds: float = 0) -> None:
        """What to do with the next events: drop, duplicate, delay, reorder, hold or concurrent."""
        body = {"action": action, "count": count, "types": types or [], "seconds": seconds}
        self._call("POST", "events/policy", body)

    def clear_policies(self) -> None:
        self._call("DELETE", "events/policy")

    def release(self) -> Json:
        """Send what is held; returns after it was tried."""
        return self._call("POST", "events/release")

    def redeliver(self, event_id: str) -> Json:
        return self._call("POST", f"events/{event_id}/redeliver")

    def signed_event(self, event_id: str, *secrets: str, timestamp: int | None = None) -> tuple[bytes, str]:
        """Body and ``Stripe-Signature`` of an event, to be posted by the test itself."""
        query: dict[str, Any] = {"secret": list(secrets)}
        if timestamp is not None:
            query["timestamp"] = timestamp
        found = self._call("GET", f"events/{event_id}/signed", query=query)
        return found["body"].encode(), found["signature"]

    def wait_for_deliveries(self, timeout: float = 30) -> list[Json]:
        """Until nothing is in flight or due; all deliveries with their attempts."""
        found = self._call("POST", "deliveries/wait", {"timeout": timeout})
        if not found["quiet"]:
            raise TimeoutError(f"deliveries are still in flight after {timeout} s: {found['deliveries']}")
        deliveries: list[Json] = found["deliveries"]
        return deliveries

    # Faults and refunds

    def fault(self, kind: str, path: str = "/v1/", method: str = "*", **details: Any) -> None:
        """Order a fault: error, timeout_before, timeout_after, close or slow; see the README."""
        self._call("POST", "faults", {"kind": kind, "path": path, "method": method, **details})

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def pace(self, latency: float = 0, limit: int | None = None) -> None:
        """How many seconds each answer takes, and how many requests are taken in one."""
        self._call("POST", "pace", {"latency": latency, "limit": limit})

    def refund(self, payment_intent_id: str, amount: int | None = None, outcome: str = "succeeded") -> str:
        """Staff refund in Stripe's Dashboard, all that is left or ``amount`` øre; returns the refund's id.
        ``outcome`` is what becomes of it: succeeded, pending, failed."""
        body = {"amount": amount, "outcome": outcome}
        id: str = self._call("POST", f"payment_intents/{payment_intent_id}/refund", body)["refund"]["id"]
        return id

    def refund_outcomes(self, *outcomes: str) -> None:
        """What the next refunds become: succeeded, pending, failed."""
        self._call("POST", "refunds/outcomes", {"outcomes": list(outcomes)})

    def decide_refund(self, refund_id: str, status: str) -> Json:
        return self._call("POST", f"refunds/{refund_id}/decide", {"status": status})

    # Reservations

    def capture(self, payment_intent_id: str) -> Json:
        """Staff capture in Stripe's Dashboard."""
        return self._call("POST", f"payment_intents/{payment_intent_id}/capture")

    def cancel(self, payment_intent_id: str) -> Json:
        """Staff cancel a reservation in Stripe's Dashboard."""
        return self._call("POST", f"payment_intents/{payment_intent_id}/cancel")

    def expire_hold(self, payment_intent_id: str) -> Json:
        """The reservation lapses now, as it would at the end of its seven days."""
        return self._call("POST", f"payment_intents/{payment_intent_id}/expire_hold")

    # Disputes

    def dispute(
        self,
        payment_intent_id: str,
        reason: str = "fraudulent",
        amount: int | None = None,
        *,
        inquiry: bool = False,
    ) -> str:
        """The shopper's bank disputes a captured payment, or ``amount`` øre of it; returns the dispute's id.
        An ``inquiry`` withdraws no money."""
        body = {"reason": reason, "amount": amount, "inquiry": inquiry}
        id: str = self._call("POST", f"payment_intents/{payment_intent_id}/dispute", body)["dispute"]["id"]
        return id

    def dispute_answered(self, dispute_id: str) -> Json:
        """The shop's evidence was sent: the bank reads it ("under_review", "warning_under_review")."""
        return self._call("POST", f"disputes/{dispute_id}/answer")

    def escalate_dispute(self, dispute_id: str) -> Json:
        """An inquiry becomes a dispute, and its money is withdrawn."""
        return self._call("POST", f"disputes/{dispute_id}/escalate")

    def decide_dispute(self, dispute_id: str, status: str) -> Json:
        """What the bank says in the end: "won" or "lost" (of a dispute), "closed" (of an inquiry)."""
        return self._call("POST", f"disputes/{dispute_id}/decide", {"status": status})

    def _one(self, kind: str, id: str) -> Json:
        found: Json = next(item for item in self.state()[kind] if item["id"] == id)
        return found

    def _call(
        self, method: str, path: str, body: Json | None = None, *, query: dict[str, Any] | None = None
    ) -> Json:
        if self._client is None:
            raise RuntimeError("The Stripe simulator is not running")
        response = self._client.request(method, f"/_simulator/{path}", json=body, params=query)
        if response.is_error:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        found: Json = response.json()
        return found
