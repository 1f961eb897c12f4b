"""Django's registration of the app."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.support"
    label = "support"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its panel on the account page, and what it takes from imports."""
        from afterclose.accounts import panels
        from afterclose.businesses.permissions import Right
        from afterclose.support import importing, segment_fields

        segment_fields.register()
        importing.register()
        panels.register(
            panels.Panel(
                key="support",
                title="Support",
                url_name="support:panel",
                right=Right.ACCOUNTS_VIEW,
                icon="lifebuoy",
                order=40,
                area="side",
                height="sm",
            )
        )
