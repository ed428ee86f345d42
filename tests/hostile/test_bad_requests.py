"""Bad requests to every address of the app: each is turned away, and leaves nothing behind.

The requests are data, in ``bad_requests``. After each, every row of the shop's tables is compared, the
simulator is asked what it was asked for, and the log is read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.signing import Signer, TimestampSigner
from django.db import connection
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from oscar_vipps import urls
from oscar_vipps.checkout.tokens import token_for, url_for
from oscar_vipps.models import Payment, new_reference
from oscar_vipps.money import to_decimal
from stripe_simulator import webhooks
from tests.hostile.bad_requests import (
    ACTIONS,
    COOKIE,
    CSRF,
    DASHBOARD,
    ELSEWHERE,
    FORM,
    GROUPS,
    JSON,
    NEW_REFERENCE,
    NOT_THEIRS,
    PAGES,
    PREVIEW,
    STAFF_ACTIONS,
    TRUE_EVENT,
    WEBHOOK,
    Group,
    Request,
    form,
    to_webhook,
)
from tests.hostile.traces import changed, rows, secrets_in
from tests.support.factories import UserFactory, voucher
from tests.support.fixtures import SECRET, Shop
from tests.support.shopper import Shopper, personal

pytestmark = [
    # Oscar's pages use what the next treebeard doesn't have any more.
    pytest.mark.filterwarnings("ignore:Using Category.get_tree"),
    # What django-tables2 says to dots in an address, before it takes no notice of them.
    pytest.mark.filterwarnings("ignore:Use '__' to separate path components"),
]

AT_LEAST = 300
HOST = "testserver"
SALT = "oscar_vipps.payment"
GOODS = "Cheese slicer"
#: What must not come out as it went in.
ECHOES = ("//evil.example", "<script>alert(1)")

#: Headings of the pages, by how the payment stands.
TITLES = {
    "open": {"Waiting for Vipps", "The payment is not finished"},
    "paid": {"Thank you for your order"},
    "cancelled": {"The payment is cancelled"},
}
#: And what the waiting page's script is told.
NEWS = {"open": "", "paid": "The order is paid with Vipps.", "cancelled": "The payment is cancelled"}

Names = dict[str, str]
Answer = Any


@dataclass
class Scene:
    """A shop with a payment of somebody else, another payment, and those who send bad requests."""

    shop: Shop
    payment: Payment
    other: Payment
    senders: dict[str, Client]
    #: That the payment succeeded, as Stripe sends it.
    event: bytes = b""

    def names(self, sender: Client, body: bytes) -> Names:
        """What the names in braces stand for, in a request of the sender with that body."""
        return {
            **self._tokens(),
            **_signatures(body),
            "cookie": sender.cookies["sessionid"].value if "sessionid" in sender.cookies else "",
        }

    def _tokens(self) -> Names:
        payment, token = self.payment, token_for(self.payment)
        reference, signature = token.split(":")
        signer = Signer(salt=SALT)
        return {
            "token": token,
            "token_cut": token[:-1],
            "token_half": token[: len(token) // 2],
            "token_upper": token.upper(),
            "token_swapped": token.swapcase(),
            "reference": reference,
            "reference_cut": reference[:-1],
            "reference_upper": reference.upper(),
            "reference_alike": quote("".join(chr(ord(each) + 0xFEE0) for each in reference)),
            "signature": signature,
            "other_token": token_for(self.other),
            "other_reference": self.other.reference,
            "other_signature": token_for(self.other).split(":")[1],
            "other_key": Signer(key="another shop's", salt=SALT).sign(reference),
            "resalted": Signer(salt="oscar_vipps").sign(reference),
            "unsalted": Signer().sign(reference),
            "timestamped": TimestampSigner(salt=SALT).sign(reference),
            "signed_pk": signer.sign(str(payment.pk)),
            "signed_number": signer.sign(payment.order.number),
            "signed_nothing": signer.sign(""),
            "signed_wildcard": quote(signer.sign("%")),
            # No row has this reference any more.
            "gone": signer.sign(new_reference()),
            "pk": str(payment.pk),
            "order": str(payment.order_id),
            "number": payment.order.number,
            "basket": str(payment.order.basket_id),
            "session": payment.session_id or "",
            "session_url": payment.session_url,
            "too_much": str(to_decimal(payment.amount + 1)),
        }


def _signatures(body: bytes) -> Names:
    now = int(time.time())
    old, ancient = now - 310, now - 3 * 24 * 3600

    def v1(secret: str = SECRET, at: int = now, body: bytes = body) -> str:
        return webhooks.signature(body, [secret], at).partition("v1=")[2]

    def made(algorithm: Any, signed: bytes) -> Any:
        return hmac.new(SECRET.encode(), signed, algorithm)

    signed = f"{now}.".encode() + body
    return {
        "now": str(now),
        "old": str(old),
        "ancient": str(ancient),
        "v1": v1(),
        "v1_cut": v1()[:-1],
        "v1_upper": v1().upper(),
        "v1_base64": base64.b64encode(made(hashlib.sha256, signed).digest()).decode(),
        "v1_old": v1(at=old),
        "v1_ancient": v1(at=ancient),
        "v1_other_body": v1(body=body + b" "),
        "v1_other_secret": v1("whsec_of_another_shop"),
        "v1_bare_secret": v1(SECRET.removeprefix("whsec_")),
        "v1_upper_secret": v1(SECRET.upper()),
        "v1_empty_secret": v1(""),
        "v1_api_key": v1("sk_test_for_the_tests"),
        "sha1": made(hashlib.sha1, signed).hexdigest(),
        "sha512": made(hashlib.sha512, signed).hexdigest(),
        "timeless": made(hashlib.sha256, body).hexdigest(),
    }


def filled(text: str, names: Names) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], found[0]), text)


def send(client: Client, request: Request, scene: Scene) -> Answer:
    body = scene.event if request.body == TRUE_EVENT else request.body
    names = scene.names(client, body)
    if request.content_type == FORM:
        body = filled(body.decode("latin-1"), names).encode("latin-1")
    environ: dict[str, Any] = {name: filled(value, names) for name, value in request.headers}
    if request.is_raw:
        environ = {"CONTENT_LENGTH": str(len(body)), **environ, "wsgi.input": io.BytesIO(body)}
    return client.generic(
        request.method,
        "/",
        body,
        content_type=request.content_type,
        # As a server takes it from the first line of the request.
        PATH_INFO=unquote_to_bytes(filled(request.path, names)).decode("latin-1"),
        QUERY_STRING=filled(request.query, names),
        **environ,
    )


@pytest.fixture
def scene(shop: Shop, product: Any, settings: Any) -> Scene:
    settings.ALLOWED_HOSTS = [HOST]
    voucher(usage="Multi-use")
    kari, buyer = Shopper(), Shopper(UserFactory.create())
    kari.fill_basket(product, "TEN")
    buyer.add(product)
    buyer.identify()
    buyer.choose()
    staff, manager = UserFactory.create(is_staff=True), UserFactory.create(is_staff=True)
    permissions = Permission.objects.filter(content_type__app_label="oscar_vipps")
    manager.user_permissions.set(permissions.filter(codename="view_payment"))
    cashier = UserFactory.create(is_staff=True)
    cashier.user_permissions.set(permissions)
    senders = {
        "stripe": Shopper(),
        "stranger": Shopper(),
        "buyer": buyer,
        "customer": Shopper(UserFactory.create()),
        "staff": Shopper(staff),
        "manager": Shopper(manager),
        "cashier": Shopper(cashier),
    }
    for sender in senders.values():
        sender.client.raise_request_exception = False
        if sender.user:
            # Oscar makes a basket for whoever is signed in and looks at it.
            sender.get("basket:summary")
    other = Shopper(UserFactory.create()).go_to_vipps(product)
    return Scene(shop, kari.go_to_vipps(), other, {name: sender.client for name, sender in senders.items()})


def bring_to(state: str, scene: Scene) -> None:
    """Let the payment come that far."""
    if state == "cancelled":
        # By somebody who doesn't get the basket, so that it is still there to be had.
        Shopper().press(scene.payment, "cancel")
    elif state != "open":
        scene.shop.simulator.pay(scene.payment.session_id or "")
        [event] = scene.shop.simulator.events("payment_intent.succeeded")
        scene.event, _signature = scene.shop.simulator.signed_event(event["id"], SECRET)
        if state == "paid":
            scene.shop.post_event(event["id"])
    if state in ("paid", "cancelled"):
        # Some time ago: Stripe's page is closed.
        Payment.objects.filter(pk=scene.payment.pk).update(
            session_expires_at=timezone.now() - timedelta(hours=1)
        )
    scene.payment.refresh_from_db()


@contextmanager
def writing() -> Iterator[list[str]]:
    """What is written to the database meanwhile, browsers' sessions aside: how the statements begin."""
    written: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and "django_session" not in sql:
            written.append(sql[:60])
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield written


def wrong_with(answer: Answer, group: Group, scene: Scene) -> list[str]:
    """What is wrong with the answer itself."""
    problems = []
    if answer.status_code not in group.statuses:
        problems.append(f"answered {answer.status_code}")
    location = answer.headers.get("Location", "")
    payment = scene.payment
    leads_to = filled(group.leads_to, {"session_url": payment.session_url, "reference": payment.reference})
    # Browsers take a backslash for a slash.
    there = urlsplit(urljoin(f"http://{HOST}/", location.replace("\\", "/")))
    if location and (location != leads_to if leads_to else there.netloc != HOST):
        problems.append(f"leads to {location}")
    if any(mark in f"{name}: {value}" for name, value in answer.headers.items() for mark in ("\r", "\n")):
        problems.append("a header of two lines")
    pieces = answer.streaming_content if answer.streaming else [answer.content]
    shown = b"".join(pieces).decode()
    problems += [f"shows {word}" for word in ECHOES if word in shown]
    if group.who not in ("buyer", "manager", "cashier"):
        problems += [f"shows {word}" for word in (*personal(shown), GOODS) if word in shown]
    return problems


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_a_bad_request_is_turned_away_and_leaves_nothing_behind(
    group: Group, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    bring_to(group.state, scene)
    client = scene.senders[group.who]
    client.handler.enforce_csrf_checks = group.is_protected
    before, asked = rows(asked=group.asks_stripe), len(scene.shop.simulator.requests())
    caplog.set_level(logging.INFO)
    faults = []
    for request in group.requests:
        caplog.clear()
        with writing() as written:
            answer = send(client, request, scene)
        problems = wrong_with(answer, group, scene)
        problems += [f"logs {word}" for word in (*secrets_in(caplog.text), "v1=") if word in caplog.text]
        problems += [] if group.asks_stripe else [f"writes {statement}" for statement in written]
        if problems:
            faults.append("\n".join([f"{request}: {', '.join(problems)}", caplog.text[-300:]]))
    told = [f"{entry['method']} {entry['path']}" for entry in scene.shop.simulator.requests()[asked:]]
    faults += [f"Stripe got {each}" for each in told if not (group.asks_stripe and each.startswith("GET "))]
    faults += [f"{table} is changed" for table in changed(before, rows(asked=group.asks_stripe))]
    assert not faults, f"{group.answer.capitalize()}. But:\n" + "\n".join(faults)


class BrokenOff(io.RawIOBase):
    """A connection that is lost while the body is read."""

    def read(self, size: int = -1, /) -> bytes:
        raise ConnectionResetError


def test_a_body_that_breaks_off_is_no_fault_of_the_shop(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows()
    environ: dict[str, Any] = {"wsgi.input": BrokenOff(), "CONTENT_LENGTH": "2000"}
    answer = scene.senders["stripe"].generic("POST", WEBHOOK, content_type=JSON, **environ)
    assert (answer.status_code, changed(before, rows())) == (400, [])
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


# What a stranger gets to see, and what is done with what a form claims


@pytest.mark.parametrize("state", ["open", "paid", "cancelled"])
def test_the_bearer_of_a_link_sees_how_the_payment_stands_and_nothing_of_the_order(
    scene: Scene, state: str
) -> None:
    bring_to(state, scene)
    for who in ("stranger", "customer", "staff"):
        client, titles = scene.senders[who], set()
        for name in ("return", "cancel"):
            page = client.get(url_for(scene.payment, name))
            assert page.status_code == 200
            assert_shows_nothing(page, scene)
            heading = BeautifulSoup(page.content, "html.parser").h1
            assert heading is not None
            titles.add(heading.get_text(strip=True))
        assert titles == TITLES[state]
        news = client.get(url_for(scene.payment, "status")).json()
        address = url_for(scene.payment, "return")
        assert news == {"waiting": state == "open", "text": NEWS[state], "url": address}
        order = scene.payment.order
        for query in ({}, {"order_number": order.number}, {"order_id": order.pk}):
            thanks: Answer = client.get(reverse("checkout:thank-you"), query)
            assert sent(thanks) == (302, reverse("catalogue:index"))
        basket = client.get(reverse("basket:summary")).context["basket"]
        assert (basket.is_empty, list(basket.vouchers.all()) if basket.pk else []) == (True, [])


def assert_shows_nothing(page: Answer, scene: Scene) -> None:
    shown = page.content.decode()
    amount = f"{to_decimal(scene.payment.amount):.2f}"
    assert [word for word in (*personal(shown), GOODS, "TEN", "Engraving", amount) if word in shown] == []


def test_a_stranger_who_cancels_does_not_get_the_basket(scene: Scene) -> None:
    stranger = scene.senders["stranger"]
    for _again in range(2):
        answer: Answer = stranger.post(url_for(scene.payment, "cancel"))
        assert sent(answer) == (303, url_for(scene.payment, "return"))
        assert_shows_nothing(stranger.get(answer.url), scene)
        assert stranger.get(reverse("basket:summary")).context["basket"].is_empty
    scene.payment.refresh_from_db()
    assert (scene.payment.has_ended, scene.payment.basket_returned_at) == (True, None)


def test_an_order_costs_what_the_shop_says_whatever_the_form_claims(scene: Scene) -> None:
    buyer = scene.senders["buyer"]
    placed = send(buyer, form("everything at once", PREVIEW, {"action": "place_order", **NOT_THEIRS}), scene)
    ordered = Payment.objects.latest("pk")
    assert sent(placed) == (303, url_for(ordered, "pay"))
    opened = buyer.get(placed.url)
    ordered.refresh_from_db()
    assert sent(opened) == (303, ordered.session_url)
    assert (ordered.amount, ordered.currency, ordered.state) == (24900, "NOK", "open")
    assert (ordered.order.total_incl_tax, ordered.order.status) == (Decimal("249.00"), "Pending")
    assert ordered.order.number != scene.payment.order.number
    assert scene.shop.session(ordered)["amount_total"] == 24900


def test_stripe_is_told_to_send_the_shopper_to_this_host(scene: Scene) -> None:
    """The session is made now, whatever the request for it claims."""
    buyer = scene.senders["buyer"]
    placed: Answer = buyer.post(PREVIEW, {"action": "place_order"})
    claims = [header for headers in ELSEWHERE.values() for header in headers if header[0] != "HTTP_COOKIE"]
    query = "success_url=https://evil.example/&next=//evil.example"
    answer = send(buyer, Request("open", placed.url, query=query, headers=tuple(claims)), scene)
    ordered = Payment.objects.latest("pk")
    session = scene.shop.session(ordered)
    assert sent(answer) == (303, session["url"])
    for key, name in (("success_url", "return"), ("cancel_url", "cancel")):
        assert session[key] == f"http://{HOST}{url_for(ordered, name)}"


# What tells that the table tests what it says


def sent(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("Location", "")


def test_the_good_requests_beside_them_are_answered(scene: Scene) -> None:
    """Nothing but what is bad about a request is why it is turned away."""
    bring_to("paid at Stripe", scene)

    def good(who: str, request: Request) -> tuple[int, str]:
        return sent(send(scene.senders[who], request, scene))

    def submit(who: str, name: str, path: str, fields: Mapping[str, str]) -> tuple[int, str]:
        scene.senders[who].handler.enforce_csrf_checks = True
        return good(who, form(name, path, {**fields, "csrfmiddlewaretoken": CSRF}, COOKIE))

    assert good("manager", Request("payments", DASHBOARD)) == (200, "")
    assert good("stranger", Request("how it stands", PAGES["status"])) == (200, "")
    assert submit("buyer", "choose", *ACTIONS["payment method"]) == (302, PREVIEW)
    assert submit("buyer", "order", *ACTIONS["preview"])[0] == 303
    assert submit("buyer", "pay", *ACTIONS["pay"]) == (303, scene.payment.session_url)
    assert good("stripe", to_webhook("event")) == (200, "")
    scene.payment.refresh_from_db()
    assert scene.payment.state == Payment.State.CAPTURED
    assert submit("buyer", "cancel", *ACTIONS["cancel"]) == (303, url_for(scene.payment, "return"))
    wanted = {"amount": "1.00", "reference": NEW_REFERENCE}
    assert submit("cashier", "refund", STAFF_ACTIONS["refund"], wanted)[0] == 303
    assert [refund.amount for refund in scene.payment.refunds.all()] == [100]


def test_the_table_has_requests_to_every_address() -> None:
    names = {name_of(request.path) for group in GROUPS for request in group.requests}
    dashboard: Any = apps.get_app_config("vipps_dashboard")
    patterns = {"vipps": urls.urlpatterns, "vipps_dashboard": dashboard.get_urls()}
    ours = {f"{space}:{each.name}" for space, found in patterns.items() for each in found}
    assert not {*ours, "checkout:payment-method", "checkout:preview"} - names


def name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def test_the_table_is_long_and_says_nothing_twice(figure: Callable[[str, int], None]) -> None:
    requests = [request for group in GROUPS for request in group.requests]
    distinct = {
        (group.who, group.state, replace(each, what="")) for group in GROUPS for each in group.requests
    }
    figure("bad requests", len(distinct))
    assert len(distinct) == len(requests) >= AT_LEAST
    assert len({group.name for group in GROUPS}) == len(GROUPS)
