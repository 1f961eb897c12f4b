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
        from afterclose.accounts.lists import AccountList
        from afterclose.businesses.permissions import Right
        from afterclose.ui.lists import DateColumn, DateRangeFilter
        from afterclose.usage import importing, segment_fields

        segment_fields.register()
        importing.register()
        AccountList.register_column(
            DateColumn(
                "last_used_on", "Last used", path="last_use__last_used_on", sort=True, optional=True
            )
        )
        AccountList.register_filter(
            DateRangeFilter("last_used_on", "Last used", path="last_use__last_used_on")
        )
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
