"""The addresses of the installation guide; Oscar's pages offer the choice of language beside them."""

from typing import Any

from django.apps import apps
from django.urls import include, path

from tests.docs.pages import snippet

_found: dict[str, Any] = {}
exec(snippet("installation.rst", "urlpatterns"), {"apps": apps, "include": include, "path": path}, _found)
urlpatterns = [path("i18n/", include("django.conf.urls.i18n")), *_found["urlpatterns"]]
