"""Django's registration of the app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the importer of subscriptions."""
        from afterclose.billing import importing

        importing.register()

    def ready(self) -> None:
        """Its panel on the account page."""
        from afterclose.accounts import panels
        from afterclose.businesses.permissions import Right

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
