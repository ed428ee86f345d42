"""A browser, over HTTP: keeps cookies, sends forms with their token, and may see the shop die."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

#: Against forged requests: the same in the cookie and in each form.
TOKEN = "t" * 32


class Killed(Exception):
    """The shop died before it answered."""


@dataclass
class Clock:
    """By how many seconds the shop's is ahead of real time."""

    ahead: float = 0


class Browser:
    def __init__(self, address: str, clock: Clock) -> None:
        # Nothing is encrypted here, and loading certificates takes its time.
        self.client = httpx.Client(base_url=address, timeout=60, trust_env=False, verify=False)
        self.clock = clock
        # As with a form that was shown before.
        self.take("csrftoken", TOKEN)

    def take(self, name: str, cookie: str) -> None:
        """As if the shop had set it."""
        self.client.cookies.set(name, cookie, domain=self.client.base_url.host)

    def close(self) -> None:
        self.client.close()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, data={"csrfmiddlewaretoken": TOKEN, **(data or {})}, **options)

    def request(self, method: str, path: str, *, kill_at: int = 0, **options: Any) -> httpx.Response:
        """Raises ``Killed`` if the shop was, at step ``kill_at``; fails on answers that tell of an error."""
        asked = {"X-Kill-At": str(kill_at), "X-Ahead": str(self.clock.ahead)}
        headers = {**asked, **options.pop("headers", {})}
        try:
            answer = self.client.request(method, path, headers=headers, **options)
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            if not kill_at:
                raise
            raise Killed from error
        assert answer.status_code < 400, (method, path, answer.status_code, answer.text[:1000])
        return answer


def steps_of(answer: httpx.Response) -> list[str]:
    """The names of the steps that the shop took before it gave this answer."""
    found: list[str] = json.loads(answer.headers["X-Steps"])
    return found
