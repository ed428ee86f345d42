"""What is stored about payments. Amounts are integers in øre, as at Stripe.

Oscar's own tables stay the shop's books (order status, ``Source``, ``Transaction``); these rows hold what
Stripe confirmed, from which the books follow.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from .money import CURRENCY, MAXIMUM, MINIMUM

#: How long a reservation holds. Source: Stripe's guide "Vipps payments", manual capture.
HOLD = timedelta(days=7)


def new_reference() -> str:
    """A payment's name at Stripe and in links: 24 characters that nobody guesses."""
    return get_random_string(24, "abcdefghijkmnpqrstuvwxyz23456789")


class Payment(models.Model):
    """The one payment of an order that is paid with Vipps.

    ``state`` is written by ``payments.settlement.settle`` alone.
    """

    class State(models.TextChoices):
        CREATED = "created", _("Created")
        OPEN = "open", _("Waiting for the shopper")
        AUTHORIZED = "authorized", _("Reserved")
        CAPTURED = "captured", _("Paid")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    class CaptureMethod(models.TextChoices):
        AUTOMATIC = "automatic", _("At once")
        MANUAL = "manual", _("When the shop says so")

    reference = models.CharField(_("Reference"), max_length=32, unique=True, default=new_reference)
    # An order that money was taken for must not vanish under it.
    order = models.OneToOneField(
        "order.Order", on_delete=models.PROTECT, related_name="vipps_payment", verbose_name=_("Order")
    )
    source = models.OneToOneField(
        "payment.Source", on_delete=models.PROTECT, related_name="vipps_payment", verbose_name=_("Source")
    )
    state = models.CharField(
        _("State"), max_length=16, choices=State.choices, default=State.CREATED, db_index=True
    )
    amount = models.PositiveIntegerField(_("Amount in øre"))
    currency = models.CharField(_("Currency"), max_length=3, default=CURRENCY)
    livemode = models.BooleanField(_("Real money"))
    capture_method = models.CharField(_("Capture"), max_length=16, choices=CaptureMethod.choices)
    site = models.CharField(
        _("Site"), max_length=100, help_text=_("Tells this shop's payments from another's")
    )
    language = models.CharField(_("Language"), max_length=16, help_text=_("What the shopper reads"))

    # The Checkout Session. The attempt is part of the idempotency key, saved before Stripe is called.
    session_attempt = models.PositiveSmallIntegerField(default=0, editable=False)
    session_id = models.CharField(_("Checkout Session"), max_length=255, unique=True, null=True, blank=True)
    session_url = models.TextField(blank=True, editable=False)
    session_expires_at = models.DateTimeField(_("May be paid until"))
    payment_intent_id = models.CharField(
        _("PaymentIntent"), max_length=255, unique=True, null=True, blank=True
    )
    # A little before the money was reserved: Stripe makes it when the shopper chooses Vipps.
    payment_intent_created_at = models.DateTimeField(null=True, blank=True, editable=False)
    charge_id = models.CharField(_("Charge"), max_length=255, blank=True)

    # What Stripe confirmed. The first two only grow; the third falls when a refund comes back as failed.
    amount_authorized = models.PositiveIntegerField(_("Reserved, in øre"), default=0)
    amount_captured = models.PositiveIntegerField(_("Captured, in øre"), default=0)
    amount_refunded = models.PositiveIntegerField(_("Refunded, in øre"), default=0)
    # What the shopper's bank holds at this moment, or was given for good.
    amount_disputed = models.PositiveIntegerField(_("Withdrawn for disputes, in øre"), default=0)
    released = models.BooleanField(_("PaymentIntent cancelled"), default=False)

    decline_code = models.CharField(_("Last decline"), max_length=64, blank=True)
    cancel_requested_at = models.DateTimeField(_("Cancellation asked for"), null=True, blank=True)
    basket_returned_at = models.DateTimeField(_("Basket given back"), null=True, blank=True)
    # Asked of Stripe on a shopper's behalf, so that impatience doesn't use up the shop's request rate.
    refreshed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the reconciler took it up last.
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whoever sends the confirmation claims it first; a claim that led to nothing is free again after a while.
    confirmation_claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmation_sent_at = models.DateTimeField(_("Confirmation sent"), null=True, blank=True)
    created_at = models.DateTimeField(_("Created at"), auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(_("Changed at"), auto_now=True, db_index=True)

    class Meta:
        verbose_name = _("Vipps payment")
        verbose_name_plural = _("Vipps payments")
        permissions = [
            ("capture_payment", "Can capture Vipps payments"),
            ("refund_payment", "Can refund Vipps payments"),
            ("cancel_payment", "Can release reserved Vipps payments"),
        ]
        ordering = ["-created_at", "-pk"]
        indexes = [
            # Staff look for it.
            models.Index(name="oscar_vipps_payment_charge", fields=["charge_id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="oscar_vipps_payment_amount",
                condition=Q(amount__gte=MINIMUM, amount__lte=MAXIMUM, currency=CURRENCY),
            ),
            # Nothing is ever shown as reserved or paid that Stripe didn't confirm in full.
            models.CheckConstraint(
                name="oscar_vipps_payment_confirmed",
                condition=(
                    ~Q(state__in=["authorized", "captured"])
                    | Q(state="authorized", amount_authorized=models.F("amount"))
                    | Q(state="captured", amount_captured=models.F("amount"))
                ),
            ),
            models.CheckConstraint(
                name="oscar_vipps_payment_refund",
                condition=Q(amount_refunded__lte=models.F("amount_captured")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_paid(self) -> bool:
        """Whether goods may be sent: the money is here, or reserved."""
        return self.state in (self.State.AUTHORIZED, self.State.CAPTURED)

    @property
    def has_ended(self) -> bool:
        """Whether nobody can pay this any more."""
        return self.state in (self.State.CANCELLED, self.State.EXPIRED)

    @property
    def amount_held(self) -> int:
        """Øre of the shopper that are taken or reserved at this moment."""
        reserved = 0 if self.released or self.amount_captured else self.amount_authorized
        return reserved + max(0, self.amount_captured - self.amount_refunded - self.amount_disputed)

    @property
    def holds_money(self) -> bool:
        """Whether money of the shopper is taken or reserved, be it too late for the order."""
        return self.amount_held > 0

    @property
    def capture_before(self) -> datetime | None:
        """When a reservation runs out; None where nothing is reserved."""
        if self.state != self.State.AUTHORIZED or self.payment_intent_created_at is None:
            return None
        return self.payment_intent_created_at + HOLD

    def log_extra(self, **more: Any) -> dict[str, Any]:
        """What every log line about this payment carries."""
        return {"payment": self.reference, "order_number": self.order.number, **more}


def runs_out_within(duration: timedelta) -> Q:
    """Reservations that must be captured by then."""
    return Q(state=Payment.State.AUTHORIZED, payment_intent_created_at__lte=timezone.now() - HOLD + duration)


class Refund(models.Model):
    """Money on its way back to the shopper, whoever sent it: this app, or somebody in Stripe's Dashboard.

    A refund of ours is saved before Stripe is asked for it, so that none is lost or made twice.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("To be sent")
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Refunded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Reason(models.TextChoices):
        """Stripe's words."""

        REQUESTED_BY_CUSTOMER = "requested_by_customer", _("The shopper asked for it")
        DUPLICATE = "duplicate", _("Paid twice")
        FRAUDULENT = "fraudulent", _("Fraud")

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("Payment")
    )
    reference = models.CharField(_("Reference"), max_length=32, unique=True, default=new_reference)
    # Part of the idempotency key. Another one is needed where Stripe keeps an answer that was an error.
    attempt = models.PositiveSmallIntegerField(default=1, editable=False)
    refund_id = models.CharField(_("Refund at Stripe"), max_length=255, unique=True, null=True, blank=True)
    amount = models.PositiveIntegerField(_("Amount in øre"))
    status = models.CharField(
        _("Status"), max_length=16, choices=Status.choices, default=Status.REQUESTED, db_index=True
    )
    failure_reason = models.CharField(_("Why it failed"), max_length=64, blank=True)
    reason = models.CharField(_("Reason"), max_length=32, choices=Reason.choices, blank=True)
    returns_stock = models.BooleanField(
        _("The goods are back in stock"), default=False, help_text=_("When the refund has succeeded.")
    )
    # Whoever mails the shopper claims it first; a claim that led to nothing is free again after a while.
    confirmation_claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmation_sent_at = models.DateTimeField(_("Confirmation sent"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Requested by"),
    )
    created_at = models.DateTimeField(_("Created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Changed at"), auto_now=True)

    class Meta:
        verbose_name = _("Refund")
        verbose_name_plural = _("Refunds")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(name="oscar_vipps_refund_amount", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return self.refund_id or self.reference


class RefundLine(models.Model):
    """Goods that a refund is for, where staff said which."""

    refund = models.ForeignKey(
        Refund, on_delete=models.CASCADE, related_name="lines", verbose_name=_("Refund")
    )
    line = models.ForeignKey(
        "order.Line", on_delete=models.PROTECT, related_name="+", verbose_name=_("Order line")
    )
    quantity = models.PositiveIntegerField(_("Quantity"))

    class Meta:
        verbose_name = _("Refunded line")
        verbose_name_plural = _("Refunded lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="oscar_vipps_refund_line_once", fields=["refund", "line"]),
            models.CheckConstraint(name="oscar_vipps_refund_line_quantity", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id}: {self.quantity} of line {self.line_id}"


class Dispute(models.Model):
    """The shopper's bank asks the money back, or asks what it was for (an inquiry)."""

    class Status(models.TextChoices):
        """Stripe's words. Those with ``warning`` are inquiries: no money is withdrawn."""

        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("Inquiry: answer it")
        WARNING_UNDER_REVIEW = "warning_under_review", _("Inquiry: the bank is reading the answer")
        WARNING_CLOSED = "warning_closed", _("Inquiry: closed")
        NEEDS_RESPONSE = "needs_response", _("Answer it")
        UNDER_REVIEW = "under_review", _("The bank is reading the answer")
        PREVENTED = "prevented", _("Prevented")
        LOST = "lost", _("Lost")
        WON = "won", _("Won")

    #: Nothing more is expected.
    CLOSED = (Status.WARNING_CLOSED, Status.PREVENTED, Status.LOST, Status.WON)
    #: Stripe refunds nothing meanwhile.
    HINDERING = (Status.NEEDS_RESPONSE, Status.UNDER_REVIEW)

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="disputes", verbose_name=_("Payment")
    )
    dispute_id = models.CharField(_("Dispute at Stripe"), max_length=255, unique=True)
    amount = models.PositiveIntegerField(_("Amount in øre"))
    status = models.CharField(_("Status"), max_length=32, choices=Status.choices)
    reason = models.CharField(_("The bank's reason"), max_length=64, blank=True)
    evidence_due_at = models.DateTimeField(_("To be answered before"), null=True, blank=True)
    # Facts, which don't cease: what is withdrawn now follows from both.
    funds_withdrawn = models.BooleanField(_("Money withdrawn"), default=False)
    funds_reinstated = models.BooleanField(_("Money given back"), default=False)
    # Whether the bank only asked, at first.
    was_inquiry = models.BooleanField(default=False, editable=False)
    # Of the mail to staff, as a refund's of the one to the shopper.
    confirmation_claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmation_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("Created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Changed at"), auto_now=True)

    class Meta:
        verbose_name = _("Dispute")
        verbose_name_plural = _("Disputes")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(name="oscar_vipps_dispute_amount", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return self.dispute_id

    @property
    def is_open(self) -> bool:
        """Whether the bank hasn't decided yet."""
        return self.status not in self.CLOSED


class Flag(models.Model):
    """Something about a payment that a person has to look at."""

    class Reason(models.TextChoices):
        MISMATCH = "mismatch", _("Stripe's facts don't match the payment")
        LATE_PAYMENT = "late_payment", _("Money arrived after the order was cancelled")
        STATUS_REFUSED = "status_refused", _("The order's status could not follow the payment")
        ORDER_CANCELLED = "order_cancelled", _("The order is cancelled, and its payment is not")
        REFUND_FAILED = "refund_failed", _("A refund did not reach the shopper")
        DISPUTED = "disputed", _("The shopper's bank disputes the payment")
        RESERVATION_LOST = "reservation_lost", _("A reservation ran out, or was released at Stripe")

    payment = models.ForeignKey(
        Payment, on_delete=models.CASCADE, related_name="flags", verbose_name=_("Payment")
    )
    reason = models.CharField(_("Reason"), max_length=32, choices=Reason.choices)
    detail = models.TextField(_("Detail"), blank=True)
    created_at = models.DateTimeField(_("Created at"), auto_now_add=True)
    resolved_at = models.DateTimeField(_("Resolved at"), null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("Flag")
        verbose_name_plural = _("Flags")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(name="oscar_vipps_flag_once", fields=["payment", "reason"]),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.reason}"


class WebhookEvent(models.Model):
    """An event that Stripe signed, stored once by its id before it is processed.

    ``payload`` holds the facts that processing needs and no personal data.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        PROCESSED = "processed", _("Processed")
        IGNORED = "ignored", _("Ignored")
        FAILED = "failed", _("Failed")

    event_id = models.CharField(_("Event"), max_length=255, unique=True)
    type = models.CharField(_("Type"), max_length=100)
    livemode = models.BooleanField(_("Real money"))
    payload = models.JSONField(_("Facts"))
    status = models.CharField(_("Status"), max_length=16, choices=Status.choices, default=Status.RECEIVED)
    reason = models.TextField(_("Reason"), blank=True, help_text=_("Why it was ignored, or what failed"))
    attempts = models.PositiveIntegerField(_("Attempts"), default=0)
    # By which refunds made elsewhere are told apart: nothing of ours is written on them.
    payment_intent_id = models.CharField(_("PaymentIntent"), max_length=255, blank=True, db_index=True)
    payment = models.ForeignKey(
        Payment,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="events",
        verbose_name=_("Payment"),
    )
    received_at = models.DateTimeField(_("Received at"), auto_now_add=True, db_index=True)
    processed_at = models.DateTimeField(_("Processed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("Webhook event")
        verbose_name_plural = _("Webhook events")
        ordering = ["-received_at", "-pk"]
        indexes = [
            # What is to be done, among all that is done: of some types, what was ignored, too.
            models.Index(name="oscar_vipps_event_status", fields=["status", "type"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
