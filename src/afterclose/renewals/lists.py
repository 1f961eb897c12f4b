"""The renewal pipeline as a list (CS-40, CS-41, CS-45): page, filters and export are one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, override

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from afterclose.accounts.fields import account_column, account_filter
from afterclose.accounts.lists import member_labels, member_options
from afterclose.accounts.models import Stage
from afterclose.billing.models import Interval
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.renewals import queries
from afterclose.renewals.models import Renewal
from afterclose.renewals.reminding import is_urgent
from afterclose.renewals.stages import LABELS, RenewalStage
from afterclose.ui import formats
from afterclose.ui.lists import (
    NOTHING,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    DateColumn,
    DateRangeFilter,
    Empty,
    HealthColumn,
    List,
    ListContext,
    MoneyColumn,
    MoneyRangeFilter,
    NumberColumn,
    PersonColumn,
    RelationFilter,
    Row,
    TextSearch,
)
from afterclose.ui.lists.page import SUMS_AT_ONCE
from afterclose.ui.templatetags import ui as tags

TONES = {
    RenewalStage.CHURNING: "bad",
    RenewalStage.AT_RISK: "warn",
    RenewalStage.EXPANDING: "info",
    RenewalStage.ON_TRACK: "good",
}


def window_of(context: ListContext) -> int:
    """The window of the page in days; the business's own where the address names none."""
    found = context.scope.get("window_days")
    return int(found) if found else context.viewer.settings.renewal_window_days


@dataclass(frozen=True)
class StageFilter(ChoiceFilter):
    """`?stage=at_risk`: by the rule in SQL, for the page's day and window."""

    @override
    def apply(
        self, rows: QuerySet[Any], value: tuple[str, ...], context: ListContext
    ) -> QuerySet[Any]:
        return queries.of_stages(rows, value, context.viewer, context.today, window_of(context))


def _stage(row: Row) -> RenewalStage:
    return queries.standing_of(row).stage


def _why(row: Row) -> str:
    return "; ".join(queries.standing_of(row).reasons)


def _days(row: Row) -> int:
    return queries.standing_of(row).days


def days_left(days: int) -> SafeString:
    """The number, with "Today" as a word; what is urgent has weight."""
    if days == 0:
        return format_html("<strong>{}</strong>", "Today")
    if is_urgent(days):
        return format_html('<strong class="figure">{}</strong>', formats.number(days))
    return SafeString(tags.number(days))


def _quiet(_row: Row, text: str) -> SafeString:
    return format_html('<span class="text-secondary">{}</span>', text) if text else NOTHING


class RenewalList(List):
    """Everything that renews within the window, the next one first."""

    name = "renewals"
    title = "Renewals"
    lead = "What renews next, how it stands, and why."
    noun = ("renewal", "renewals")
    columns = [
        account_column(),
        NumberColumn(
            "days",
            "Days left",
            needs=queries.JUDGED_BY,
            value=_days,
            render=lambda _row, value: days_left(value),
            sort="renews_on",
        ),
        DateColumn("renews_on", "Renews on"),
        ChoiceColumn(
            "stage",
            "Stage",
            choices=list(LABELS.items()),
            tones=TONES,
            needs=queries.JUDGED_BY,
            value=_stage,
        ),
        Column("why", "Why", needs=queries.JUDGED_BY, value=_why, render=_quiet),
        MoneyColumn("arr", "ARR", amount="arr", currency="currency", sort=True, total=True),
        Column("plan", "Plan"),
        HealthColumn("score", "Health", path="account__health__score"),
        PersonColumn(
            "csm",
            "CSM",
            needs=("account__csm__person__name", "account__csm__person__email"),
            value=lambda row: (
                row["account__csm__person__name"] or row["account__csm__person__email"]
            ),
        ),
        NumberColumn("seats", "Seats", optional=True),
        ChoiceColumn("interval", "Billed", choices=Interval, optional=True),
        ChoiceColumn(
            "account_stage", "Account stage", path="account__stage", choices=Stage, optional=True
        ),
    ]
    filters = [
        StageFilter("stage", "Stage", choices=[(s.value, LABELS[s]) for s in RenewalStage]),
        RelationFilter(
            "csm",
            "CSM",
            path="account__csm_id",
            options=member_options,
            labels=member_labels,
            empty="Nobody",
        ),
        DateRangeFilter("renews_on", "Renews on"),
        MoneyRangeFilter(
            "arr",
            "ARR",
            currency="currency",
            currency_of=lambda viewer: viewer.settings.currency,
        ),
        ChoiceFilter("interval", "Billed", choices=Interval, empty="Date set by hand"),
        ChoiceFilter("account_stage", "Account stage", path="account__stage", choices=Stage),
        account_filter(),
    ]
    search = TextSearch(
        prefix=["account__name_key", "account__domain"],
        contains=["account__name_key"],
        label="Search by account",
    )
    default_sort = "days"
    empty = Empty(
        "No renewals yet",
        "They come from the ends of subscription periods, and from renewal dates set by hand on"
        " accounts without one. Import your subscriptions to see them here.",
        actions=[("Import a file", "imports:start")],
        icon="refresh",
    )

    def __init__(self, context: ListContext) -> None:
        super().__init__(context)
        self.window_days = window_of(context)
        # Once for all rows: resolving an address costs more than the row itself.
        self._accounts = reverse("accounts:list")

    @override
    def queryset(self, viewer: Actor, /) -> QuerySet[Renewal]:
        today, window = self.context.today, self.window_days
        rows = queries.in_window(queries.renewals(viewer), today, window)
        return queries.seen(rows, viewer, today, window)

    @override
    def row_url(self, row: Row, /) -> str:
        return f"{self._accounts}{row['account_id']}/"

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)

    @override
    def above(self, page: Any, /) -> SafeString:
        """A tile for each stage; of a long pipeline they come after the page."""
        if page.count > SUMS_AT_ONCE:
            address = reverse("renewals:tiles", args=[self.window_days])
            query = page.query
            context = {"address": f"{address}?{query}" if query else address}
            return SafeString(render_to_string("renewals/_tiles_later.html", context))
        return SafeString(render_to_string("renewals/_tiles.html", {"tiles": self.tiles(page)}))

    def tiles(self, page: Any) -> list[dict[str, Any]]:
        """Count and value of each stage over what the other filters leave."""
        summary = queries.summarise(
            page.found_without("stage"), self.context.viewer, self.context.today, self.window_days
        )
        chosen = page.state.filters.get("stage", ())
        return [
            {
                "sum": each,
                "label": LABELS[each.stage],
                "tone": TONES[each.stage],
                "value": values_in_words(each),
                "url": page.url_with("stage", (each.stage.value,)),
                "current": chosen == (each.stage.value,),
            }
            for each in summary.stages
            if each.stage is not None
        ]


def values_in_words(each: queries.StageSum) -> str:
    """`$1.2M, €30K ARR`; empty when nothing has a value."""
    amounts = ", ".join(formats.money(value, short=True) for value in each.values)
    return f"{amounts} ARR" if amounts else ""
