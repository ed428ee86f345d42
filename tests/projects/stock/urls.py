"""The stock shop's addresses, and one of the four edits."""

from django.apps import apps
from django.urls import include, path

from tests.projects.oscar_alone.urls import urlpatterns as oscar_urlpatterns

urlpatterns = [
    path("vipps/", include("oscar_vipps.urls")),
    path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls),  # type: ignore[attr-defined]
    *oscar_urlpatterns,
]
