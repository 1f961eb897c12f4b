"""What the dashboard adds to lists of other apps, so that each of its numbers opens its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, override

from django.db.models import QuerySet

from afterclose.home import queries
from afterclose.ui.lists import InstantRangeFilter, ListContext
from afterclose.ui.lists.filters.base import NONE


@dataclass(frozen=True)
class FlaggedFilter(InstantRangeFilter):
    """`?flagged_from=2026-03-02`: when the open at-risk flag was set; `?flagged=none` without."""

    @override
    def apply(self, rows: QuerySet[Any], value: Any, context: ListContext) -> QuerySet[Any]:
        if value.word == NONE:
            return rows.exclude(pk__in=queries.flags_since(None).values("account_id"))
        first, last = self.period(value, context)
        flags = queries.flags_since(
            None if first is None else self.bound(first), None if last is None else self.bound(last)
        )
        return rows.filter(pk__in=flags.values("account_id"))
