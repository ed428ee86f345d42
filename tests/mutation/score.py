"""What came of ``mutmut run``, per module: reads ``mutmut results --all true``, fails below 90 %."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable

ENOUGH = 90
#: A mutant that never ends is noticed, too.
KILLED = {"killed", "timeout"}


def main(results: Iterable[str]) -> int:
    modules: dict[str, Counter[str]] = defaultdict(Counter)
    survivors = []
    for line in results:
        mutant, _, status = line.strip().rpartition(": ")
        outcome = "killed" if status in KILLED else "survived"
        modules[mutant.rpartition(".")[0]][outcome] += 1
        if outcome == "survived":
            survivors.append(f"{mutant}: {status}")
    print(*survivors, sep="\n")
    print(f"\n{'':36} mutants  killed  survived  score")
    for module, outcomes in sorted(modules.items()):
        print(_row(module, outcomes))
    total = sum(modules.values(), Counter[str]())
    print(_row("in all", total))
    return 0 if total["killed"] * 100 >= ENOUGH * total.total() > 0 else 1


def _row(name: str, outcomes: Counter[str]) -> str:
    killed, survived, total = outcomes["killed"], outcomes["survived"], outcomes.total()
    return f"{name:36} {total:7}  {killed:6}  {survived:8}  {killed / (total or 1):5.1%}"


if __name__ == "__main__":
    sys.exit(main(sys.stdin))
