"""Every reason that Stripe gives for a dispute has its words."""

from __future__ import annotations

from typing import get_args

import pytest

from oscar_vipps.shop.dispute_reasons import in_words
from stripe_simulator.disputes import Reason


@pytest.mark.parametrize("reason", get_args(Reason))
def test_each_reason_has_words(reason: str) -> None:
    assert in_words(reason) != reason
    assert "_" not in in_words(reason)


def test_a_new_reason_is_shown_as_it_is() -> None:
    assert in_words("eaten_by_the_dog") == "eaten_by_the_dog"
    assert in_words("") == ""
