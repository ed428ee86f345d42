"""The process of one shop: ``python -m tests.projects.serve``, with the shop's settings in the environment.

Migrates, runs the system checks, puts something on the shelves, and serves. One line of JSON says where, and
what the checks had to say. With ``--migrate-only`` it ends after the first step.
"""

import json
import sys
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core import checks
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

#: Whose addresses the shop tells, since they may begin with a language.
PAGES = (
    *("basket:summary", "basket:vouchers-add", "checkout:index"),
    *("customer:login", "customer:register", "dashboard:index", "dashboard:order-list"),
)


class Handler(WSGIRequestHandler):
    # Or each answer waits until its headers are acknowledged.
    disable_nagle_algorithm = True


def main() -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    if "--migrate-only" in sys.argv:
        return
    found = [str(message.id) for message in checks.run_checks() if "oscar_vipps" in str(message.id)]
    goods = put_on_the_shelves()
    with ThreadedWSGIServer(("127.0.0.1", 0), Handler) as server:
        server.set_app(StaticFilesHandler(get_wsgi_application()))
        address = f"http://127.0.0.1:{server.server_port}"
        print(json.dumps({"address": address, "checks": found, "goods": goods}), flush=True)
        server.serve_forever()


def put_on_the_shelves() -> dict[str, Any]:
    """Something to buy, sent or not, vouchers for some or all of it, and people who work there.

    Returns the addresses of the products by title, and of pages by name.
    """
    # What asks Django for models has to wait for them.
    from django.contrib.sites.models import Site
    from django.urls import reverse
    from oscar.core.loading import get_model

    from tests.support.factories import CountryFactory, ProductFactory, digital_product, voucher

    domain = f"shop{settings.SITE_ID}.example"
    Site.objects.update_or_create(pk=settings.SITE_ID, defaults={"domain": domain, "name": domain})
    if not get_model("catalogue", "Product").objects.exists():
        CountryFactory.create()
        ProductFactory.create(title="Cheese slicer", price="249.00")
        digital_product(title="Knitting pattern", price="59.00")
        voucher("TEN", percent=10, usage="Multi-use")
        voucher("ALL", percent=100, usage="Multi-use")
        employ(get_model("partner", "Partner").objects.get())
    products = get_model("catalogue", "Product").objects.order_by("pk")
    return {product.title: product.get_absolute_url() for product in products} | {
        name: reverse(name) for name in PAGES
    }


def employ(partner: Any) -> None:
    """One who may do everything, and one who sells through the shop and sees their own orders."""
    from django.contrib.auth.models import Permission
    from oscar.core.compat import existing_user_fields, get_user_model

    from tests.projects.shopper import PARTNER, PASSWORD, STAFF

    names = existing_user_fields(["username", "email"])
    users = get_user_model().objects
    users.create_superuser(**dict.fromkeys(names, STAFF), password=PASSWORD)
    seller = users.create_user(**dict.fromkeys(names, PARTNER), password=PASSWORD)
    seller.user_permissions.add(Permission.objects.get(codename="dashboard_access"))
    partner.users.add(seller)


if __name__ == "__main__":
    main()
