"""Fills the shop: what is there already is left alone, so that it can be run at every start."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from oscar.core.loading import get_class, get_model

from shop.partner.strategy import VAT, VAT_OF_CLASS
from shop.seed.catalogue import CLASSES, ITEMS, Item
from shop.seed.pictures import PICTURES

STAFF_EMAIL = "staff@example.com"
VOUCHER_CODE = "VELKOMMEN"

Benefit = get_model("offer", "Benefit")
Category = get_model("catalogue", "Category")
Condition = get_model("offer", "Condition")
ConditionalOffer = get_model("offer", "ConditionalOffer")
Country = get_model("address", "Country")
Partner = get_model("partner", "Partner")
Product = get_model("catalogue", "Product")
ProductClass = get_model("catalogue", "ProductClass")
ProductImage = get_model("catalogue", "ProductImage")
Range = get_model("offer", "Range")
StockRecord = get_model("partner", "StockRecord")
Voucher = get_model("voucher", "Voucher")
create_from_breadcrumbs = get_class("catalogue.categories", "create_from_breadcrumbs")


class Command(BaseCommand):
    help = "Seeds the sandbox shop with products, shipping countries, a voucher and a staff account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", default="127.0.0.1:8000", help="where the shop is found")

    def handle(self, *args: Any, domain: str, **options: Any) -> None:
        with transaction.atomic():
            password = self._seed(domain)
        call_command("rebuild_index", interactive=False, verbosity=0)
        self.stdout.write(f"Staff account: {STAFF_EMAIL}, password: {password}")

    def _seed(self, domain: str) -> str:
        Site.objects.update_or_create(pk=1, defaults={"domain": domain, "name": "Fjell & Fjord"})
        _add_countries()
        _add_classes()
        partner, _ = Partner.objects.get_or_create(code="lager", defaults={"name": "Lageret"})
        for item in ITEMS:
            _add_product(item, partner)
        _add_voucher()
        return _renew_staff_password()


def _add_countries() -> None:
    for code, code3, number, name, order in [
        ("NO", "NOR", "578", "Norge", 2),
        ("SE", "SWE", "752", "Sverige", 1),
    ]:
        Country.objects.get_or_create(
            iso_3166_1_a2=code,
            defaults={
                "iso_3166_1_a3": code3,
                "iso_3166_1_numeric": number,
                "printable_name": name,
                "name": name,
                "display_order": order,
                "is_shipping_country": True,
            },
        )


def _add_classes() -> None:
    for name, (requires_shipping, track_stock) in CLASSES.items():
        ProductClass.objects.get_or_create(
            name=name, defaults={"requires_shipping": requires_shipping, "track_stock": track_stock}
        )


def _add_product(item: Item, partner: Any) -> None:
    product_class = ProductClass.objects.get(name=item.product_class)
    product, created = Product.objects.get_or_create(
        upc=item.upc,
        defaults={"title": item.title, "description": item.description, "product_class": product_class},
    )
    if created:
        product.categories.add(create_from_breadcrumbs(item.category))
        StockRecord.objects.create(
            product=product,
            partner=partner,
            partner_sku=item.upc,
            price_currency=item.currency,
            price=item.price / (1 + VAT_OF_CLASS.get(product_class.slug, VAT)),
            num_in_stock=item.stock if product_class.track_stock else None,
        )
    image = product.images.first() or ProductImage(product=product, caption=item.title)
    # The database may outlive the folder of pictures.
    if not image.original or not image.original.storage.exists(image.original.name):
        image.original.save(f"{item.upc.lower()}.png", ContentFile(PICTURES[item.upc]()))


def _add_voucher() -> None:
    if Voucher.objects.filter(code=VOUCHER_CODE).exists():
        return
    everything, _ = Range.objects.get_or_create(name="Alle varer", defaults={"includes_all_products": True})
    offer = ConditionalOffer.objects.create(
        name="Velkomstrabatt",
        offer_type=ConditionalOffer.VOUCHER,
        condition=Condition.objects.create(range=everything, type=Condition.COUNT, value=1),
        benefit=Benefit.objects.create(range=everything, type=Benefit.PERCENTAGE, value=10),
    )
    now = timezone.now()
    voucher = Voucher.objects.create(
        name="Velkommen: 10 % rabatt",
        code=VOUCHER_CODE,
        usage=Voucher.MULTI_USE,
        start_datetime=now - timedelta(days=1),
        end_datetime=now + timedelta(days=3650),
    )
    voucher.offers.add(offer)


def _renew_staff_password() -> str:
    """Only a hash is stored, so the account gets a new password whenever the shop starts."""
    password = get_random_string(12)
    staff, _ = get_user_model().objects.get_or_create(
        username="staff", defaults={"email": STAFF_EMAIL, "is_staff": True, "is_superuser": True}
    )
    staff.set_password(password)
    staff.save(update_fields=["password"])
    return password
