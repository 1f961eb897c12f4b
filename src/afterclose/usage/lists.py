"""Lists of usage."""

from __future__ import annotations

from typing import override

from django.db.models import QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.ui.lists import Column, DateColumn, DateRangeFilter, Empty, List, NumberColumn
from afterclose.ui.lists.filters import TextSearch
from afterclose.usage import queries
from afterclose.usage.models import DailyUsage


class DailyUsageList(List):
    """One account's use by day and feature; ``scope`` gives the account."""

    name = "usage"
    title = "Usage"
    noun = ("row", "rows")
    columns = [
        DateColumn("used_on", "Day", sort=True),
        Column("feature", "Feature"),
        Column("user_key", "User", optional=True),
        NumberColumn("count", "Count"),
        NumberColumn("seconds", "Seconds"),
    ]
    filters = [DateRangeFilter("used_on", "Day")]
    search = TextSearch(prefix=["feature"], key=str)
    default_sort = "-used_on"
    empty = Empty(
        "No usage yet",
        "Import usage, or send it from your product; the score's usage part follows from it.",
        actions=[("Import a file", "imports:start")],
        icon="activity",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[DailyUsage]:
        return queries.daily_usage(viewer, self.scope["account_id"])

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)
