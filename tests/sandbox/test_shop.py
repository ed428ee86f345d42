"""The shop's own pieces: shipping charges and the order pipeline."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from shop.order_pipeline import ORDER_STATUS_OF_OUTCOME, ORDER_STATUS_PIPELINE
from shop.shipping.repository import Repository


@pytest.mark.parametrize("method", Repository.methods, ids=lambda method: method.code)
def test_a_quarter_of_the_charge_without_vat_is_vat(method: object) -> None:
    for currency in ("NOK", "EUR"):
        charge = method.calculate(SimpleNamespace(currency=currency))  # type: ignore[attr-defined]
        assert charge.incl_tax == charge.excl_tax * Decimal("1.25")


def test_the_pipeline_leads_to_known_statuses_only() -> None:
    for following in ORDER_STATUS_PIPELINE.values():
        assert set(following) <= set(ORDER_STATUS_PIPELINE)
    assert set(ORDER_STATUS_OF_OUTCOME.values()) <= set(ORDER_STATUS_PIPELINE)
