"""A command of the shop, or the whole export, in a process of its own: seconds, memory, what it printed.

``python -m benchmarks.timed COMMAND [ARGUMENTS]`` prints JSON. ``export`` is the list of payments as CSV.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time

import django

from benchmarks.memory import peak


def export() -> None:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import reverse

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(get_user_model().objects.get(username="staff"))
    answer = client.get(reverse("vipps_dashboard:payment-export"))
    for _piece in answer.streaming_content:  # type: ignore[attr-defined]
        pass


def main() -> None:
    django.setup()
    from django.core.management import CommandError, call_command

    command, *arguments = sys.argv[1:]
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        begun = time.perf_counter()
        failed = False
        try:
            export() if command == "export" else call_command(command, *arguments)
        except CommandError:
            failed = True
        seconds = time.perf_counter() - begun
    said = (output.getvalue() + errors.getvalue())[-2000:]
    print(json.dumps({"seconds": seconds, "mebibytes": peak(), "said": said, "failed": failed}))


if __name__ == "__main__":
    main()
