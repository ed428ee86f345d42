"""Rows of this app, with the orders that they belong to: what no shop without it can make."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.helpers import lazy_attribute, post_generation
from oscar.core.loading import get_model

from oscar_vipps.models import Payment, WebhookEvent


class OrderFactory(DjangoModelFactory):
    """Without lines; ``partner`` gives it one that this partner delivers."""

    class Meta:
        model = get_model("order", "Order")
        skip_postgeneration_save = True

    class Params:
        total = Decimal("249.00")

    number = Sequence(lambda n: str(900000 + n))
    currency = "NOK"
    total_incl_tax = total_excl_tax = SelfAttribute("total")
    shipping_incl_tax = shipping_excl_tax = Decimal(0)
    status = "Pending"

    @post_generation
    def partner(self: Any, create: bool, partner: Any, **kwargs: Any) -> None:
        if partner:
            prices = {
                f"{name}_{tax}_tax": Decimal("249.00")
                for name in ("line_price", "line_price_before_discounts", "unit_price")
                for tax in ("incl", "excl")
            }
            self.lines.create(
                partner=partner,
                partner_name=partner.name,
                title="Goods",
                quantity=1,
                num_allocated=0,
                allocation_cancelled=0,
                **prices,
            )


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = get_model("payment", "Source")

    order = SubFactory(OrderFactory)
    currency = "NOK"

    @lazy_attribute
    def source_type(self) -> Any:
        types = get_model("payment", "SourceType").objects
        return types.get_or_create(code="vipps", defaults={"name": "Vipps"})[0]


class PaymentFactory(DjangoModelFactory):
    """A row with nothing behind it at Stripe: ``PaymentFactory.create(state="captured", begun=moment)``."""

    class Meta:
        model = Payment
        skip_postgeneration_save = True

    class Params:
        number = Sequence(lambda n: f"{n:06}")

    order = SubFactory(OrderFactory)
    source = SubFactory(SourceFactory, order=SelfAttribute("..order"))
    amount = 24900
    livemode = False
    capture_method = "manual"
    site = "example.com"
    language = "en"
    session_id = LazyAttribute("cs_test_{0.number}".format)
    session_expires_at = LazyFunction(timezone.now)

    @lazy_attribute
    def payment_intent_id(self: Any) -> str | None:
        return f"pi_test_{self.number}" if self.state in ("authorized", "captured") else None

    @lazy_attribute
    def payment_intent_created_at(self: Any) -> Any:
        return timezone.now() if self.payment_intent_id else None

    @lazy_attribute
    def amount_authorized(self: Any) -> int:
        return self.amount if self.payment_intent_id else 0

    @lazy_attribute
    def amount_captured(self: Any) -> int:
        return self.amount if self.state == "captured" else 0

    state = "created"

    @post_generation
    def begun(self: Any, create: bool, moment: Any, **kwargs: Any) -> None:
        if moment:
            Payment.objects.filter(pk=self.pk).update(created_at=moment)
            self.created_at = moment


class EventFactory(DjangoModelFactory):
    class Meta:
        model = WebhookEvent

    event_id = Sequence("evt_test_{}".format)
    type = "payment_intent.succeeded"
    livemode = False
    payload = {"object": "payment_intent", "id": "pi_test"}
    status = "processed"
