"""One part, in a process of its own: ``python -m benchmarks.part NAME PROFILE FILE``; FILE is JSON."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import django

from benchmarks.profiles import PROFILES

if __name__ == "__main__":
    name, profile, file = sys.argv[1:]
    django.setup()
    results = importlib.import_module(f"benchmarks.parts.{name}").measure(PROFILES[profile])
    Path(file).write_text(json.dumps(results.as_json()), encoding="utf-8")
