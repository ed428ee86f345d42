"""The step at which a shopper chooses how to pay: who may choose Vipps, and who doesn't get that far."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from oscar.core.loading import get_model

from oscar_vipps.checkout.methods import PaymentMethod
from oscar_vipps.models import Payment
from shop.invoice import Invoice
from tests.support.factories import ProductFactory, digital_product, voucher
from tests.support.fixtures import Shop
from tests.support.shopper import Shopper, told

Basket = get_model("basket", "Basket")
Order = get_model("order", "Order")

STEP = "/checkout/payment-method/"
PREVIEW = "/checkout/preview/"
THANKS = "/checkout/thank-you/"

WRONG_CURRENCY = "Vipps can only be used when everything in the basket is priced in Norwegian kroner."
NO_KEYS = "Vipps is not available in this shop at the moment."
TOO_LITTLE = "Vipps can be used for orders of at least"
TOO_MUCH = "Vipps can be used for orders of at most"


class GiftCard(PaymentMethod):
    """Has a number to fill in."""

    code = "gift-card"
    name = "Gift card"
    needs_details = True


class OnlyForMembers(PaymentMethod):
    code = "members"
    name = "Members' account"

    def why_unavailable(self, request: Any, basket: Any, order_total: Any) -> str | None:
        return "Only members have an account."


@pytest.fixture
def also(settings: Any, shop: Shop) -> Callable[..., None]:
    """Other ways to pay: ``also(Invoice)``."""

    def offer(*methods: type[PaymentMethod]) -> None:
        paths = [f"{method.__module__}.{method.__name__}" for method in methods]
        settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "OTHER_METHODS": paths}

    return offer


def offers(response: Any) -> dict[str, str | None]:
    """Code -> why it isn't available; what has a button has no reason, and the other way round."""
    page = response.content.decode()
    found: dict[str, str | None] = {}
    for offer in response.context["offers"]:
        assert (f'value="{offer.method.code}"' in page) is (offer.reason is None)
        found[offer.method.code] = offer.reason
    return found


def at_the_step(shopper: Shopper, *products: Any) -> Any:
    for product in products:
        shopper.add(product)
    shopper.identify()
    return shopper.get("checkout:payment-method")


def add_line_in_euro(shopper: Shopper) -> None:
    """As when baskets are merged: Oscar compares no currencies then."""
    product = ProductFactory.create(title="Postcard", price="5.00", currency="EUR")
    stockrecord = product.stockrecords.get()
    Basket.open.latest("pk").lines.create(
        product=product,
        stockrecord=stockrecord,
        line_reference=f"{product.pk}_{stockrecord.pk}",
        price_currency="EUR",
        price_excl_tax=Decimal("5.00"),
    )


def nothing_happened(shop: Shop) -> bool:
    return not Order.objects.exists() and not Payment.objects.exists() and not shop.simulator.requests()


@pytest.mark.parametrize("price", ["3.00", "249.00", "999999.99"])
def test_the_only_way_to_pay_is_chosen_without_asking(shop: Shop, shopper: Shopper, price: str) -> None:
    response = at_the_step(shopper, ProductFactory.create(price=price))
    assert (response.status_code, response.url) == (302, PREVIEW)
    preview = shopper.get("checkout:preview")
    assert preview.context["chosen_method"].code == "vipps"
    assert "Pay with the Vipps app on your phone." in preview.content.decode()
    assert told(preview) == []


@pytest.mark.parametrize(
    ("price", "currency", "reason"),
    [
        ("249.00", "EUR", WRONG_CURRENCY),
        ("2.99", "NOK", f"{TOO_LITTLE} NOK3.00."),
        ("1000000.00", "NOK", f"{TOO_MUCH} NOK999,999.99."),
    ],
)
def test_vipps_is_not_offered_and_the_reason_is_shown(
    shop: Shop, shopper: Shopper, price: str, currency: str, reason: str
) -> None:
    """Field failure 13: what isn't in NOK never reaches Stripe."""
    response = at_the_step(shopper, ProductFactory.create(price=price, currency=currency))
    assert [text.replace("\xa0", "") for text in offers(response).values() if text] == [reason]
    assert reason[:30] in response.content.decode()
    shopper.choose("vipps")
    assert shopper.submit().url == STEP
    assert nothing_happened(shop)


def test_one_line_in_euro_among_kroner_is_enough_to_not_offer_vipps(
    shop: Shop, shopper: Shopper, product: Any
) -> None:
    """Field failure 13: the basket calls itself NOK, after its first line."""
    shopper.add(product)
    add_line_in_euro(shopper)
    response = at_the_step(shopper)
    assert response.context["basket"].currency == "NOK"
    assert offers(response) == {"vipps": WRONG_CURRENCY}


@pytest.mark.parametrize("missing", ["SECRET_KEY", "WEBHOOK_SECRETS"])
def test_vipps_is_not_offered_without_keys(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, missing: str
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, missing: None}
    assert offers(at_the_step(shopper, product)) == {"vipps": NO_KEYS}


def test_without_the_setting_the_checkout_is_oscars(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    """More of it, side by side with Oscar alone, is in tests/projects."""
    del settings.OSCAR_VIPPS
    assert at_the_step(shopper, product).url == "/checkout/payment-details/"
    preview = shopper.get("checkout:preview").content.decode()
    assert "Payment details to go here" in preview
    assert "Vipps" not in preview
    assert shopper.submit().url == THANKS
    assert not Payment.objects.exists()
    assert not shop.simulator.requests()


@pytest.mark.parametrize("wrong", [{"CAPTURE": "later"}, {"SECRET_KEY": 1}, {"TIMEOUT": "long"}])
def test_what_is_wrong_in_the_setting_stops_no_other_way_to_pay(
    shop: Shop,
    shopper: Shopper,
    product: Any,
    settings: Any,
    also: Callable[..., None],
    wrong: dict[str, Any],
) -> None:
    also(Invoice)
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, **wrong}
    assert at_the_step(shopper, product).url == PREVIEW
    assert shopper.submit().url == THANKS
    order = Order.objects.get()
    assert order.sources.get().source_type.code == "invoice"
    # And staff go on with it.
    order.set_status("Cancelled")
    order.refresh_from_db()
    assert order.status == "Cancelled"
    assert not shop.simulator.requests()


@pytest.mark.parametrize("wrong", [{"CAPTURE": "later"}, {"SECRET_KEY": 1}, {"TIMEOUT": "long"}])
def test_with_a_wrong_setting_and_no_other_way_nothing_is_placed_unpaid(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, wrong: dict[str, Any]
) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, **wrong}
    assert offers(at_the_step(shopper, product)) == {"vipps": NO_KEYS}
    shopper.choose("vipps")
    assert shopper.submit().url == STEP
    assert nothing_happened(shop)


def test_without_its_addresses_vipps_is_not_offered(
    shop: Shop, shopper: Shopper, product: Any, settings: Any
) -> None:
    """Or orders would be placed, and the shopper couldn't be sent to pay them."""
    settings.ROOT_URLCONF = "tests.projects.oscar_alone.urls"
    assert offers(at_the_step(shopper, product)) == {"vipps": NO_KEYS}
    shopper.choose("vipps")
    assert shopper.submit().url == STEP
    assert nothing_happened(shop)


def test_all_ways_to_pay_are_offered_in_order(
    shop: Shop, shopper: Shopper, product: Any, also: Callable[..., None]
) -> None:
    also(Invoice, OnlyForMembers, GiftCard)
    response = at_the_step(shopper, product)
    assert list(offers(response).items()) == [
        ("vipps", None),
        ("invoice", None),
        ("members", "Only members have an account."),
        ("gift-card", None),
    ]
    assert "Only members have an account." in response.content.decode()


def test_the_step_is_skipped_with_the_reason_where_one_way_is_left(
    shop: Shop, shopper: Shopper, also: Callable[..., None]
) -> None:
    also(Invoice)
    shopper.add(ProductFactory.create(currency="EUR"))
    shopper.identify()
    response = shopper.get("checkout:payment-method", follow=True)
    assert response.redirect_chain == [(PREVIEW, 302)]
    assert response.context["chosen_method"].code == "invoice"
    assert told(response) == [WRONG_CURRENCY]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("cash", "Please choose how to pay."),
        ("", "Please choose how to pay."),
        ("members", "Only members have an account."),
    ],
)
def test_what_is_unknown_or_unavailable_can_not_be_chosen(
    shop: Shop, shopper: Shopper, product: Any, also: Callable[..., None], code: str, message: str
) -> None:
    also(Invoice, OnlyForMembers)
    at_the_step(shopper, product)
    response = shopper.post("checkout:payment-method", {"method_code": code}, follow=True)
    assert response.redirect_chain == [(STEP, 302)]
    assert told(response) == [message]
    # And no earlier step's skipping has chosen anything.
    assert shopper.get("checkout:preview").url == STEP


def test_the_preview_shows_what_was_chosen(
    shop: Shop, shopper: Shopper, product: Any, also: Callable[..., None]
) -> None:
    also(Invoice)
    at_the_step(shopper, product)
    for code, text in [("invoice", str(Invoice.description)), ("vipps", "Pay with the Vipps app")]:
        assert shopper.choose(code).url == PREVIEW
        preview = shopper.get("checkout:preview").content.decode()
        assert text in preview
        assert f'href="{STEP}"' in preview


def test_only_a_method_with_details_has_the_details_step(
    shop: Shop, shopper: Shopper, product: Any, also: Callable[..., None]
) -> None:
    also(GiftCard)
    at_the_step(shopper, product)
    assert shopper.choose("gift-card").url == reverse("checkout:payment-details")
    assert shopper.get("checkout:payment-details").status_code == 200
    assert shopper.choose("vipps").url == PREVIEW
    assert shopper.get("checkout:payment-details").url == PREVIEW


def becomes_foreign(shopper: Shopper, product: Any, settings: Any) -> None:
    add_line_in_euro(shopper)


def becomes_cheap(shopper: Shopper, product: Any, settings: Any) -> None:
    product.stockrecords.update(price=Decimal("2.00"))


def becomes_dear(shopper: Shopper, product: Any, settings: Any) -> None:
    product.stockrecords.update(price=Decimal("1000000.00"))


def loses_its_keys(shopper: Shopper, product: Any, settings: Any) -> None:
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "SECRET_KEY": ""}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (becomes_foreign, WRONG_CURRENCY),
        (becomes_cheap, TOO_LITTLE),
        (becomes_dear, TOO_MUCH),
        (loses_its_keys, NO_KEYS),
    ],
)
def test_the_choice_is_checked_again_when_the_order_is_submitted(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, change: Any, reason: str
) -> None:
    """Field failure 13: another tab, or the shop, may have changed what is ordered."""
    at_the_step(shopper, product)
    shopper.choose("vipps")
    change(shopper, product, settings)
    response = shopper.post("checkout:preview", {"action": "place_order"}, follow=True)
    assert response.redirect_chain == [(STEP, 302)]
    assert [message[: len(reason)] for message in told(response)] == [reason]
    assert nothing_happened(shop)
    assert Basket.objects.get().status == Basket.OPEN


def test_the_reason_is_said_once_where_another_way_to_pay_takes_over(
    shop: Shop, shopper: Shopper, product: Any, settings: Any, also: Callable[..., None]
) -> None:
    also(Invoice)
    at_the_step(shopper, product)
    shopper.choose("vipps")
    loses_its_keys(shopper, product, settings)
    response = shopper.post("checkout:preview", {"action": "place_order"}, follow=True)
    assert response.redirect_chain == [(STEP, 302), (PREVIEW, 302)]
    assert response.context["chosen_method"].code == "invoice"
    assert told(response) == [NO_KEYS]


@pytest.mark.parametrize("name", ["checkout:payment-method", "checkout:preview"])
def test_a_way_of_shipping_that_was_chosen_for_other_goods_is_chosen_again(
    shop: Shop, shopper: Shopper, product: Any, name: str
) -> None:
    """Without one there is no total to pay."""
    at_the_step(shopper, product)
    Basket.open.get().flush()
    shopper.add(digital_product())
    assert shopper.get(name).url == reverse("checkout:shipping-method")


def test_submitting_without_a_choice_leads_back_to_it(
    shop: Shop, shopper: Shopper, product: Any, also: Callable[..., None]
) -> None:
    also(Invoice)
    at_the_step(shopper, product)
    assert shopper.submit().url == STEP
    assert nothing_happened(shop)


@pytest.mark.parametrize("free", ["product", "voucher"])
def test_what_costs_nothing_is_ordered_without_a_payment(shop: Shop, shopper: Shopper, free: str) -> None:
    shopper.add(ProductFactory.create(price="0.00" if free == "product" else "249.00"))
    if free == "voucher":
        shopper.add_voucher(voucher("GIFT", percent=100).code)
    assert at_the_step(shopper).url == PREVIEW
    assert shopper.get("checkout:preview").context["chosen_method"] is None
    assert shopper.submit().url == THANKS
    assert Order.objects.get().total_incl_tax == 0
    assert len(mail.outbox) == 1
    assert not Payment.objects.exists()
    assert shop.simulator.requests() == []


def test_an_order_in_euro_on_invoice_goes_oscars_way(
    shop: Shop, shopper: Shopper, also: Callable[..., None]
) -> None:
    """Field failure 13."""
    also(Invoice)
    product = ProductFactory.create(price="20.00", currency="EUR")
    shopper.add(product)
    shopper.identify()
    shopper.get("checkout:payment-method")
    response = shopper.post("checkout:preview", {"action": "place_order"}, follow=True)
    assert response.redirect_chain == [(THANKS, 302)]
    order = Order.objects.get()
    assert response.context["order"] == order
    assert (order.currency, order.total_incl_tax) == ("EUR", Decimal("20.00"))
    source = order.sources.get()
    assert (source.source_type.code, source.amount_allocated) == ("invoice", Decimal("20.00"))
    assert [order.number in message.subject for message in mail.outbox] == [True]
    assert not Payment.objects.exists()
    assert shop.simulator.requests() == []
