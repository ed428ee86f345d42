"""The app that holds payments and events: ``"oscar_vipps"`` in ``INSTALLED_APPS``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VippsConfig(AppConfig):
    name = "oscar_vipps"
    label = "oscar_vipps"
    verbose_name = _("Vipps")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and listen to what happens to orders and payments."""
        from . import checks  # noqa: F401
        from .payments import reactions, shipping  # noqa: F401
