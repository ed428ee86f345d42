"""The pictures in the docs that are drawn from the code: ``make diagrams``. Needs Graphviz' ``dot``."""

from __future__ import annotations

import subprocess
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
#: In a label, as Graphviz writes it.
NEW_LINE = "\\n"


def payment_states() -> str:
    """A payment's states and what moves it between them, as Graphviz reads it."""
    from oscar_vipps.payments.states import ENDED, TAKEN_UP_AGAIN, TRANSITIONS, State

    ends = {*ENDED, State.CAPTURED}
    lines = ["rankdir=TB", "node [fontname=Helvetica]", "edge [fontname=Helvetica, fontsize=10]"]
    for state in State:
        shape = "doubleoctagon" if state in ends else "box"
        lines.append(f'{state.name} [shape={shape}, label="{state.value}"]')
    arrows: dict[tuple[State, State], list[str]] = {}
    for (before, fact), after in TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(fact.value)
    for (before, after), facts in arrows.items():
        label = NEW_LINE.join(facts)
        lines.append(f'{before.name} -> {after.name} [label="{label}"]')
    label = f"money came late, and{NEW_LINE}the shop takes the order up again"
    lines.append(f'{State.EXPIRED.name} -> {TAKEN_UP_AGAIN.name} [style=dashed, label="{label}"]')
    return "\n  ".join(["digraph payment {", *lines]) + "\n}\n"


def draw(name: str, source: str) -> None:
    """Write ``images/<name>.dot`` and ``images/<name>.svg``."""
    path = IMAGES / f"{name}.dot"
    path.write_text(source, encoding="utf-8")
    subprocess.run(["dot", "-Tsvg", f"-o{path.with_suffix('.svg')}", path], check=True)  # noqa: S603, S607


if __name__ == "__main__":
    import django

    django.setup()
    draw("payment-states", payment_states())
