"""Django's registration of the app."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.health"
    label = "health"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Navigation, its panel, what it adds to the list of accounts, and its numbers."""
        _register_merging()
        from afterclose.accounts import panels
        from afterclose.accounts.lists import AccountList
        from afterclose.businesses.permissions import Right
        from afterclose.health import lists, queries, segment_fields, telling
        from afterclose.kit import numbers
        from afterclose.notifications import kinds
        from afterclose.ui import navigation

        segment_fields.register()
        kinds.register(telling.AT_RISK)

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
                height=30,
            )
        )
        AccountList.register_column(lists.health_column(), after="stage")
        AccountList.register_filter(lists.bucket_filter(), after="stage")
        AccountList.register_filter(lists.score_filter(), after="health")
        _register_group()
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


def _register_group() -> None:
    """The health of an account's group (CS-10)."""
    from django.urls import reverse

    from afterclose.accounts.hierarchy import figures
    from afterclose.accounts.lists import AccountList
    from afterclose.businesses.actors import Actor
    from afterclose.businesses.permissions import Right
    from afterclose.health import queries
    from afterclose.health.rollup import GroupHealth
    from afterclose.kit import numbers
    from afterclose.ui.templatetags.ui import health_ring

    def beside(each: GroupHealth) -> str:
        if not each.currency:
            return "plain mean, for none has contract value"
        scored = f"by {each.currency} contract value of {each.accounts:,}"
        left = f", {each.left_out:,} without contract value left out" if each.left_out else ""
        return scored + left

    def health(viewer: Actor, account_id: int) -> list[figures.Shown]:
        url = AccountList.url(reverse("accounts:list"), group=account_id, sort="health")
        return [
            figures.Shown(health_ring(each.score, size="sm"), url, beside(each))
            for each in queries.group_health(viewer, account_id)
        ] or [figures.Shown("No data", url)]

    figures.register(figures.Figure("health", "Health of the group", Right.HEALTH_VIEW, 30, health))
    numbers.register(
        numbers.Number(
            "health.group",
            "Health of the group",
            "points",
            "docs/numbers/hierarchy.md",
            queries.group_health,
        )
    )


def _register_merging() -> None:
    """Days that both accounts of a merge have a score of keep the winner's; today's is computed
    anew from what the account has then (CS-11)."""
    from collections.abc import Collection
    from datetime import datetime

    from afterclose.accounts.merging import rules
    from afterclose.businesses.actors import Actor
    from afterclose.health.actions import lock_ranges, take_snapshot
    from afterclose.health.models import Score, Snapshot
    from afterclose.kit import clock

    def refresh(actor: Actor, at: datetime, account_ids: Collection[int]) -> None:
        today = clock.today_in(actor.settings.time_zone, at=at)
        for account_id in account_ids:
            take_snapshot(actor=actor, at=at, on=today, account_id=account_id)

    def wait(actor: Actor, account_ids: Collection[int]) -> None:
        lock_ranges(actor=actor, account_ids=account_ids)

    rules.register_lock("health", wait)
    rules.register(Score, rules.Derived())
    rules.register(Snapshot, rules.KEEP_WINNERS)
    rules.register_refresh("health", refresh, at_once=False)
