"""Django's registration of the app."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.health"
    label = "health"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Navigation, its panel, what it adds to the list of accounts, and its numbers."""
        from afterclose.accounts import panels
        from afterclose.accounts.lists import AccountList
        from afterclose.businesses.permissions import Right
        from afterclose.health import lists, queries
        from afterclose.kit import numbers
        from afterclose.ui import navigation

        navigation.register(
            navigation.Entry(
                section="Success",
                label="Health",
                url_name="health:overview",
                icon="activity-heartbeat",
                right=Right.HEALTH_VIEW,
                order=60,
                keywords=("score", "at risk", "churn risk"),
            )
        )
        panels.register(
            panels.Panel(
                key="health",
                title="Health",
                url_name="health:panel",
                right=Right.HEALTH_VIEW,
                icon="activity-heartbeat",
                order=10,
                area="side",
                height="lg",
            )
        )
        AccountList.register_column(lists.health_column(), after="stage")
        AccountList.register_filter(lists.bucket_filter(), after="stage")
        AccountList.register_filter(lists.score_filter(), after="health")
        doc = "docs/numbers/health.md"
        numbers.register(
            numbers.Number(
                "health.at_risk", "Accounts at risk", "accounts", doc, queries.at_risk_accounts
            )
        )
        numbers.register(
            numbers.Number(
                "health.distribution", "Accounts by health", "accounts", doc, queries.distribution
            )
        )
