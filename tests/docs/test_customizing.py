"""What the pages show of a shop's own code does what they say. Most examples are files of
``tests/projects/customized``, with which ``tests/projects/test_customized.py`` buys.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, engines
from django.template.loader_tags import BlockNode, ExtendsNode
from oscar.core.prices import Price

from oscar_vipps.checkout.methods import PaymentMethod
from tests.docs.pages import snippet
from tests.integration.books import subjects
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper
from tests.support.simulator import ROOT

TEMPLATES = ROOT / "oscar_vipps" / "templates"


def run(page: str, containing: str) -> dict[str, Any]:
    """What the block of code defines."""
    found: dict[str, Any] = {"__name__": "documented"}
    exec(snippet(page, containing), found)
    return found


@pytest.fixture
def reserved(shop: Shop, settings: Any, shopper: Shopper, product: Any) -> Any:
    """An order whose money is reserved."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "CAPTURE": "manual"}
    payment = shopper.go_to_vipps(product)
    shop.simulator.pay(payment.session_id or "")
    shop.deliver()
    payment.refresh_from_db()
    return payment.order


def test_a_way_to_pay_with_a_rule_of_its_own() -> None:
    invoice = run("installation.rst", "class Invoice")["Invoice"]()
    assert isinstance(invoice, PaymentMethod)
    for kroner, expected in ((10_000, None), (10_001, "Invoices are for orders of up to 10 000.")):
        total = Price(currency="NOK", excl_tax=Decimal(kroner), incl_tax=Decimal(kroner))
        assert invoice.why_unavailable(None, None, total) == expected


def test_money_from_the_shops_own_code(reserved: Any, shop: Shop) -> None:
    own = run("customizing.rst", "def capture(order)")
    assert own["capture"](reserved) == "Send it."
    own["refund"](reserved, Decimal("49.50"))
    shop.deliver()
    payment = type(reserved.vipps_payment).objects.get(order=reserved)
    assert (payment.state, payment.amount_refunded) == ("captured", 4950)
    assert payment.refunds.get().reason == "requested_by_customer"


def test_capture_says_not_now_where_stripe_is_down(reserved: Any, shop: Shop, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "MAX_NETWORK_RETRIES": 0}
    shop.simulator.fault("error", "/v1/payment_intents", status=503)
    said = run("customizing.rst", "def capture(order)")["capture"](reserved)
    assert said.startswith("Not now: Stripe answered 503.")


def test_and_keep_it_where_the_reservation_is_gone(reserved: Any, shop: Shop) -> None:
    shop.simulator.advance(8 * 24 * 3600)
    assert run("customizing.rst", "def capture(order)")["capture"](reserved) == "Keep it."


def test_mail_that_staff_have_written(reserved: Any, shop: Shop) -> None:
    run("customizing.rst", "CommunicationEventType")
    own = run("customizing.rst", "def capture(order)")
    own["capture"](reserved)
    own["refund"](reserved, Decimal(10))
    assert subjects()[-1] == f"Money for you: order {reserved.number}"


# Templates


def with_blocks() -> list[str]:
    """Those that have blocks of their own."""
    return [
        path.relative_to(TEMPLATES).as_posix()
        for path in sorted(TEMPLATES.rglob("*.*"))
        if "{% block " in path.read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize("name", with_blocks())
def test_each_block_of_each_template_can_be_filled_in(name: str, tmp_path: Path, settings: Any) -> None:
    """A shop's template of the same name extends ours, and its block comes first."""
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    blocks = dict.fromkeys(re.findall(r"{% block (\w+) %}", source))
    own = tmp_path / name
    own.parent.mkdir(parents=True)
    own.write_text(
        f'{{% extends "{name}" %}}'
        + "".join(f"{{% block {block} %}}own {{{{ block.super }}}}{{% endblock %}}" for block in blocks)
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    engine: Any = engines["django"]
    template = engine.get_template(name).template
    assert Path(template.origin.name) == own
    (extends,) = (node for node in template.nodelist if isinstance(node, ExtendsNode))
    ours = parent_of(extends, engine, template)
    assert Path(ours.origin.name) == TEMPLATES / name
    in_ours = {node.name for node in ours.nodelist.get_nodes_by_type(BlockNode)}
    assert set(blocks) <= in_ours


def parent_of(extends: ExtendsNode, engine: Any, template: Any) -> Any:
    """What it extends, found as Django finds it."""
    parent: Any = extends.parent_name
    context = Context()
    context.template = template
    with context.render_context.push_state(template):
        context.render_context["extends_context"] = [template.origin]
        return extends.find_template(parent.resolve(context), context)
