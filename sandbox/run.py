"""What ``make sandbox`` runs: the shop and, without a key for Stripe, a simulator of Stripe beside it.

Both run until Ctrl-C. When one of them ends by itself, so does the other.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import secrets
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

SANDBOX = Path(__file__).resolve().parent
HOST = "127.0.0.1"
#: How long a process may take to stop before it is killed.
STOP_SECONDS = 5

Environment = dict[str, str]


class Failure(Exception):
    """The sandbox cannot go on; the text tells the reader why."""


def main() -> int:
    """Run the sandbox; the result is the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    port = parser.parse_args().port
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with contextlib.ExitStack() as processes:
            _run(port, processes)
    except Failure as failure:
        print(f"sandbox: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe sandbox has stopped.")
    return 0


def _interrupt(number: int, frame: object) -> None:
    # Once is enough: nothing may interrupt the stopping.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(port: int, processes: contextlib.ExitStack) -> None:
    if not _is_free(port):
        raise Failure(f"port {port} is taken; choose another: make sandbox PORT={port + 10}")
    shop_url = f"http://{HOST}:{port}"
    webhook_url = f"{shop_url}/vipps/webhook/"
    environment = dict(os.environ)
    ended: queue.SimpleQueue[str] = queue.SimpleQueue()

    simulator_url = None
    if not (environment.get("STRIPE_SECRET_KEY") or environment.get("STRIPE_API_BASE")):
        environment["STRIPE_SECRET_KEY"] = "sk_test_sandbox"
        environment["STRIPE_WEBHOOK_SECRET"] = f"whsec_{secrets.token_hex(16)}"
        simulator_url = _start_simulator(port + 1, webhook_url, environment, processes, ended)
        environment["STRIPE_API_BASE"] = simulator_url
    elif not environment.get("STRIPE_WEBHOOK_SECRET"):
        raise Failure(
            "STRIPE_WEBHOOK_SECRET is missing, so Stripe's events could not be trusted. "
            f"This prints one: stripe listen --forward-to {webhook_url}"
        )

    print("Preparing the shop ...", flush=True)
    _manage("migrate", "--verbosity=0", environment=environment)
    account = _manage("seed_shop", f"--domain={HOST}:{port}", environment=environment)
    shop = processes.enter_context(
        _process("shop", _shop_command(port), environment, ended, stdout=subprocess.DEVNULL)
    )
    _wait_for_answer(f"{shop_url}/", shop)

    print(account, end="")
    if simulator_url:
        print(f"Stripe is simulated: {simulator_url}/")
    print(f"Open {shop_url}/ and pay with Vipps. Ctrl-C stops.", flush=True)
    raise Failure(f"the {ended.get()} has ended by itself")


def _start_simulator(
    port: int,
    webhook_url: str,
    environment: Environment,
    processes: contextlib.ExitStack,
    ended: queue.SimpleQueue[str],
) -> str:
    """Where the simulator answers, once it does."""
    var = Path(environment.get("SANDBOX_VAR", SANDBOX / "var"))
    var.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "stripe_simulator"),
        *("--host", HOST, "--port", str(port if _is_free(port) else 0)),
        *("--database", str(var / "simulator.sqlite3")),
        *("--webhook-url", webhook_url, "--webhook-secret", environment["STRIPE_WEBHOOK_SECRET"]),
    ]
    process = processes.enter_context(
        _process("simulator", command, environment, ended, stdout=subprocess.PIPE)
    )
    line = process.stdout.readline() if process.stdout else ""
    _, ready, url = line.partition(" ready at ")
    if not ready:
        raise Failure("the simulator did not start")
    return url.strip()


def _shop_command(port: int) -> list[str]:
    return [sys.executable, "manage.py", "runserver", f"{HOST}:{port}", "--noreload"]


def _manage(*arguments: str, environment: Environment) -> str:
    """What one of Django's commands printed."""
    command = [sys.executable, "manage.py", *arguments]
    result = subprocess.run(
        command, cwd=SANDBOX, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    if result.returncode:
        raise Failure(f"manage.py {arguments[0]} failed")
    return result.stdout


@contextlib.contextmanager
def _process(
    name: str, command: list[str], environment: Environment, ended: queue.SimpleQueue[str], stdout: int
) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own, so that Ctrl-C reaches it through here only.

    It is stopped with everything that it started.
    """
    process = subprocess.Popen(
        command,
        cwd=SANDBOX,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        text=True,
        start_new_session=True,
    )

    def watch() -> None:
        process.wait()
        ended.put(name)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for_answer(url: str, process: subprocess.Popen[str]) -> None:
    while True:
        try:
            urllib.request.urlopen(url, timeout=30).close()
        except urllib.error.HTTPError as error:
            raise Failure(f"the shop answers {error.code}") from error
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                raise Failure("the shop did not start") from None
        else:
            return


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
