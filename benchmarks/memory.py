"""How much memory this process has used at most."""

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak() -> float:
    """In MiB. What Linux counts for ``getrusage`` begins with what the process was started from."""
    if STATUS.exists():
        lines = dict(line.split(":", 1) for line in STATUS.read_text(encoding="ascii").splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
