from django.apps import AppConfig


class FloorConfig(AppConfig):
    name = "benchmarks.project.floor"
    label = "floor"
    default_auto_field = "django.db.models.BigAutoField"
