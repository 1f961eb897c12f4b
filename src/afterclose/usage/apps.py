"""Django's registration of the app."""

from django.apps import AppConfig


class UsageConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.usage"
    label = "usage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its panel on the account page, and what it takes from imports."""
        from afterclose.accounts import panels
        from afterclose.businesses.permissions import Right
        from afterclose.usage import importing

        importing.register()
        panels.register(
            panels.Panel(
                key="usage",
                title="Usage",
                url_name="usage:panel",
                right=Right.ACCOUNTS_VIEW,
                icon="activity",
                order=30,
                area="main",
                height="lg",
            )
        )
