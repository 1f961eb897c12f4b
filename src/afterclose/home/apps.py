"""Django's registration of the app."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.home"
    label = "home"

    def ready(self) -> None:
        """Navigation, its numbers, and the filter of the at-risk list that it links to."""
        from afterclose.businesses.permissions import Right
        from afterclose.health.lists import AtRiskList
        from afterclose.home import queries
        from afterclose.home.lists import FlaggedFilter
        from afterclose.kit.numbers import Number, register
        from afterclose.ui import navigation

        navigation.register(
            navigation.Entry(
                section="",
                label="Home",
                url_name="home:dashboard",
                icon="home",
                right=Right.HOME_VIEW,
                order=10,
                keywords=("dashboard", "monday", "today"),
            )
        )
        AtRiskList.register_filter(FlaggedFilter("flagged", "Flagged"))
        doc = "docs/numbers/home.md"
        register(
            Number("home.newly_at_risk", "Newly at risk", "accounts", doc, queries.newly_at_risk)
        )
        register(Number("home.churned", "Churned", "accounts", doc, queries.churned_since))
        register(
            Number(
                "home.renewing_this_week",
                "Renews in 7 days",
                "renewals",
                doc,
                queries.renewing_in_a_week,
            )
        )
