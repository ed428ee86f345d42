"""One order's shop and Stripe: what is known of them, and what can happen to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import time_machine
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings
from oscar.core.loading import get_class, get_model

from oscar_vipps.exceptions import GatewayError
from oscar_vipps.models import Dispute, Payment, WebhookEvent
from oscar_vipps.payments import sessions
from oscar_vipps.payments.settlement import settle
from stripe_simulator.webhooks import serialize, signature
from tests.integration.stripe_says import at_stripe
from tests.simulator.orders import client_for
from tests.support.factories import ProductFactory, voucher
from tests.support.fixtures import SECRET, Shop, post_webhook
from tests.support.mail import DOWN, WORKING, mail_works, managers
from tests.support.shopper import Shopper
from tests.support.simulator import Json

from .ears import Ears

EventHandler = get_class("order.processing", "EventHandler")
Order = get_model("order", "Order")

#: Whom the shop writes to of disputes.
STAFF = "drift@butikk.example"
#: Longer than the reconciler leaves a payment alone, and than an approval lasts; shorter than a session.
A_WHILE = timedelta(minutes=6)
#: Longer than the reconciler leaves a reservation alone.
LONG = timedelta(hours=7)
#: Seconds to wait for an answer when there will be none.
IMPATIENT = 0.3


class World:
    """The simulator is empty, and the clocks of shop and Stripe agree, when it begins."""

    def __init__(self, shop: Shop, ears: Ears, known_shopper: dict[str, Any]) -> None:
        self.simulator, self.ears = shop.simulator, ears
        self.simulator.reset()
        self._clock = time_machine.travel(time.time())
        self._traveller = self._clock.start()
        self._changes: dict[str, Any] = {}
        self._has_mail = True
        self._settings = override_settings()
        self._settings.enable()
        self.dashboard = client_for(self.simulator)
        ears.forget()
        mail.outbox.clear()
        self.shopper = Shopper()
        self._known_shopper = known_shopper
        #: Ids of the sessions that the shopper was sent to, and of the events that were delivered.
        self.sent_to: set[str] = set()
        self.delivered: set[str] = set()
        #: Whether staff have had a hand in the order's status, and how often a process died.
        self.is_in_staffs_hands = False
        self.deaths = 0
        #: Whether Stripe told of an end that was none.
        self.was_misled = False

    def end(self) -> None:
        """The next world isn't bothered by this one: nothing is awaited any more."""
        WebhookEvent.objects.all().delete()
        for payment in Payment.objects.all():
            payment.refunds.all().delete()
            payment.disputes.all().delete()
            payment.delete()
        self._settings.disable()
        self._clock.stop()

    def configure(self, **changes: Any) -> None:
        """Keys of ``OSCAR_VIPPS``."""
        self._settings.disable()
        self._changes |= changes
        of_mail = {**(WORKING if self._has_mail else DOWN), "MANAGERS": managers(STAFF)}
        ours = {**settings.OSCAR_VIPPS, **self._changes}
        self._settings = override_settings(OSCAR_VIPPS=ours, **of_mail)
        self._settings.enable()

    # What is known

    def look(self) -> None:
        """See what shop and Stripe know now, as the steps and what is asked of them see it."""
        self.payment = Payment.objects.select_related("order", "source").get(pk=self.payment_id)
        self.stripe = self.simulator.state()
        if self._changes.get("TIMEOUT") == IMPATIENT and not self.has_faults:
            self.configure(TIMEOUT=10)

    @property
    def has_faults(self) -> bool:
        """Whether Stripe's next answer is going to be a failure."""
        return bool(self.stripe["faults"])

    @property
    def news(self) -> list[Json]:
        """Events that were not delivered yet."""
        return [event for event in self.stripe["events"] if event["id"] not in self.delivered]

    @property
    def intent(self) -> Json:
        """The PaymentIntent that holds the money; if none does, the last one, or nothing."""
        found: list[Json] = self.stripe["payment_intents"]
        holding = [intent for intent in found if intent["status"] in ("succeeded", "requires_capture")]
        return (holding or found or [{}])[-1]

    @property
    def refundable(self) -> int:
        """Øre that are neither refunded nor withdrawn."""
        charges = [charge for charge in self.stripe["charges"] if charge["captured"]]
        left = sum(charge["amount"] - charge["amount_refunded"] for charge in charges)
        return max(0, left - self.withdrawn)

    @property
    def withdrawn(self) -> int:
        """Øre that banks have at this moment."""
        found = self.stripe["disputes"]
        return -sum(moved["amount"] for dispute in found for moved in dispute["balance_transactions"])

    @property
    def disputable(self) -> int:
        """Øre that a bank may ask for: one thing after the other."""
        closed = self.disputes(*Dispute.CLOSED)
        if self.intent.get("status") != "succeeded" or len(closed) < len(self.stripe["disputes"]):
            return 0
        return int(self.intent["amount_received"]) - self.withdrawn

    def disputes(self, *statuses: str) -> list[Json]:
        return [dispute for dispute in self.stripe["disputes"] if dispute["status"] in statuses]

    def sessions(self, status: str) -> list[Json]:
        return [session for session in self.stripe["sessions"] if session["status"] == status]

    def can_be_paid(self) -> list[str]:
        """The open sessions that somebody may be at: those that the shopper was sent to; and one that nobody
        knows of, when all is over.
        """
        payment, open_ids = self.payment, [session["id"] for session in self.sessions("open")]
        if payment.has_ended and payment.session_id is None and not self.sessions("complete"):
            return open_ids[:1]
        return [id for id in open_ids if id in self.sent_to]

    # The shopper

    def place_order(self, *, quantity: int, has_voucher: bool) -> None:
        """Up to the pressed button, but not yet at Stripe's door."""
        self.product = ProductFactory.create()
        self.quantity = quantity
        self.voucher = voucher(code=f"V{self.product.pk}") if has_voucher else None
        # Who was here before needn't say again who they are.
        session = self.shopper.client.session
        session["checkout_data"] = self._known_shopper
        session.save()
        self.shopper.add(self.product, quantity)
        if self.voucher:
            self.shopper.add_voucher(self.voucher.code)
        placed = self.shopper.submit()
        assert placed.status_code == 303, placed.content
        self.payment_id = Payment.objects.get().pk
        self.look()

    def open_pay_page(self) -> None:
        sent = self.shopper.visit(self.payment, "pay")
        assert sent.status_code == 303
        self.sent_to |= {each["id"] for each in self.simulator.state()["sessions"] if each["url"] == sent.url}

    # Time, and Stripe's news

    def pass_time(self, by: timedelta) -> None:
        self.simulator.advance(by.total_seconds())
        self._traveller.shift(by)

    def deliver(self, events: list[Json]) -> None:
        for event in events:
            body = serialize(event)
            # Signed at the time that it is now in this world.
            answer = post_webhook(body, signature(body, [SECRET], int(time.time())))
            assert answer.status_code == 200, answer.content
            self.delivered.add(event["id"])

    def hear_of_an_end_that_is_none(self) -> None:
        """Not documented: what becomes of an approval in the app when its session ends meanwhile."""
        self.was_misled = True
        settle(self.payment_id, replace(at_stripe(self.payment), session_ended=True))

    # The shop

    def reconcile(self) -> None:
        """Where nothing fails, it has nothing to complain of."""
        may_fail = self.has_faults or not mail_works()
        complaints = StringIO()
        try:
            call_command("vipps_reconcile", stdout=StringIO(), stderr=complaints)
        except CommandError:
            assert may_fail, complaints.getvalue()

    def die_while_opening(self) -> None:
        """The process is killed between the making of a session and the saving of its id."""
        self.deaths += 1
        urls = {"success_url": "http://testserver/a", "cancel_url": "http://testserver/b"}
        sessions._create_session(sessions._begin_attempt(self.payment), urls)

    # Staff

    def set_status(self, status: str) -> None:
        self.is_in_staffs_hands = True
        EventHandler().handle_order_status_change(Order.objects.get(pk=self.payment.order_id), status)

    def press_in_the_shop(self, operation: Callable[[Payment], Payment]) -> None:
        """As a button of the shop's dashboard does."""
        try:
            operation(self.payment)
        except GatewayError:
            assert self.has_faults

    def refund_in_stripes_dashboard(self, amount: int) -> None:
        self.dashboard.v1.refunds.create({"payment_intent": self.intent["id"], "amount": amount})

    # What goes wrong

    def order_fault(self, kind: str, count: int) -> None:
        """``kind``: a status to answer, or the simulator's word for no answer."""
        if kind.startswith("timeout"):
            self.configure(TIMEOUT=IMPATIENT)
        if kind.isdigit():
            self.simulator.fault("error", status=int(kind), count=count)
        else:
            self.simulator.fault(kind, count=count)

    def let_mail(self, *, work: bool) -> None:
        self._has_mail = work
        self.configure()


def known_shopper() -> dict[str, Any]:
    """What the browser's session holds of somebody who has said who they are and how to pay."""
    shopper = Shopper()
    shopper.add(ProductFactory.create())
    shopper.identify()
    shopper.choose()
    found: dict[str, Any] = shopper.client.session["checkout_data"]
    return found
