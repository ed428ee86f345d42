"""The machine that was measured on, as its own files describe it. No name, no path."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import psutil

PACKAGES = ("django", "django-oscar", "stripe", "psycopg", "gunicorn")


def description(database: str) -> dict[str, str]:
    """What a reader needs to compare: ``database`` is the server's own version."""
    load = os.getloadavg()[0]
    return {
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "System": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
        "Database": database,
        "Packages": ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES),
        "Load before": f"{load:.1f}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
