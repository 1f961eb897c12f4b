"""Django's registration of the app."""

from django.apps import AppConfig


class BusinessesConfig(AppConfig):
    """Businesses and people."""

    name = "afterclose.businesses"
    label = "businesses"
    default_auto_field = "django.db.models.BigAutoField"
