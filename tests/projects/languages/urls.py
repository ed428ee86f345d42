"""What Stripe calls has one address; all else has one in each language."""

from django.apps import apps
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("vipps/", include("oscar_vipps.urls")),
    *i18n_patterns(
        path("dashboard/vipps/", apps.get_app_config("vipps_dashboard").urls),  # type: ignore[attr-defined]
        path("", include(apps.get_app_config("oscar").urls[0])),  # type: ignore[attr-defined]
    ),
]
