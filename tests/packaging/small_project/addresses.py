"""Addresses of the small project."""

from django.apps import apps
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),  # Oscar's pages offer the choice of language
    path("vipps/", include("oscar_vipps.urls")),
    path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls),  # type: ignore[attr-defined]
    path("", include(apps.get_app_config("oscar").urls[0])),  # type: ignore[attr-defined]
]
