from django.apps import AppConfig


class CustomizedConfig(AppConfig):
    name = "tests.projects.customized"

    def ready(self) -> None:
        """Listen."""
        from . import receivers  # noqa: F401
