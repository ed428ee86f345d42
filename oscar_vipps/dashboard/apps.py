"""Vipps in Oscar's dashboard: ``path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls)``."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, path
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
        self.payment_export_view = get_class("vipps_dashboard.export", "PaymentExportView")
        self.capture_selected_view = get_class("vipps_dashboard.bulk", "CaptureSelectedView")
        self.attention_view = get_class("vipps_dashboard.attention", "AttentionView")
        self.flag_done_view = get_class("vipps_dashboard.attention", "FlagDoneView")
        self.event_list_view = get_class("vipps_dashboard.events", "EventListView")
        self.event_detail_view = get_class("vipps_dashboard.events", "EventDetailView")
        self.event_process_view = get_class("vipps_dashboard.events", "EventProcessView")
        self.figures_view = get_class("vipps_dashboard.figures", "FiguresView")
        doctor_views = ["DoctorView", "DoctorBundleView"]
        self.doctor_view, self.doctor_bundle_view = get_classes("vipps_dashboard.doctor", doctor_views)
        actions = ["CaptureView", "CapturePartView", "ReleaseView", "RefundView", "RefreshView"]
        self.action_views = get_classes("vipps_dashboard.actions", actions)

        # They import models, which are there only now.
        from .access import permissions_map
        from .navigation import add_to_navigation

        self.permissions_map = permissions_map()
        add_to_navigation(settings.OSCAR_DASHBOARD_NAVIGATION)  # type: ignore[misc]

    def get_urls(self) -> list[URLPattern]:
        """Each behind its permission. The words come before the references, none of which is one."""
        urls = [
            path("", self.payment_list_view.as_view(), name="payment-list"),
            path("export/", self.payment_export_view.as_view(), name="payment-export"),
            path("capture/", self.capture_selected_view.as_view(), name="payment-capture-selected"),
            path("attention/", self.attention_view.as_view(), name="attention"),
            path("attention/<int:pk>/done/", self.flag_done_view.as_view(), name="flag-done"),
            path("events/", self.event_list_view.as_view(), name="event-list"),
            path("events/<int:pk>/", self.event_detail_view.as_view(), name="event-detail"),
            path("events/<int:pk>/process/", self.event_process_view.as_view(), name="event-process"),
            path("figures/", self.figures_view.as_view(), name="figures"),
            path("doctor/", self.doctor_view.as_view(), name="doctor"),
            path("doctor/bundle/", self.doctor_bundle_view.as_view(), name="doctor-bundle"),
            path("<slug:reference>/", self.payment_detail_view.as_view(), name="payment-detail"),
        ]
        for view in self.action_views:
            name = view.name
            urls.append(path(f"<slug:reference>/{name}/", view.as_view(), name=f"payment-{name}"))
        return self.post_process_urls(urls)
