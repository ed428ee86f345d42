"""Which tests show that a failure of the field can't happen, or is seen: ``make field-failures`` lists them.

A test says so in its docstring: "Field failure 7: ...".
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "docs" / "field-failures.rst"

FAILURES = {
    1: "The callback failed and the shopper never came back: a paid order stays pending",
    2: "A timer cancelled an order that was paid",
    3: "The webhook was registered for an old host, and nobody noticed",
    4: "Webhook and return page raced: double mail, double stock",
    5: "Paid, but no order exists: the basket was used again, or a number clashed",
    6: "The mail server was down after placement: basket opened again, shopper told it failed",
    7: "Back button: the basket is empty, and there is no way to continue",
    8: "Returned in another browser, by a switch of apps: unknown order",
    9: "The app hung, and the customer ordered twice",
    10: "Two tabs, a double click: two orders or two sessions",
    11: "The total is off by one øre: declined, or it can't be captured",
    12: "Receipt lines are rejected, discounts negative",
    13: "The shop's currency is used instead of the order's",
    14: "The paid amount is never compared with the order",
    15: "A refund is recorded twice: the API's answer and the webhook",
    16: "A failed refund is shown as done",
    17: "A refund that was made in Stripe's own Dashboard is not reflected",
    18: "Changing a status moved money, or should have and did not",
    19: '"Refund 0" refunded everything',
    22: "A payment arrived after the order was cancelled",
    23: "A single-use voucher is lost after a failed payment",
    24: "Stock stays allocated to unpaid orders",
    25: "One odd order stopped the reconciler for all later ones",
    26: "Any visitor could thaw or place another's basket by its id",
    27: "Replayed or forged callbacks are accepted",
    28: "Events of another shop on the same Stripe account cause errors",
    29: "Secrets or card data are in logs or tables",
    30: "The waiting page looped for ever, or was silent for screen readers",
}

HEAD = """\
Failures of the field
=====================

What shops reported of payment plug-ins, and the tests that show that it can't happen here, or is seen. Each
test names the failure in its docstring; ``make field-failures`` makes this list of them, and a test holds it
to them.

"""


def shown_by() -> dict[int, list[str]]:
    """The number of each failure, and the tests that name it."""
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = _numbers(ast.get_docstring(tree))
        name = path.relative_to(ROOT).as_posix()
        for number in module:
            found.setdefault(number, []).append(name)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in _numbers(ast.get_docstring(node)):
                    found.setdefault(number, []).append(f"{name}::{node.name}")
    return found


def _numbers(docstring: str | None) -> list[int]:
    named = re.findall(r"[Ff]ield failures? ((?:\d+(?: \([^)]*\))?(?:, | and )?)+)", docstring or "")
    without_words = re.sub(r"\([^)]*\)", "", " ".join(named))
    return [int(number) for number in re.findall(r"\d+", without_words)]


def written() -> str:
    """The list as reStructuredText."""
    tests = shown_by()
    parts = [HEAD]
    for number, name in FAILURES.items():
        parts.append(f"{number}. {name}.\n\n")
        parts += [f"   - ``{test}``\n" for test in tests.get(number, [])]
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    LIST.write_text(written(), encoding="utf-8")
