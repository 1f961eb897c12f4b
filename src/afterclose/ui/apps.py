"""Django's registration of the app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, components and the shell."""

    name = "afterclose.ui"
    label = "ui"

    def ready(self) -> None:
        """Register the check that every navigation entry leads somewhere."""
        from afterclose.ui import checks  # noqa: F401
