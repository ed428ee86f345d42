"""What tests put into the shop."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from factory.declarations import (
    LazyAttribute,
    RelatedFactory,
    SelfAttribute,
    Sequence,
    SubFactory,
)
from factory.django import DjangoModelFactory
from oscar.core.loading import get_model
from oscar.test.factories import ProductClassFactory


class CountryFactory(DjangoModelFactory):
    class Meta:
        model = get_model("address", "Country")
        django_get_or_create = ("iso_3166_1_a2",)

    iso_3166_1_a2 = "NO"
    iso_3166_1_a3 = "NOR"
    printable_name = name = "Norge"
    is_shipping_country = True


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()

    username = Sequence("shopper{}".format)
    email = LazyAttribute("{0.username}@example.com".format)


class PartnerFactory(DjangoModelFactory):
    class Meta:
        model = get_model("partner", "Partner")
        django_get_or_create = ("code",)

    code = "store"
    name = "The store"


class ClassFactory(ProductClassFactory):
    class Meta:
        model = get_model("catalogue", "ProductClass")
        django_get_or_create = ("name",)

    name = "Goods"


class ProductFactory(DjangoModelFactory):
    """``ProductFactory(price="249.00", currency="NOK", stock=10)``."""

    class Meta:
        model = get_model("catalogue", "Product")
        skip_postgeneration_save = True

    class Params:
        price = "249.00"
        currency = "NOK"
        stock = 10

    title = Sequence("Product {}".format)
    upc = Sequence("upc-{}".format)
    product_class = SubFactory(ClassFactory)
    stockrecords = RelatedFactory(
        "tests.support.factories.StockRecordFactory",
        factory_related_name="product",
        price=SelfAttribute("..price"),
        price_currency=SelfAttribute("..currency"),
        num_in_stock=SelfAttribute("..stock"),
    )


class StockRecordFactory(DjangoModelFactory):
    class Meta:
        model = get_model("partner", "StockRecord")

    product = SubFactory(ProductFactory, stockrecords=None)
    partner = SubFactory(PartnerFactory)
    partner_sku = Sequence("sku-{}".format)
    price = "249.00"
    price_currency = "NOK"
    num_in_stock = 10


def digital_product(**kwargs: Any) -> Any:
    """A product that is not shipped and has no stock to run out of."""
    product_class = ClassFactory.create(name="Downloads", requires_shipping=False, track_stock=False)
    return ProductFactory.create(product_class=product_class, **kwargs)


def voucher(code: str = "TEN", percent: int = 10, usage: str = "Single use") -> Any:
    """A voucher for ``percent`` off everything."""
    everything = get_model("offer", "Range").objects.create(name=f"All {code}", includes_all_products=True)
    condition = get_model("offer", "Condition")
    benefit = get_model("offer", "Benefit")
    offer = get_model("offer", "ConditionalOffer").objects.create(
        name=f"Offer {code}",
        offer_type="Voucher",
        condition=condition.objects.create(range=everything, type="Count", value=1),
        benefit=benefit.objects.create(range=everything, type="Percentage", value=Decimal(percent)),
    )
    now = timezone.now()
    found = get_model("voucher", "Voucher").objects.create(
        name=code,
        code=code,
        usage=usage,
        start_datetime=now - timedelta(days=1),
        end_datetime=now + timedelta(days=1),
    )
    found.offers.add(offer)
    return found
