"""Stripe for dj-stripe, which asks it about each event's object: answered from what the events told.

At once, which is the best that dj-stripe can be; or after the tenth of a second and more that each of these
questions takes on the way to the real Stripe.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import stripe

#: Seconds that each answer takes.
LATENCY = float(os.environ.get("BENCH_LATENCY", "0"))


class CannedStripe(stripe.HTTPClient):
    """Answers with the object that is asked for; its kind is in the address, its id at the end of that."""

    name = "canned"

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[str, tuple[str, str]] = {}

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, **options: Any
    ) -> tuple[str, int, dict[str, str]]:
        time.sleep(LATENCY)
        path = url.split("?")[0].split("/v1/", 1)[1]
        kind, _, id = path.rpartition("/")
        if not self._texts:
            self._texts = json.loads(Path(os.environ["BENCH_OBJECTS"]).read_text(encoding="utf-8"))
        text, template_id = self._texts[kind or path]
        # All ids of one payment end alike, so that one replacement makes them another's.
        template, wanted = template_id.rsplit("_", 1)[-1], id.rsplit("_", 1)[-1]
        body = text.replace(template, wanted) if kind else text
        return body, 200, {}

    def close(self) -> None:
        pass
