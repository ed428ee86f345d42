"""What the sandbox shop is filled with."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from oscar.core.loading import get_model
from PIL import Image

from shop.management.commands.seed_shop import Command
from shop.partner.strategy import NorwegianStrategy
from shop.seed.catalogue import ITEMS
from shop.seed.pictures import PICTURES

MODELS = [
    get_model(*name.split("."))
    for name in (
        "address.Country",
        "catalogue.Category",
        "catalogue.Product",
        "catalogue.ProductClass",
        "catalogue.ProductImage",
        "offer.ConditionalOffer",
        "offer.Range",
        "partner.StockRecord",
        "voucher.Voucher",
    )
]

pytestmark = [
    pytest.mark.django_db,
    # The tests' search backend has no index to build.
    pytest.mark.filterwarnings("ignore:.*is not implemented in this backend:UserWarning"),
]


@pytest.fixture(autouse=True)
def _pictures_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def seed() -> str:
    output = io.StringIO()
    call_command(Command(), stdout=output)
    return output.getvalue()


def contents() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in MODELS}


def test_seeding_again_changes_nothing() -> None:
    seed()
    first = contents()
    seed()
    assert contents() == first
    assert len(first["Product"]) == len(ITEMS)


def test_what_the_owner_changed_stays() -> None:
    seed()
    product = get_model("catalogue", "Product").objects.get(upc="FF-1001")
    product.title = "Another name"
    product.save()
    seed()
    product.refresh_from_db()
    assert product.title == "Another name"


def test_a_lost_picture_is_drawn_again() -> None:
    seed()
    image = get_model("catalogue", "ProductImage").objects.get(product__upc="FF-1001")
    image.original.storage.delete(image.original.name)
    seed()
    image.refresh_from_db()
    assert image.original.storage.exists(image.original.name)


def test_shoppers_see_the_price_with_vat() -> None:
    seed()
    strategy = NorwegianStrategy()
    for item in ITEMS:
        product = get_model("catalogue", "Product").objects.get(upc=item.upc)
        price = strategy.fetch_for_product(product).price
        assert (price.incl_tax, price.currency) == (item.price, item.currency)


def test_an_electronic_book_is_free_of_vat_and_is_not_shipped() -> None:
    seed()
    book = get_model("catalogue", "Product").objects.get(upc="FF-4001")
    assert NorwegianStrategy().fetch_for_product(book).price.tax == Decimal(0)
    assert not book.is_shipping_required


def test_the_printed_password_opens_the_staff_account() -> None:
    for _ in range(2):  # it is a new one each time
        password = seed().split()[-1]
        staff = get_user_model().objects.get(email="staff@example.com")
        assert staff.check_password(password)
        assert staff.is_staff


def test_every_product_has_a_picture_of_its_own() -> None:
    pictures = {PICTURES[item.upc]() for item in ITEMS}
    assert len(pictures) == len(ITEMS)
    for picture in pictures:
        assert Image.open(io.BytesIO(picture)).size == (800, 800)
