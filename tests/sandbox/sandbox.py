"""A running sandbox, as ``make sandbox`` starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"^Open (http://\S+)")


def free_port() -> int:
    """A port that is free, and whose neighbour is, too."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except OSError:
                continue
            return port


def answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without what would change the sandbox."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STRIPE_", "DJANGO_", "COV_", "PYTEST_"))
        and name not in ("DATABASE_URL", "PORT", "MAKEFLAGS", "MAKELEVEL", "PYTHONPATH", "VIRTUAL_ENV")
    }
    return kept | variables


@dataclass
class Sandbox:
    process: subprocess.Popen[str]
    #: What it has said until it was ready.
    lines: list[str] = field(default_factory=list)

    def wait_until_ready(self) -> str:
        """The shop's address."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if ready := READY.match(line):
                return ready[1]
        raise AssertionError("The sandbox did not start:\n" + "".join(self.lines))

    @property
    def simulator_url(self) -> str | None:
        found = re.search(r"simulated: (http://\S+)", "".join(self.lines))
        return found[1] if found else None

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, part_of_command: str) -> psutil.Process:
        (found,) = [child for child in self.children() if part_of_command in child.cmdline()]
        return found

    def interrupt(self) -> int:
        """What Ctrl-C does: the signal goes to everything in the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        """The exit status; the rest of what it says is kept."""
        self.lines.append(self.process.communicate(timeout=60)[0])
        return self.process.returncode


@contextmanager
def started(command: list[str], cwd: Path, variables: dict[str, str]) -> Iterator[Sandbox]:
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    sandbox = Sandbox(process)
    try:
        yield sandbox
    finally:
        if process.poll() is None:
            left = sandbox.children()
            os.killpg(process.pid, signal.SIGKILL)
            for child in left:
                child.kill()
        process.communicate()
