"""Counts the steps of a request, and kills the process at one of them.

A step is the moment just before and just after something that outlives the process: a commit of something
written, be it of a transaction or of a statement by itself, and a request to Stripe. At every other moment a
death leaves behind what the step before has left.

==================  =======================================================================================
header
==================  =======================================================================================
``X-Kill-At``       in a request: the number of the step, from 1, at which the process is to die
``X-Ahead``         in a request: seconds by which the shop's clock is ahead meanwhile
``X-Steps``         in the answer: the names of all steps, as JSON
==================  =======================================================================================
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import urlsplit

import stripe
import time_machine
from django.db import connection
from django.http import HttpRequest, HttpResponse

#: How Django begins a statement that changes rows.
WRITES = ("INSERT", "UPDATE", "DELETE")


class Steps:
    """Those of one request."""

    def __init__(self, kill_at: int = 0) -> None:
        self.names: list[str] = []
        self.kill_at = kill_at
        self._written: list[str] = []

    def reach(self, name: str) -> None:
        """Die here, if this is the step to die at."""
        self.names.append(name)
        if len(self.names) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        self.reach(f"before {what}")
        yield
        self.reach(f"after {what}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The database connection and Stripe's client tell of their steps."""
        database: Any = connection
        commit = database._commit

        def watched_commit() -> None:
            written, self._written = self._written, []
            with self.around(f"COMMIT of {written[0]}, ...") if written else nullcontext():
                commit()

        database._commit = watched_commit
        StripeClient.steps = self
        try:
            with connection.execute_wrapper(self._execute):
                yield
        finally:
            del database._commit
            StripeClient.steps = None

    def _execute(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if not sql.startswith(WRITES):
            return execute(sql, *arguments)
        if connection.in_atomic_block:
            self._written.append(_in_short(sql))
            return execute(sql, *arguments)
        with self.around(_in_short(sql)):
            return execute(sql, *arguments)


def _in_short(sql: str) -> str:
    """``UPDATE oscar_vipps_payment (confirmation_sent_at)``: the table, and the column where it is one."""
    verb, table = re.match(r"(\w+).*?[\"`](\w+)[\"`]", sql, re.DOTALL).groups()  # type: ignore[union-attr]
    columns = re.findall(r"[\"`](\w+)[\"`] = ", sql.partition(" WHERE ")[0]) if verb == "UPDATE" else []
    return f"{verb} {table} ({columns[0]})" if len(columns) == 1 else f"{verb} {table}"


class StripeClient(stripe.RequestsClient):
    """What ``stripe.RequestsClient`` is in the process that is killed."""

    steps: Steps | None = None

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **options: Any) -> Any:
        # Every id is another one.
        path = re.sub(r"/[a-z]+_\w{12,}", "/...", urlsplit(url).path)
        with self.steps.around(f"{method.upper()} {path}") if self.steps else nullcontext():
            return super().request(method, url, headers, post_data, **options)


class StepsMiddleware:
    """Does what the headers ask for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        steps = Steps(int(request.headers.get("X-Kill-At", 0)))
        ahead = float(request.headers.get("X-Ahead", 0))
        with time_machine.travel(time.time() + ahead) if ahead else nullcontext(), steps.watching():
            response = self.get_response(request)
        response["X-Steps"] = json.dumps(steps.names)
        return response
