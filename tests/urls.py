"""The addresses of the shop that the tests use: what the installation instructions say, and no more."""

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("vipps/", include("oscar_vipps.urls")),
    path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls),  # type: ignore[attr-defined]
    path("", include(apps.get_app_config("oscar").urls[0])),  # type: ignore[attr-defined]
]
