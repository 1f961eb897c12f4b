"""Django's registration of the app."""

from django.apps import AppConfig


class UsageConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.usage"
    label = "usage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its panel on the account page, and what it takes from imports."""
        _register_merging()
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
                height=28,
                phone=40,
            )
        )


def _register_merging() -> None:
    """Use of the same day and feature adds up when two accounts are merged (CS-11)."""
    from afterclose.accounts.merging import rules
    from afterclose.usage.models import DailyUsage, LastUse

    rules.register(
        DailyUsage, rules.Rule({"count": "w.count + l.count", "seconds": "w.seconds + l.seconds"})
    )
    rules.register(
        LastUse,
        rules.Rule(
            {
                "first_used_on": "LEAST(w.first_used_on, l.first_used_on)",
                "last_used_on": "GREATEST(w.last_used_on, l.last_used_on)",
            }
        ),
    )
