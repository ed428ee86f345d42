"""A receiver of webhooks, for tests that need a shop's end of the wire and not a shop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import stripe

#: Status to answer with, for the n-th request (from 0).
Answer = Callable[[int], int]


@dataclass
class Received:
    body: bytes
    signature: str

    def verify(self, secret: str) -> stripe.Event:
        """Raises unless the signature is good now."""
        # The SDK's own has no types.
        construct: Callable[[bytes, str, str], stripe.Event] = stripe.Webhook.construct_event
        return construct(self.body, self.signature, secret)


@dataclass
class Receiver:
    """Keeps what it gets; answers as told. ``gate`` closed lets requests wait."""

    answer: Answer = lambda number: 200
    received: list[Received] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    #: The most requests that were open at the same time.
    most_at_once: int = 0

    def __enter__(self) -> Receiver:
        self.gate.set()
        self._lock = threading.Lock()
        self._open = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/vipps/webhook/"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._lock:
                    number = len(receiver.received)
                    receiver.received.append(Received(body, self.headers["Stripe-Signature"]))
                    receiver._open += 1
                    receiver.most_at_once = max(receiver.most_at_once, receiver._open)
                receiver.arrived.release()
                receiver.gate.wait(30)
                with receiver._lock:
                    receiver._open -= 1
                status = receiver.answer(number)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", receiver.url)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
