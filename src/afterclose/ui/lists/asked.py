"""What narrows a list: filters with their values, and a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.filters import Filter, TextSearch
from afterclose.ui.lists.related import Related, found_in_related
from afterclose.ui.lists.state import Reader, State


@dataclass(frozen=True)
class Asked:
    """What is asked of the rows of a list."""

    filters: tuple[tuple[Filter, Any], ...]
    search: TextSearch | None
    text: str
    context: ListContext

    @classmethod
    def by(cls, reader: Reader, state: State) -> Asked:
        """What a state asks."""
        filters = tuple(
            (each, state.filters[each.name])
            for each in (reader.all_filters if state.filters else ())
            if each.name in state.filters
        )
        the_list = reader.list
        return cls(filters, the_list.search, state.search, the_list.context)

    def filtered(self, rows: QuerySet[Any], without: str = "") -> QuerySet[Any]:
        """The rows that the filters leave, unordered; `without` names one that is left out."""
        rows = rows.order_by()
        for each, value in self.filters:
            if each.name != without:
                rows = each.apply(rows, value, self.context)
        return rows

    def of(self, rows: QuerySet[Any], without: str = "") -> QuerySet[Any]:
        """The rows that the filters leave and that hold the text that is searched for."""
        rows = self.filtered(rows, without)
        return self.search.apply(rows, self.text) if self.search and self.text else rows

    def found_in(self, rows: QuerySet[Any]) -> Related:
        """Where the ids of those rows are found soonest."""
        found = None
        if not self.text:
            conditions = [each.asks(value, self.context) for each, value in self.filters]
            found = found_in_related(rows, conditions)
        return found or Related(self.of(rows), "pk")
