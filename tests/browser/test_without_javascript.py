"""Nothing of ours needs a script. Of Oscar's own pages, the one that asks guests who they are does."""

from __future__ import annotations

from typing import Any

import pytest

from oscar_vipps.models import Payment
from tests.support.factories import UserFactory
from tests.support.fixtures import Shop

from .visitor import PHONE, Device, Meet, state_of


@pytest.mark.parametrize("device", [PHONE], ids=str)
def test_a_customer_turns_back_waits_and_has_bought(
    meet: Meet, device: Device, product: Any, live_shop: Shop, with_invoice: None
) -> None:
    user = UserFactory.create()
    user.set_password("fjord-and-fell")
    user.save()
    visitor = meet(device, java_script_enabled=False)
    visitor.sign_in(user, "fjord-and-fell")
    visitor.add(product)
    visitor.open("checkout:index")
    visitor.fill_in_address()
    visitor.press("[value=vipps] ~ [type=submit]")
    payment = visitor.place_order()
    visitor.decline()
    visitor.turn_back(payment)
    visitor.expect_heading("The payment did not go through")
    visitor.press(visitor.page.get_by_role("button", name="Continue with Vipps"))
    visitor.at_stripe()
    visitor.continue_to_vipps()
    visitor.visit(payment, "return")
    visitor.expect_heading("Waiting for Vipps")
    visitor.look("waiting")
    live_shop.simulator.pay(payment.session_id or "", "authorize")
    visitor.expect_thanks(payment)
    assert state_of(payment) == (Payment.State.CAPTURED, "Paid")
