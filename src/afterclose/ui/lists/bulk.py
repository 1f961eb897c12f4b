"""Selected rows of a list, by id or as everything that matches, and what is done to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import BigIntegerField, BitXor, F, Func, QuerySet
from django.http import QueryDict

from afterclose.kit.digits import whole_number
from afterclose.ui.lists.page import ListPage
from afterclose.ui.lists.state import LARGEST_PAGE


class Selection:
    """The rows of a bulk action. `count` is as of now; `ids` walks by id, so a row that the
    action moves out of the filter is neither skipped nor met twice."""

    def __init__(self, page: ListPage, data: QueryDict) -> None:
        self.page = page
        self.everything = data.get("all") == "1"
        self.chosen = sorted(
            {row_id for each in data.getlist("ids") if (row_id := whole_number(each)) is not None}
        )[:LARGEST_PAGE]

    @property
    def rows(self) -> QuerySet[Any]:
        """The selected rows that the viewer may see and that still match."""
        if self.everything:
            return self.page.found
        rows = self.page.list.queryset(self.page.context.viewer).order_by()
        return rows.filter(pk__in=self.chosen)

    @property
    def count(self) -> int:
        """How many rows are selected as of now."""
        return self.rows.count()

    @property
    def mark(self) -> str:
        """Which rows everything is as of now: another number when one of them has gone and another
        one has come, so that their count is the same. Empty for rows that were ticked."""
        if not self.everything:
            return ""
        each = Func(F("pk"), 0, function="hashint8extended", output_field=BigIntegerField())
        found = self.rows.aggregate(mark=BitXor(each))["mark"]
        return str(found or 0)

    def ids(self, batch: int = 1000) -> Iterator[list[int]]:
        """The rows' ids in batches of `batch`, ascending."""
        last = None
        while True:
            rows = self.rows if last is None else self.rows.filter(pk__gt=last)
            found = list(rows.order_by("pk").values_list("pk", flat=True)[:batch])
            if found:
                yield found
            if len(found) < batch:
                return
            last = found[-1]

    def sample(self, size: int = 10) -> list[str]:
        """The names of the first rows."""
        first = self.page.list.columns[0]
        paths = list(dict.fromkeys(["pk", *self.page.paths, *first.paths]))
        rows = self.rows.order_by("pk").values(*paths)[:size]
        return [self.page.list.row_label(row) for row in rows]
