"""``manage.py vipps_doctor``: what is right and wrong with an installation, and what to do about it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oscar_vipps.diagnosis.bundle import as_json, make_bundle
from oscar_vipps.diagnosis.doctor import Result, diagnose, summary
from oscar_vipps.diagnosis.findings import Mark

#: What a mark is called, and which of Django's styles has its colour.
MARKS = {
    Mark.OK: (gettext_lazy("ok"), "SUCCESS"),
    # Translators: a mark before a line, as short as "ok"
    Mark.WARNING: (gettext_lazy("look"), "WARNING"),
    # Translators: a mark before a line, as short as "ok"
    Mark.ERROR: (gettext_lazy("wrong"), "ERROR"),
    Mark.SKIPPED: ("-", "HTTP_INFO"),
}


class Command(BaseCommand):
    help = (
        "Looks at the installation: settings, keys, Stripe, the webhook, what went through. One line each, "
        "and what to do. The exit status is 1 where something is wrong. To see whether Vipps is switched on, "
        "a Checkout Session over 3 kroner is made and expired at once; --read-only leaves that out."
    )
    # It is to tell what is wrong, and not to fail of it.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="The results as JSON.")
        parser.add_argument(
            "--read-only",
            action="store_true",
            help="Makes nothing at Stripe, not even for a moment: for monitoring.",
        )
        parser.add_argument(
            "--bundle",
            metavar="FILE",
            help="Also write how the shop is set up, the results and counts into FILE, for whoever helps "
            "you: JSON, without secrets and personal data.",
        )

    def handle(self, *args: Any, read_only: bool, bundle: str | None, **options: Any) -> None:
        results = []
        for result in diagnose(makes_session=not read_only):
            results.append(result)
            if not options["json"]:
                self.show(result)
        if options["json"]:
            self.stdout.write(json.dumps([as_json(result) for result in results], indent=2))
        if bundle:
            self.write_bundle(Path(bundle), results)
        if wrong := summary(results):
            raise CommandError(wrong)

    def show(self, result: Result) -> None:
        """``[ok   ] Settings: ...``, and what to do below."""
        name, style = MARKS[result.mark]
        width = max(len(str(each)) for each, _style in MARKS.values())
        mark = getattr(self.style, style)(f"[{name!s:<{width}}]")
        self.stdout.write(f"{mark} {result.title}: {result.text}")
        if result.hint:
            self.stdout.write(f"{' ' * (width + 3)}{result.hint}")

    def write_bundle(self, path: Path, results: list[Result]) -> None:
        content = json.dumps(make_bundle(results), indent=2, ensure_ascii=False)
        try:
            path.write_text(f"{content}\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        self.stderr.write(_("Written to %(path)s. Read it before you send it.") % {"path": path})
