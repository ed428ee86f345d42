"""The shop under gunicorn: one worker, which is replaced whenever it is killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.simulator import python_path


@contextmanager
def serving(directory: Path, *, database: str, stripe: str) -> Iterator[str]:
    """The shop's address. What it says, and the mail it sends, are in ``directory``."""
    variables = {
        **os.environ,
        "PYTHONPATH": python_path(),
        "DJANGO_SETTINGS_MODULE": "tests.crashes.settings",
        "CRASHES_DATABASE": database,
        "CRASHES_STRIPE": stripe,
        "CRASHES_MAIL": str(mail_directory(directory)),
    }
    # Handed over listening: whoever connects while no worker is there yet waits, and isn't refused.
    with socket.create_server(("127.0.0.1", 0)) as listening, (directory / "gunicorn.log").open("wb") as log:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = [
            *(sys.executable, "-m", "gunicorn", "--config", "python:tests.crashes.gunicorn_conf"),
            *("--bind", f"fd://{listening.fileno()}"),
        ]
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=variables,
            stdout=log,
            stderr=log,
            pass_fds=[listening.fileno()],
        )
    try:
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def mail_directory(directory: Path) -> Path:
    return directory / "mail"
