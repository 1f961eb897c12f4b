"""Django's registration of the app, and what it adds to the pages below it."""

from django.apps import AppConfig


class RenewalsConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.renewals"
    label = "renewals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Navigation, its panel on the account page, and its numbers."""
        _register_merging()
        from afterclose.accounts import facts, panels
        from afterclose.businesses.permissions import Right
        from afterclose.kit import numbers
        from afterclose.notifications import kinds
        from afterclose.renewals import queries, telling
        from afterclose.ui import navigation

        kinds.register(telling.RENEWAL_REMINDER)

        navigation.register(
            navigation.Entry(
                section="Success",
                label="Renewals",
                url_name="renewals:pipeline",
                icon="refresh",
                right=Right.RENEWALS_VIEW,
                order=40,
                keywords=("pipeline", "churn", "expansion"),
            )
        )
        panels.register(
            panels.Panel(
                key="renewals",
                title="Renewals",
                url_name="renewals:panel",
                right=Right.RENEWALS_VIEW,
                icon="refresh",
                order=15,
                area="side",
                height=8,
            )
        )
        facts.declare(
            facts.Kind(
                "renewal.reminded",
                "Renewal reminder sent",
                "A renewal came so near that its CSM was reminded.",
                {"threshold": 60, "renews_on": "2026-06-30"},
            )
        )
        doc = "docs/numbers/renewals.md"
        numbers.register(
            numbers.Number(
                "renewals.by_stage", "Renewals by stage", "renewals", doc, queries.summary
            )
        )
        numbers.register(
            numbers.Number(
                "renewals.pipeline", "Renewals in the window", "renewals", doc, queries.pipeline
            )
        )


def _register_merging() -> None:
    """Who was reminded of a date is not reminded again after a merge (CS-11)."""
    from afterclose.accounts.merging import rules
    from afterclose.renewals.models import Reminder

    rules.register(Reminder, rules.KEEP_WINNERS)
