"""Django's registration of the app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"
