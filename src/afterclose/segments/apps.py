"""Django's registration of the app."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fields of the apps below, navigation, and the filter in the account list."""
        from afterclose.segments import account_fields

        account_fields.register()
