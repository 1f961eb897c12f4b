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
        from afterclose.accounts.lists import AccountList
        from afterclose.billing import importing
        from afterclose.businesses.permissions import Right
        from afterclose.ui.lists import DateColumn, DateRangeFilter, MoneyColumn

        importing.register()
        AccountList.register_column(
            MoneyColumn(
                "arr",
                "ARR",
                amount="billing__arr",
                currency="billing__currency",
                sort=True,
                total=True,
            ),
            after="stage",
        )
        AccountList.register_column(
            DateColumn(
                "period_ends_on",
                "Period ends",
                path="billing__period_ends_on",
                sort=True,
                optional=True,
            )
        )
        AccountList.register_filter(
            DateRangeFilter("period_ends_on", "Period ends", path="billing__period_ends_on")
        )
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
