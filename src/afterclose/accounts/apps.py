"""Django's registration of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, contacts and their timeline."""

    name = "afterclose.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
