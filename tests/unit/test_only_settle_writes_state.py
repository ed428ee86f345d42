"""``settle`` is the only writer of a payment's state: nothing else in the app may assign it.

Read from the source, so that a writer that no test happens to run is found as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import oscar_vipps

APP = Path(oscar_vipps.__file__).parent
#: Calls that write what their keywords name.
WITH_KEYWORDS = {"Payment", "create", "update", "get_or_create", "update_or_create"}
#: Calls that write what a text names.
WITH_TEXTS = {"setattr", "update", "update_or_create", "bulk_update"}


def writes_of_state(tree: ast.AST) -> Iterator[int]:
    """The lines that assign an attribute ``state``, by ``=``, ``setattr`` or a query that writes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "state" and isinstance(node.ctx, ast.Store):
            yield node.lineno
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        is_keyword = "state" in {keyword.arg for keyword in node.keywords}
        is_text = "state" in {value.value for value in ast.walk(node) if isinstance(value, ast.Constant)}
        if (called in WITH_KEYWORDS and is_keyword) or (called in WITH_TEXTS and is_text):
            yield node.lineno


@pytest.mark.parametrize(
    "source",
    [
        "payment.state = 1",
        "payment.state += 1",
        "a, payment.state = 1, 2",
        "setattr(payment, 'state', 1)",
        "Payment.objects.update(state=1)",
        "Payment.objects.filter(pk=1).update(**{'state': 1})",
        "Payment.objects.create(state=1)",
        "Payment.objects.bulk_update(payments, ['state'])",
        "Payment(state=1)",
    ],
)
def test_a_writer_would_be_found(source: str) -> None:
    assert list(writes_of_state(ast.parse(source))) == [1]


def test_settle_is_the_only_writer_of_state() -> None:
    found = {
        path.relative_to(APP).as_posix(): len(lines)
        for path in APP.rglob("*.py")
        if (lines := list(writes_of_state(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found == {"payments/settlement.py": 1}
