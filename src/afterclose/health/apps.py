"""Django's registration of the app."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.health"
    label = "health"
    default_auto_field = "django.db.models.BigAutoField"
