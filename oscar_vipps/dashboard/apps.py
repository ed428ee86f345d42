"""Vipps in Oscar's dashboard: ``path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls)``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from oscar.core.application import OscarDashboardConfig
from oscar.core.loading import get_class, get_classes

from oscar_vipps.conf import must_be_installed


class VippsDashboardConfig(OscarDashboardConfig):
    name = "oscar_vipps.dashboard"
    label = "vipps_dashboard"
    namespace = "vipps_dashboard"
    verbose_name = _("Vipps dashboard")

    def ready(self) -> None:
        """Find the views, and take a place in the navigation."""
        must_be_installed()
        self.payment_list_view = get_class("vipps_dashboard.views", "PaymentListView")
        self.payment_detail_view = get_class("vipps_dashboard.views", "PaymentDetailView")
        actions = ["CaptureView", "ReleaseView", "RefundView", "RefreshView"]
        self.action_views = get_classes("vipps_dashboard.actions", actions)
        permission = get_class("dashboard.permissions", "DashboardPermission")
        needed = {
            "payment-list": "view_payment",
            "payment-detail": "view_payment",
            "payment-capture": "capture_payment",
            "payment-release": "cancel_payment",
            "payment-refund": "refund_payment",
            "payment-refresh": "view_payment",
        }
        self.permissions_map = {name: permission.get("oscar_vipps", code) for name, code in needed.items()}
        add_to_navigation(settings.OSCAR_DASHBOARD_NAVIGATION)  # type: ignore[misc]

    def get_urls(self) -> list[URLPattern]:
        """Each behind its permission."""
        urls = [
            path("", self.payment_list_view.as_view(), name="payment-list"),
            path("<slug:reference>/", self.payment_detail_view.as_view(), name="payment-detail"),
        ]
        for view in self.action_views:
            name = view.name
            urls.append(path(f"<slug:reference>/{name}/", view.as_view(), name=f"payment-{name}"))
        return self.post_process_urls(urls)


def add_to_navigation(navigation: list[dict[str, Any]]) -> None:
    """Beside Oscar's orders; at the end where a shop's navigation has none."""
    entry = {
        "label": _("Vipps payments"),
        "url_name": "vipps_dashboard:payment-list",
        "access_fn": may_see_payments,
    }
    groups = [navigation, *(group["children"] for group in navigation if group.get("children"))]
    if any(each.get("url_name") == entry["url_name"] for group in groups for each in group):
        return
    with_orders = (
        group for group in groups if any(each.get("url_name") == "dashboard:order-list" for each in group)
    )
    next(with_orders, navigation).append(entry)


def may_see_payments(user: Any, url_name: str, *args: Any, **kwargs: Any) -> bool:
    """Who has access is decided as for each other entry of the navigation.

    Nobody, where the addresses aren't included yet: every page of the dashboard has the navigation, and would
    fail. The system checks say what is missing.
    """
    try:
        reverse(url_name)
    except NoReverseMatch:
        return False
    decide = import_string(settings.OSCAR_DASHBOARD_DEFAULT_ACCESS_FUNCTION)  # type: ignore[misc]
    return bool(decide(user, url_name, *args, **kwargs))
