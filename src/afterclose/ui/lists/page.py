"""Everything that the template of a list shows, computed in a constant number of queries: one
or two for the rows, one for count and sums, one per relation filter for its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from afterclose.kit.paging import BadCursor
from afterclose.ui import formats
from afterclose.ui.lists import saved_views
from afterclose.ui.lists.columns import Column
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.definition import BulkAction, List
from afterclose.ui.lists.filters import Control, Filter
from afterclose.ui.lists.keyset import Order, Slice, read_page
from afterclose.ui.lists.rows import RowWriter, ShownRow
from afterclose.ui.lists.saved_views import SavedView
from afterclose.ui.lists.state import END, Problem, Reader, State
from afterclose.ui.lists.totals import Total, read_totals, summed

# Summing more rows than this over a joined table would take longer than the page itself.
SUMS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Header:
    """One heading; `aria` is the value of aria-sort, `href` sorts by it (or turns it around)."""

    column: Column
    href: str
    aria: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force: its words, the link that removes it, and its form to change it."""

    filter: Filter | None
    label: str
    text: str
    remove: str
    form: FilterForm | None


@dataclass(frozen=True)
class FilterForm:
    """The form of one filter: GET, carrying the rest of the view as hidden inputs."""

    id: str
    filter: Filter
    control: Control
    hidden: list[tuple[str, str]]
    options_url: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A view to choose: built in (`id` empty) or saved."""

    id: str
    label: str
    href: str
    current: bool
    shared: bool = False
    mine: bool = False


class ListPage:
    """One answer of a list. Templates read its attributes; rows and totals are read once."""

    def __init__(
        self,
        the_list: List,
        data: QueryDict,
        path: str,
        *,
        keep: Mapping[str, str] | None = None,
        embedded: bool = False,
    ) -> None:
        self.list = the_list
        self.path = path
        self.embedded = embedded
        self.reader = Reader(the_list)
        self.state: State = self.reader.read(data)
        self._extra = tuple((keep or {}).items())
        self._place_problem: Problem | None = None
        self.with_sums = data.get("totals") == "1"

    @property
    def id(self) -> str:
        """The DOM id of the region that htmx swaps."""
        return f"list-{self.list.name}"

    @property
    def context(self) -> ListContext:
        """The context of the request."""
        return self.list.context

    # -- rows

    @cached_property
    def found(self) -> QuerySet[Any]:
        """All rows that match, unordered."""
        return self.found_without("")

    def found_without(self, name: str) -> QuerySet[Any]:
        """All rows that match when one filter is left out, unordered: what tiles count whose
        links set that filter."""
        rows = self.list.queryset(self.context.viewer).order_by()
        for each in self.reader.all_filters:
            if each.name in self.state.filters and each.name != name:
                rows = each.apply(rows, self.state.filters[each.name], self.context)
        if self.state.search and self.list.search is not None:
            rows = self.list.search.apply(rows, self.state.search)
        return rows

    @property
    def order(self) -> Order:
        """The order that the URL asks for."""
        sort = self.state.sort
        return Order(sort.sort_path if sort else "", self.state.descending)

    @cached_property
    def paths(self) -> list[str]:
        """The ORM paths that the shown columns need."""
        needed = [path for column in self.state.columns for path in column.paths]
        needed += self.list.columns[0].paths + self.list.row_needs
        try:
            self.found.model._meta.get_field("id")
        except FieldDoesNotExist:
            return needed
        return ["id", *needed]

    @cached_property
    def slice(self) -> Slice:
        """The page's rows. A cursor that cannot be read gives the first page and a message."""
        state, size = self.state, self.state.rows
        try:
            return read_page(
                self.found,
                self.order,
                self.paths,
                size,
                after=state.after,
                before="" if state.before == END else state.before,
                from_end=state.before == END,
            )
        except BadCursor:
            self._place_problem = Problem(
                "Page",
                "The link to this page of the list is not valid any more.",
                ("after", "before"),
                "This is the first page.",
            )
            return read_page(self.found, self.order, self.paths, size)

    @cached_property
    def rows(self) -> list[ShownRow]:
        """The rows as they are shown."""
        writer = RowWriter(self.list, self.state.columns, selectable=bool(self.bulk_actions))
        return [writer.write(row) for row in self.slice.rows]

    @property
    def body(self) -> SafeString:
        """The rows as the table's inside."""
        return SafeString("\n".join(row.html for row in self.rows))

    @cached_property
    def count(self) -> int:
        """How many rows match. What fits on the first page is counted without a query."""
        if not (self.state.after or self.state.before) and not self.slice.after:
            return len(self.slice.rows)
        return self.found.count()

    @cached_property
    def totals(self) -> list[Total]:
        """The sums of all rows found."""
        return read_totals(self.found, self.state.columns)

    @property
    def sums_url(self) -> str:
        """Where the sums of a long list are, which load after the page; empty when they are not
        worth waiting for."""
        if self.with_sums or self.count <= SUMS_AT_ONCE or not summed(self.state.columns):
            return ""
        return self.url(self.state, place=True, extra=(("totals", "1"),))

    @property
    def problems(self) -> list[Problem]:
        """What could not be read from the URL."""
        _ = self.slice
        last = [self._place_problem] if self._place_problem else []
        return [*self.state.problems, *last]

    @cached_property
    def count_text(self) -> str:
        """`1,234 accounts`."""
        count = self.count
        noun = self.list.noun[0] if count == 1 else self.list.noun[1]
        return f"{formats.number(count)} {noun}"

    @property
    def sums(self) -> list[tuple[str, list[str]]]:
        """(label, amounts as text) of the summed columns."""
        return [
            (total.label, [formats.money(money) for money in total.amounts])
            for total in self.totals
        ]

    @property
    def is_empty(self) -> bool:
        """There is nothing to list at all, as opposed to nothing that matches."""
        return not self.count and not self.state.narrowed and not self.problems

    @property
    def empty_actions(self) -> list[tuple[str, str]]:
        """(label, URL) of the next steps that an empty list offers."""
        return [(label, reverse(name)) for label, name in self.list.empty.actions]

    # -- links

    def url(
        self, state: State, *, place: bool = False, extra: tuple[tuple[str, str], ...] = ()
    ) -> str:
        """This list in another state."""
        query = self.reader.query(state, place=place, extra=(*self._extra, *extra))
        return f"{self.path}?{query}" if query else self.path

    @property
    def here(self) -> str:
        """The canonical URL of what is shown."""
        place = self._place_problem is None
        return self.url(self.state, place=place)

    @property
    def query(self) -> str:
        """Filters, search, sort and columns: what bulk actions and saved views carry."""
        return self.reader.query(self.state)

    def _first(self, **changes: Any) -> str:
        return self.url(replace(self.state, after="", before="", **changes))

    @property
    def first_url(self) -> str:
        """The first page."""
        return self._first()

    @property
    def last_url(self) -> str:
        """The last page."""
        return self.url(replace(self.state, after="", before=END), place=True)

    @property
    def next_url(self) -> str:
        """The page after, or empty."""
        after = self.slice.after
        return self.url(replace(self.state, after=after, before=""), place=True) if after else ""

    @property
    def previous_url(self) -> str:
        """The page before, or empty."""
        before = self.slice.before
        return self.url(replace(self.state, after="", before=before), place=True) if before else ""

    @property
    def clear_url(self) -> str:
        """Without any filter and search; sort and columns stay."""
        return self._first(filters={}, search="")

    @property
    def exports(self) -> list[tuple[str, str]]:
        """(label, URL) of the files on offer."""
        if not self.list.may_export(self.context.viewer):
            return []
        return [
            (label, self.url(self.state, extra=(("format", kind),)))
            for label, kind in (("CSV", "csv"), ("Excel (XLSX)", "xlsx"))
        ]

    def url_with(self, name: str, value: Any) -> str:
        """This view with one filter set to a typed value (None: taken away), first page."""
        filters = {key: held for key, held in self.state.filters.items() if key != name}
        return self._first(filters=filters if value is None else {**filters, name: value})

    @property
    def above(self) -> SafeString:
        """What the list shows above its rows."""
        return self.list.above(self)

    # -- headings, chips, forms

    @property
    def headers(self) -> list[Header]:
        """The headings of the table."""
        return [self._header(column) for column in self.state.columns]

    def _header(self, column: Column) -> Header:
        if not column.sort_path:
            return Header(column, "", "")
        current = column == self.state.sort
        down = not self.state.descending if current else column.starts_descending
        aria = "" if not current else "descending" if self.state.descending else "ascending"
        return Header(column, self._first(sort=column, descending=down), aria)

    @property
    def sorts(self) -> list[tuple[str, str, bool]]:
        """(label, URL, current) of every order, for the menu that cards on a phone need."""
        found = []
        for column in self.reader.all_columns:
            if not column.sort_path:
                continue
            for descending in (column.starts_descending, not column.starts_descending):
                words = column.orders[descending]
                current = column == self.state.sort and descending == self.state.descending
                found.append(
                    (
                        f"{column.label}, {words}",
                        self._first(sort=column, descending=descending),
                        current,
                    )
                )
        return found

    @cached_property
    def chips(self) -> list[Chip]:
        """What narrows the list, removable one by one."""
        chips = []
        if self.state.search:
            chips.append(
                Chip(None, "Search", f"“{self.state.search}”", self._first(search=""), None)
            )
        for each in self.reader.all_filters:
            if each.name in self.state.filters:
                value = self.state.filters[each.name]
                chips.append(
                    Chip(
                        each,
                        each.label,
                        each.describe(value, self.context),
                        self.url(self.state.without(each.name)),
                        self._form(each),
                    )
                )
        return chips

    @cached_property
    def more_filters(self) -> list[FilterForm]:
        """The forms of the filters that are not in force."""
        return [
            self._form(each)
            for each in self.reader.all_filters
            if each.name not in self.state.filters
        ]

    def _form(self, each: Filter) -> FilterForm:
        control = each.control(self.state.filters.get(each.name), self.context)
        options = f"{self.path}?{urlencode([*self._extra, ('options', each.name)])}&q="
        return FilterForm(
            f"{self.id}-{each.name}",
            each,
            control,
            self.hidden(without=each.name),
            options if control.options_url else "",
        )

    @property
    def add_hidden(self) -> list[tuple[str, str]]:
        """The view as hidden inputs of the form that adds filters."""
        return self.hidden()

    def hidden(
        self, *, without: str = "", search: bool = True, columns: bool = True
    ) -> list[tuple[str, str]]:
        """The view as hidden inputs, less what the form itself holds."""
        state = self.state.without(without)
        if not search:
            state = replace(state, search="")
        pairs = self.reader.pairs(state)
        return [*self._extra, *((k, v) for k, v in pairs if columns or k != "cols")]

    @property
    def search_hidden(self) -> list[tuple[str, str]]:
        """The view as hidden inputs of the search form."""
        return self.hidden(search=False)

    @property
    def column_hidden(self) -> list[tuple[str, str]]:
        """The view as hidden inputs of the column chooser."""
        return self.hidden(columns=False)

    @property
    def column_choices(self) -> list[tuple[Column, bool, bool]]:
        """(column, shown, fixed) for the column chooser."""
        return [
            (column, column in self.state.columns, index == 0)
            for index, column in enumerate(self.reader.all_columns)
        ]

    @property
    def default_columns_url(self) -> str:
        """The list with the columns that it comes with."""
        return self._first(columns=self.reader.default_columns)

    @property
    def search_label(self) -> str:
        """The name of the search box."""
        search = self.list.search
        return (search.label if search else "") or f"Search {self.list.noun[1]}"

    # -- views and bulk

    @cached_property
    def saved(self) -> list[SavedView]:
        """The views that people saved."""
        provider = saved_views.provider()
        return list(provider.list(self.context.viewer, self.list.name)) if provider else []

    @property
    def can_save(self) -> bool:
        """Whether the view can be saved."""
        return saved_views.provider() is not None and not self.embedded

    @cached_property
    def tabs(self) -> list[Tab]:
        """All rows, the views that came with the list, and the saved ones."""
        built_in = [
            view
            for view in self.list.views
            if view.visible is None or view.visible(self.context.viewer)
        ]
        if not built_in and not self.saved:
            return []
        found = [self._tab("", "All", ""), *(self._tab("", v.label, v.query) for v in built_in)]
        found += [
            replace(self._tab(v.id, v.name, v.query), shared=v.shared, mine=v.mine)
            for v in self.saved
        ]
        return found

    def _tab(self, view_id: str, label: str, query: str) -> Tab:
        state = self.reader.read(QueryDict(query))
        canonical = self.reader.query(state)
        # "All" names itself, so that it is not taken for the person's default view.
        extra = (
            (("sort", self.list.default_sort),)
            if not canonical and any(view.default for view in self.saved)
            else ()
        )
        # Another order or other columns do not leave a view.
        current = (state.filters, state.search) == (self.state.filters, self.state.search)
        return Tab(view_id, label, self.url(state, extra=extra), current)

    @cached_property
    def bulk_actions(self) -> list[BulkAction]:
        """The bulk actions on offer to this viewer."""
        return [
            action
            for action in self.list.bulk_actions
            if action.visible is None or action.visible(self.context.viewer)
        ]

    @property
    def announcement(self) -> str:
        """What a screen reader hears after the list has changed."""
        if not self.count:
            return f"No {self.list.noun[1]} match." if self.state.narrowed else "Nothing here yet."
        text = f"{self.count_text}."
        if self.rows and (self.state.after or self.state.before):
            text += f" This page goes from {self.rows[0].label} to {self.rows[-1].label}."
        return f"{text} Filtered." if self.state.narrowed else text


def make_context(viewer: Any, today: date, scope: Mapping[str, Any] | None = None) -> ListContext:
    """The context of a list outside a request."""
    return ListContext(viewer, today, dict(scope or {}))
