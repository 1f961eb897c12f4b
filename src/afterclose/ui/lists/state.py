"""The URL of a list, read and written: filters, search, sort, columns, place.

Reading never fails. Parameters that belong to nobody are ignored; a value that cannot be read
leaves its filter out and is reported as a `Problem` that the page shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from afterclose.kit.digits import whole_number
from afterclose.ui.lists.columns import Column
from afterclose.ui.lists.definition import List
from afterclose.ui.lists.filters import EmptyRange, Filter, FilterError
from afterclose.ui.lists.gone import Problem, looked_up
from afterclose.ui.lists.saved_views import shelf_of

LARGEST_PAGE = 100
END = "end"


@dataclass(frozen=True)
class State:
    """One view of a list. `filters` holds typed values by filter name."""

    sort: Column | None
    descending: bool
    columns: tuple[Column, ...]
    search: str = ""
    filters: dict[str, Any] = field(default_factory=dict)
    after: str = ""
    before: str = ""
    rows: int = 50
    problems: tuple[Problem, ...] = ()
    # The saved view that this one began as; changed filters do not leave it.
    view: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether filters or search leave rows out."""
        return bool(self.filters or self.search)

    @property
    def shown(self) -> tuple[object, ...]:
        """What is seen, as against where in it one is."""
        return (
            self.filters, self.search, self.sort, self.descending, self.columns, self.rows,
        )  # fmt: skip

    def without(self, name: str) -> State:
        """The same view without one filter, from the first page."""
        kept = {key: value for key, value in self.filters.items() if key != name}
        return replace(self, filters=kept, after="", before="")


class Reader:
    """Reads and writes states of one list for one viewer."""

    def __init__(self, the_list: List) -> None:
        viewer = the_list.context.viewer
        self.list = the_list
        self.all_columns: list[Column] = [
            c
            for c in (*the_list.columns, *the_list.extra_columns(viewer))
            if c.visible is None or c.visible(viewer)
        ]
        self.all_filters: list[Filter] = [
            f
            for f in (*the_list.filters, *the_list.extra_filters(viewer))
            if f.visible is None or f.visible(viewer)
        ]
        self.hidden_filters = [
            f for f in the_list.filters if f.visible is not None and not f.visible(viewer)
        ]
        self.default_columns = tuple(c for c in self.all_columns if not c.optional)

    @cached_property
    def own_columns(self) -> tuple[Column, ...]:
        """The columns that the viewer chose for this list; none: those that it comes with."""
        chosen = shelf_of(self.list).columns
        by_name = {column.name: column for column in self.all_columns}
        # One that was taken out of the product, or from the viewer's role, is passed over.
        return self._with_first(tuple(by_name[name] for name in chosen if name in by_name))

    def _with_first(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The first column names the row and carries its link, so it is always there."""
        first = self.all_columns[0]
        return columns if not columns or first in columns else (first, *columns)

    def read(self, data: QueryDict) -> State:
        """The state that a query string asks for."""
        problems: list[Problem] = []
        sort, descending = self._sort(data, problems)
        filters: dict[str, Any] = {}
        for each in self._asked(data):
            try:
                value = each.parse(data, self.list.context)
            except FilterError as error:
                nothing = isinstance(error, EmptyRange)
                problems.append(
                    Problem(each.label, str(error), each.params, matches_nothing=nothing)
                )
            else:
                if value is not None:
                    filters[each.name] = value
        search = ""
        if self.list.search is not None:
            try:
                search = self.list.search.clean(data.get("q", ""))
            except FilterError as error:
                problems.append(Problem("Search", str(error), ("q",)))
        return State(
            sort=sort,
            descending=descending,
            columns=self._columns(data, problems),
            search=search,
            filters=filters,
            after=data.get("after", ""),
            before=data.get("before", ""),
            rows=self._rows(data, problems),
            problems=tuple(problems),
            view=self._view(data),
        )

    def _asked(self, data: QueryDict) -> list[Filter]:
        """The filters that the query string says something of, in the list's order."""
        named = {self.filter_of[name].name for name in data if name in self.filter_of}
        return [each for each in self.all_filters if each.name in named] if named else []

    @cached_property
    def filter_of(self) -> dict[str, Filter]:
        """The filter that each parameter belongs to."""
        return {name: each for each in self.all_filters for name in each.params}

    def read_whole(self, data: QueryDict, *, strict: bool = False) -> State:
        """As `read`, and what is asked for is looked up: whatever is gone is a problem."""
        return looked_up(self, self.read(data), data, strict=strict)

    def _view(self, data: QueryDict) -> str:
        asked = data.get("view", "")
        return asked if any(view.id == asked for view in shelf_of(self.list).views) else ""

    def _sort(self, data: QueryDict, problems: list[Problem]) -> tuple[Column | None, bool]:
        sortable = {c.name: c for c in self.all_columns if c.sort_path}
        asked = data.get("sort", "").strip()
        if asked and asked.removeprefix("-") not in sortable:
            told = self.list.gone(asked.removeprefix("-"))
            reason = f"There is no column “{asked[:60]}” to sort by."
            problems.append(Problem(*(told or ("Sort", reason)), ("sort",)))
            asked = ""
        asked = asked or self.list.default_sort
        return sortable.get(asked.removeprefix("-")), asked.startswith("-")

    def _columns(self, data: QueryDict, problems: list[Problem]) -> tuple[Column, ...]:
        by_name = {c.name: c for c in self.all_columns}
        asked = [name.strip() for text in data.getlist("cols") for name in text.split(",")]
        asked = list(dict.fromkeys(name for name in asked if name))
        unknown = [name for name in asked if name not in by_name]
        for name in unknown[:20]:
            told = self.list.gone(name)
            reason = f"There is no column “{name[:60]}”."
            problems.append(Problem(*(told or ("Columns", reason)), ("cols",)))
        chosen = tuple(by_name[name] for name in asked if name in by_name)
        if not chosen:
            return self.own_columns or self.default_columns
        return self._with_first(chosen)

    def _rows(self, data: QueryDict, problems: list[Problem]) -> int:
        text = data.get("rows", "").strip()
        if not text:
            return self.list.page_size
        rows = whole_number(text) or 0
        if not 1 <= rows <= LARGEST_PAGE:
            problems.append(
                Problem(
                    "Rows per page", f"It must be a number from 1 to {LARGEST_PAGE}.", ("rows",)
                )
            )
            return self.list.page_size
        return rows

    # -- writing

    def pairs(self, state: State) -> list[tuple[str, str]]:
        """Filters, search, sort, columns and page size as canonical parameters; what is the
        default is left out."""
        found: list[tuple[str, str]] = []
        if state.search:
            found.append(("q", state.search))
        for each in self.all_filters if state.filters else ():
            if each.name in state.filters:
                found += each.pairs(state.filters[each.name])
        sort = self.sort_text(state)
        if sort != self.list.default_sort:
            found.append(("sort", sort))
        if state.columns != self.default_columns or self.own_columns:
            found.append(("cols", _names(state.columns)))
        if state.rows != self.list.page_size:
            found.append(("rows", str(state.rows)))
        if state.view:
            found.append(("view", state.view))
        return found

    def kept_query(self, state: State) -> str:
        """What a saved view keeps: columns always, since others have chosen other ones."""
        pairs = [pair for pair in self.pairs(state) if pair[0] not in ("cols", "view")]
        return urlencode([*pairs, ("cols", _names(state.columns))], safe=",")

    def sort_text(self, state: State) -> str:
        """`name`, `-name` or empty."""
        if state.sort is None:
            return ""
        return f"-{state.sort.name}" if state.descending else state.sort.name

    def query(
        self, state: State, *, place: bool = False, extra: Sequence[tuple[str, str]] = ()
    ) -> str:
        """The canonical query string; with the place in the list only when asked for."""
        pairs = self.pairs(state)
        if place:
            pairs += [
                (key, value)
                for key, value in (("after", state.after), ("before", state.before))
                if value
            ]
        return urlencode([*pairs, *extra], safe=",")


def _names(columns: tuple[Column, ...]) -> str:
    return ",".join(column.name for column in columns)
