"""Django's registration of the app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its panel on the account page, and what it takes from imports."""
        from afterclose.accounts import panels
        from afterclose.billing import importing
        from afterclose.businesses.permissions import Right

        importing.register()
        panels.register(
            panels.Panel(
                key="billing",
                title="Subscriptions",
                url_name="billing:panel",
                right=Right.ACCOUNTS_VIEW,
                icon="receipt",
                order=20,
                area="main",
                height="md",
            )
        )
