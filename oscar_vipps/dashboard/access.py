"""Who sees which payments, and what each page of the dashboard takes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from oscar.core.loading import get_class

from oscar_vipps.models import Payment

queryset_orders_for_user = get_class("dashboard.orders.views", "queryset_orders_for_user")

PARTNER = "partner.dashboard_access"
#: A condition in Oscar's lists of permissions.
STAFF = "is_staff"

#: The permissions of this app that each address takes; all of them.
NEEDED = {
    "payment-list": ["view_payment"],
    "payment-export": ["view_payment"],
    "payment-detail": ["view_payment"],
    "figures": ["view_payment"],
    "payment-capture": ["capture_payment"],
    "payment-capture-selected": ["view_payment", "capture_payment"],
    "payment-capture-part": ["capture_payment", "refund_payment"],
    "payment-release": ["cancel_payment"],
    "payment-refund": ["refund_payment"],
    "payment-refresh": ["view_payment"],
    "attention": ["view_payment", "view_flag", "view_webhookevent"],
    "flag-done": ["change_flag"],
    "event-list": ["view_webhookevent"],
    "event-detail": ["view_webhookevent"],
    "event-process": ["change_webhookevent"],
    # For those who look after the machinery, which is what processing events again is.
    "doctor": ["view_webhookevent", "change_webhookevent"],
    "doctor-bundle": ["view_webhookevent", "change_webhookevent"],
}
#: What Oscar's partners may open, too: there they see payments of their own orders, and change nothing.
FOR_PARTNERS = ("payment-list", "payment-export", "payment-detail", "figures")


def permissions_map() -> dict[str, Any]:
    """For ``OscarDashboardConfig``: a list means all of it, a tuple of lists any of them."""
    permission = get_class("dashboard.permissions", "DashboardPermission")
    found: dict[str, Any] = {}
    for name, codes in NEEDED.items():
        staff = [STAFF, *permission.get("oscar_vipps", *codes)]
        found[name] = (staff, [PARTNER]) if name in FOR_PARTNERS else staff
    return found


def may(user: Any, code: str) -> bool:
    """Whether the user is staff with that permission: ``may(user, "capture_payment")``."""
    return bool(user.is_staff and user.has_perm(f"oscar_vipps.{code}"))


def payments_for(user: Any) -> QuerySet[Payment]:
    """The payments that this user may see, with their orders: all, or those whose orders Oscar shows them."""
    payments = Payment.objects.select_related("order")
    if may(user, "view_payment"):
        return payments
    if user.has_perm(PARTNER):
        return payments.filter(order__in=queryset_orders_for_user(user))
    return payments.none()
