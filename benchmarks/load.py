"""Clients that send what was made beforehand, each on a connection of its own, and take the time."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Load:
    """What became of one round. ``latencies`` in milliseconds."""

    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


class WrongAnswer(Exception):
    """What is measured must work."""


def send(address: str | Sequence[str], requests: Sequence[Request], clients: int, status: int = 200) -> Load:
    """Send all of them, in turn, by so many clients who share the addresses. Raises ``WrongAnswer``."""
    addresses = [address] if isinstance(address, str) else address
    latencies: list[float] = []
    errors: list[BaseException] = []
    begin = threading.Barrier(clients + 1)

    def work(number: int) -> None:
        mine = requests[number::clients]
        connection = http.client.HTTPConnection(addresses[number % len(addresses)], timeout=120)
        taken = []
        try:
            connection.connect()
            begin.wait()
            for request in mine:
                begun = time.perf_counter()
                connection.request(request.method, request.path, request.body, dict(request.headers))
                answer = connection.getresponse()
                text = answer.read()
                taken.append((time.perf_counter() - begun) * 1000)
                if answer.status != status:
                    raise WrongAnswer(f"{request.path}: {answer.status} {text[:500]!r}")
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            errors.append(error)
            begin.abort()
        finally:
            connection.close()
            latencies.extend(taken)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    with contextlib.suppress(threading.BrokenBarrierError):
        begin.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if errors:
        raise next((each for each in errors if not isinstance(each, threading.BrokenBarrierError)), errors[0])
    return Load(time.perf_counter() - begun, tuple(latencies))
