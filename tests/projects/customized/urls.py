"""Addresses in the shop's own language. The names stay what they are."""

from django.apps import apps
from django.urls import include, path

from tests.projects.oscar_alone.urls import urlpatterns as oscar_urlpatterns

urlpatterns = [
    path("betaling/", include("oscar_vipps.urls")),
    path("dashboard/betalinger/", apps.get_app_config("vipps_dashboard").urls),  # type: ignore[attr-defined]
    *oscar_urlpatterns,
]
