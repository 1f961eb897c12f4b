"""The list of accounts at risk, and what health adds to the list of accounts."""

from __future__ import annotations

from typing import Any, override

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from afterclose.accounts.lists import STAGE_TONES, member_labels, member_options
from afterclose.accounts.models import Account, Stage
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.health import queries
from afterclose.ui.escaping import format_html, format_html_join
from afterclose.ui.lists import (
    NOTHING,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    HealthColumn,
    InstantColumn,
    List,
    MoneyColumn,
    NumberRangeFilter,
    PersonColumn,
    RelationFilter,
    Row,
    TextSearch,
    url_of,
)
from afterclose.ui.templatetags import ui as tags


def may_see(viewer: Actor) -> bool:
    """Whether the viewer may see health at all."""
    return viewer.may(Right.HEALTH_VIEW)


def health_column() -> HealthColumn:
    """The current score, for a list of accounts; one that has churned has its last one (CS-50)."""
    return HealthColumn(
        "health",
        "Health",
        path="health__score",
        needs=("stage",),
        sort=True,
        visible=may_see,
        render=_score,
    )


def _score(row: Row, value: float | None) -> SafeString:
    if value is None:
        return NOTHING
    ring = tags.health_ring(value, size="sm")
    if row["stage"] != Stage.CHURNED:
        return SafeString(ring)
    return format_html('{}<div class="text-secondary small">at churn</div>', SafeString(ring))


def bucket_filter() -> ChoiceFilter:
    """Healthy, OK, At risk, Critical, No data."""
    return ChoiceFilter(
        "health",
        "Health",
        choices=queries.bucket_choices(),
        where=queries.in_buckets,
        visible=may_see,
    )


def score_filter() -> NumberRangeFilter:
    """Scores from and to, both included."""
    return NumberRangeFilter("score", "Health score", path="health__score", visible=may_see)


def _change(row: Row) -> float | None:
    now, before = row["health__score"], row["health__previous_score"]
    return None if now is None or before is None else now - before


def _show_change(row: Row, value: float | None) -> SafeString:
    if value is None:
        return SafeString('<span class="nothing">–</span>')
    return SafeString(
        tags.delta(round(row["health__score"], 1), round(row["health__previous_score"], 1))
    )


def _reasons(row: Row, labels: Any) -> SafeString:
    if labels:
        return format_html_join(", ", "{}", [(label,) for label in labels])
    words = "Low score" if row["flagged_at"] is None else "Flagged"
    return format_html('<span class="text-secondary">{}</span>', words)


class AtRiskList(List):
    """Accounts at or under the threshold, or flagged, the lowest score first."""

    name = "at-risk"
    title = "Accounts at risk"
    lead = "At or under the threshold of your business, or flagged. Lowest health first."
    noun = ("account", "accounts")
    columns = [
        Column("name", "Account", sort="name_key", link=True),
        health_column(),
        Column(
            "change",
            "Since the last score",
            needs=("health__score", "health__previous_score"),
            value=_change,
            render=_show_change,
        ),
        Column(
            "reasons",
            "Reasons",
            path="risk_reasons",
            needs=("flagged_at",),
            render=_reasons,
        ),
        InstantColumn("flagged_at", "Flagged"),
        MoneyColumn(
            "arr", "ARR", amount="billing__arr", currency="billing__currency", sort=True, total=True
        ),
        PersonColumn("csm", "CSM", path="csm__person__name"),
        ChoiceColumn("stage", "Stage", choices=Stage, tones=STAGE_TONES),
    ]
    filters = [
        RelationFilter(
            "csm",
            "CSM",
            path="csm_id",
            options=member_options,
            labels=member_labels,
            empty="Nobody",
        ),
        bucket_filter(),
        score_filter(),
        ChoiceFilter("stage", "Stage", choices=Stage),
    ]
    search = TextSearch(prefix=["name_key"], contains=["name_key"], label="Search by name")
    default_sort = "health"
    empty = Empty(
        "No account is at risk",
        "An account comes here when its score falls to the threshold, or when somebody flags it.",
        actions=[("See health", "health:overview")],
        icon="activity-heartbeat",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Account]:
        return queries.at_risk_rows(viewer)

    @override
    def page_queryset(self, viewer: Actor, /) -> QuerySet[Account]:
        return queries.at_risk_rows_to_read(viewer)

    @override
    def how_many(self, viewer: Actor, /) -> int:
        return queries.at_risk_count(viewer)

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("health:explain", row["id"])

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)
