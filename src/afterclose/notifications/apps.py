"""Django's registration of the app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its own kinds, the bell in the top bar, and the number on it."""
        from afterclose.kit import numbers
        from afterclose.notifications import kinds, queries
        from afterclose.ui import shell

        kinds.register(*kinds.OWN)
        numbers.register(
            numbers.Number(
                "notifications.unread", "Unread", "lines", "docs/numbers/home.md", queries.unread
            )
        )

        shell.provide(inbox_url_name="notifications:inbox", badge_url_name="notifications:badge")
