"""``manage.py vipps_export_customer``: what this app stores about one customer's payments."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from oscar_vipps.privacy.export import export_customer


class Command(BaseCommand):
    help = (
        "Prints as JSON what this app stores about the payments of one customer: of the account with this "
        "e-mail address, and of guests who gave it. What Oscar stores (account, orders, addresses) is not "
        "in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The customer's e-mail address.")
        parser.add_argument(
            "--output", metavar="FILE", help="Write into FILE, which only you may read, and print nothing."
        )

    def handle(self, *args: Any, email: str, output: str | None, **options: Any) -> None:
        found = export_customer(email)
        text = json.dumps(found, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
        if output is None:
            self.stdout.write(text)
            return
        write_privately(Path(output), f"{text}\n")
        written = _("%(count)d payments written to %(path)s.")
        self.stderr.write(written % {"count": len(found["payments"]), "path": output})


def write_privately(path: Path, text: str) -> None:
    """A new file, that nobody else may read from the start; raises ``CommandError``."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
