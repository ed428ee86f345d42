"""``python -m stripe_simulator``: serve until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
from collections.abc import Generator

import uvicorn

from .app import create_app
from .connections import CuttableProtocol
from .simulator import Listener, Simulator
from .storage import Storage


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stripe_simulator",
        description="Simulates Stripe's API, hosted Checkout and webhooks for Vipps payments.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="0 picks a free one (default: %(default)s)")
    parser.add_argument(
        "--database", default=":memory:", metavar="FILE", help="SQLite file (default: memory)"
    )
    parser.add_argument(
        "--webhook-url", action="append", default=[], metavar="URL", help="where events go; may be repeated"
    )
    parser.add_argument(
        "--webhook-secret",
        action="append",
        default=[],
        metavar="whsec_...",
        help="signing secret of the --webhook-url in the same place",
    )
    parser.add_argument(
        "--public-url", metavar="URL", help="where browsers reach this (default: host and port)"
    )
    parser.add_argument(
        "--log-level", default="warning", choices=["critical", "error", "warning", "info", "debug"]
    )
    return parser


class Server(uvicorn.Server):
    """Announces itself when it is ready, and stops at once, whoever is still connected."""

    def __init__(self, config: uvicorn.Config, simulator: Simulator, address: str) -> None:
        super().__init__(config)
        self._simulator = simulator
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._simulator.start()
        await super().startup(sockets)
        if self.started:
            print(f"stripe-simulator ready at {self._address}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._simulator.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self._simulator.release_held()
        self.should_exit = True
        self.force_exit = True  # doesn't wait for connections that are kept open


def main() -> None:
    parser = arguments()
    options = parser.parse_args()
    if len(options.webhook_url) != len(options.webhook_secret):
        parser.error("give one --webhook-secret for each --webhook-url")
    listeners = [Listener(url, (secret,)) for url, secret in zip(options.webhook_url, options.webhook_secret)]
    try:
        listening = socket.create_server((options.host, options.port))
    except OSError as error:
        parser.exit(1, f"stripe-simulator: cannot listen on {options.host}:{options.port}: {error}\n")
    # Without it each answer waits some 40 ms: its head is sent at once, its body with the acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    address = f"http://{options.host}:{listening.getsockname()[1]}"
    public_url = (options.public_url or address).rstrip("/")
    simulator = Simulator(Storage(options.database), public_url, listeners)
    config = uvicorn.Config(
        create_app(simulator),
        http=CuttableProtocol,
        ws="none",
        log_level=options.log_level,
        lifespan="off",
        server_header=False,
        # Longer than any client keeps a connection unused: one that is closed while used again looks like
        # a failure of Stripe's.
        timeout_keep_alive=600,
    )
    asyncio.run(Server(config, simulator, address).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
