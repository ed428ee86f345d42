"""The shop's addresses."""

from django.apps import apps
from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    # Vipps: the pages a shopper comes back to and the webhook, then the dashboard's pages.
    # Both before Oscar's own, and outside i18n_patterns.
    path("vipps/", include("oscar_vipps.urls")),
    path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls),  # type: ignore[attr-defined]
    path("", include(apps.get_app_config("oscar").urls[0])),  # type: ignore[attr-defined]
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
