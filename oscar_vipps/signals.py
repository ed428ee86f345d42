"""What a shop can listen to. Each is sent after the change is committed, at most once, and receivers that
fail are logged and hinder nobody.

All have the same arguments:

``sender``
    the class ``oscar_vipps.models.Payment``
``payment``
    the payment, as it is in the database then
``order``
    its Oscar order
"""

from django.dispatch import Signal

#: The money is reserved; it must be captured within seven days.
payment_authorized = Signal()
#: The shop has the money.
payment_captured = Signal()
#: The shopper or the shop gave up, or a reservation was released. Nothing was taken.
payment_cancelled = Signal()
#: The time to pay ran out.
payment_expired = Signal()
#: Money went back to the shopper; also has ``refund``, a ``models.Refund``. Sent for each.
payment_refunded = Signal()
#: The shopper's bank disputes the payment, or asks about it; also has ``dispute``, a ``models.Dispute``.
payment_disputed = Signal()
#: Something happened that a person has to look at; also has ``reason``, a ``models.Flag.Reason``.
payment_needs_attention = Signal()
