"""Servers on loopback, each a process that is ended with the measurement."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.workers import processes

ROOT = Path(__file__).resolve().parents[1]
#: Settings of the shop with this app.
SHOP = "benchmarks.project.settings"
#: The same for everybody who is measured.
WORKERS, THREADS = 2, 4
GUNICORN = (
    *("--worker-class", "gthread", "--threads", str(THREADS)),
    *("--keep-alive", "600", "--timeout", "120", "--log-level", "warning", "--preload"),
    "--no-control-socket",
)
PATH = os.pathsep.join(map(str, (ROOT, ROOT / "sandbox")))
#: Where dj-stripe is installed: it needs an older stripe than this app.
DJSTRIPE_PYTHON = os.environ.get("BENCH_DJSTRIPE", str(ROOT / ".venv-bench-djstripe" / "bin" / "python"))


def environment(settings: str, database: str, **more: str) -> dict[str, str]:
    names = {"PYTHONPATH": PATH, "DJANGO_SETTINGS_MODULE": settings, "DATABASE_URL": database}
    return {**os.environ, **names, **more}


@contextmanager
def shop(
    variables: Mapping[str, str], python: str = sys.executable, processes: int = WORKERS
) -> Iterator[str]:
    """The address of a project under gunicorn."""
    # Handed over listening: whoever connects early waits, and isn't refused.
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        bind = ("--bind", f"fd://{listening.fileno()}")
        command = [python, "-m", "gunicorn", "benchmarks.project.wsgi", *GUNICORN, *bind]
        command += ["--workers", str(processes)]
        process = subprocess.Popen(command, env=variables, cwd=ROOT, pass_fds=[listening.fileno()])
    try:
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def broker() -> Iterator[str]:
    """The address of a Redis that keeps nothing on the disk."""
    port = processes.free_port()
    redis = processes.broker(ROOT, port)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        redis.kill()


def manage(variables: Mapping[str, str], *arguments: str, python: str = sys.executable) -> str:
    """What one of Django's commands printed."""
    command = [python, "-m", "django", *arguments]
    done = subprocess.run(command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def make_tables(variables: Mapping[str, str], python: str = sys.executable) -> None:
    """Of the models, without migrations: those take long and end the same."""
    no_migrations = {**variables, "BENCH_NO_MIGRATIONS": "1"}
    manage(no_migrations, "migrate", "--run-syncdb", "--verbosity=0", python=python)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self.begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begun
