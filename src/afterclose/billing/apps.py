"""Django's registration of the app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"
