"""Django's registration of the app, and what it adds to the pages below it."""

from django.apps import AppConfig


class RenewalsConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.renewals"
    label = "renewals"
    default_auto_field = "django.db.models.BigAutoField"
