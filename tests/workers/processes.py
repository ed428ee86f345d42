"""A broker and a worker, each a process of its own that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import psutil

from tests.support.simulator import python_path

#: Seconds in which something has to be said; much more than it takes.
PATIENCE = 60


class Process:
    """One whose words are waited for."""

    def __init__(self, command: list[str], *, cwd: Path, variables: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    def wait_for(self, *words: str) -> str:
        """The next line that has all of these. Raises ``queue.Empty`` where none comes."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            if all(word in line for word in words):
                return line

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def kill(self) -> None:
        """All of it, with SIGKILL, unless it is over."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def broker(directory: Path, port: int) -> Process:
    """A Redis that keeps nothing when it is killed, ready."""
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = Process(command, cwd=directory)
    process.wait_for("Ready to accept connections")
    return process


def worker(directory: Path, variables: dict[str, str], *options: str) -> Process:
    """A worker of Celery's with one child, ready. ``options`` are the command's."""
    command = [sys.executable, "-m", "celery", "--app", "tests.workers.celery_app", "worker"]
    process = Process(
        [*command, "--concurrency", "1", "--loglevel", "INFO", *options],
        cwd=directory,
        variables={
            **variables,
            "PYTHONPATH": python_path(),
            "DJANGO_SETTINGS_MODULE": "tests.workers.settings",
        },
    )
    process.wait_for("ready.")
    return process
