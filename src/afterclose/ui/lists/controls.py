"""What surrounds the rows of a list: headings, chips, forms, views, and every link to another state
of it. Nothing here reads the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from afterclose.ui.lists import menus, saved_views
from afterclose.ui.lists.columns import Column
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.definition import BulkAction, BulkPage, List
from afterclose.ui.lists.filters import Control, Filter
from afterclose.ui.lists.gone import is_whole
from afterclose.ui.lists.saved_views import SavedView, shelf_of
from afterclose.ui.lists.state import END, Reader, State


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


class Controls:
    """A list in one state, as its controls show it."""

    def __init__(
        self,
        the_list: List,
        data: QueryDict,
        path: str,
        *,
        keep: Mapping[str, str] | None = None,
        embedded: bool = False,
        strict: bool = False,
    ) -> None:
        self.list = the_list
        self.path = path
        self.embedded = embedded
        self.reader = Reader(the_list)
        self.state: State = self.reader.read_whole(data, strict=strict)
        self._extra = tuple((keep or {}).items())

    @property
    def id(self) -> str:
        """The DOM id of the region that htmx swaps."""
        return f"list-{self.list.name}"

    @property
    def context(self) -> ListContext:
        """The context of the request."""
        return self.list.context

    @property
    def empty_actions(self) -> list[tuple[str, str]]:
        """(label, URL) of the next steps that an empty list offers."""
        return [(label, reverse(name)) for label, name in self.list.empty.actions]

    def url(
        self, state: State, *, place: bool = False, extra: tuple[tuple[str, str], ...] = ()
    ) -> str:
        """This list in another state."""
        query = self.reader.query(state, place=place, extra=(*self._extra, *extra))
        return f"{self.path}?{query}" if query else self.path

    @cached_property
    def query(self) -> str:
        """Filters, search, sort and columns: what bulk actions and saved views carry."""
        return self.reader.query(self.state)

    def _first(self, **changes: Any) -> str:
        return self.url(replace(self.state, after="", before="", **changes))

    @cached_property
    def first_url(self) -> str:
        """The first page."""
        return self._first()

    @property
    def last_url(self) -> str:
        """The last page."""
        return self.url(replace(self.state, after="", before=END), place=True)

    @property
    def clear_url(self) -> str:
        """Without any filter and search; sort and columns stay."""
        return self._first(filters={}, search="", view="")

    @cached_property
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

    @cached_property
    def order_links(self) -> SafeString:
        """The entries of the menu of orders, which cards on a phone need; empty without one."""
        return menus.order_links(
            (
                f"{column.label}, {column.orders[descending]}",
                self._first(sort=column, descending=descending),
                column == self.state.sort and descending == self.state.descending,
            )
            for column in self.reader.all_columns
            if column.sort_path
            for descending in (column.starts_descending, not column.starts_descending)
        )

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

    @property
    def offers_filters(self) -> bool:
        """Whether there is a filter that is not in force."""
        return any(each.name not in self.state.filters for each in self.reader.all_filters)

    @property
    def filters_url(self) -> str:
        """This page with the forms of `more_filters`, which load when their menu is opened: with
        a business's own fields they are most of the page, and they read what they offer."""
        return self.url(self.state, place=True, extra=(("filters", "1"),))

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

    @cached_property
    def column_hidden(self) -> list[tuple[str, str]]:
        """The view as hidden inputs of the column chooser."""
        return self.hidden(columns=False)

    @property
    def column_boxes(self) -> SafeString:
        """The checkboxes of the column chooser; the first column is always there."""
        return menus.column_boxes(
            (column, column in self.state.columns, index == 0)
            for index, column in enumerate(self.reader.all_columns)
        )

    @property
    def default_columns_url(self) -> str:
        """The list with the columns that it comes with."""
        return self._first(columns=self.reader.default_columns)

    @property
    def search_label(self) -> str:
        """The name of the search box."""
        search = self.list.search
        return (search.label if search else "") or f"Search {self.list.noun[1]}"

    @cached_property
    def saved(self) -> list[SavedView]:
        """The viewer's own views and those that others share."""
        return list(shelf_of(self.list).views)

    @cached_property
    def active_view(self) -> SavedView | None:
        """The saved view that the URL names."""
        return next((view for view in self.saved if view.id == self.state.view), None)

    @cached_property
    def changed_view(self) -> SavedView | None:
        """The viewer's view that is open, when filters, order or columns are others by now."""
        view = self.active_view
        if view is None or not view.editable:
            return None
        kept = self.reader.read_whole(QueryDict(view.query), strict=True)
        return view if kept.problems or kept.shown != self.state.shown else None

    @cached_property
    def broken_view(self) -> SavedView | None:
        """The view that is open, when a part of it is gone and the page says which."""
        view = self.active_view
        if view is None or not self.state.problems:
            return None
        kept = self.reader.read_whole(QueryDict(view.query), strict=True)
        return view if kept.problems else None

    def view_url(self, view: SavedView) -> str:
        """The list as a saved view has it."""
        data = QueryDict(view.query)
        return self._view_url(view, data, self.reader.read(data))

    def _view_url(self, view: SavedView, data: QueryDict, state: State) -> str:
        if is_whole(self.reader, state, data):
            return self.url(replace(state, view=view.id))
        # With what cannot be read any more: it is told there.
        extra = [pair for pair in self._extra if pair[0] not in data]
        return f"{self.path}?{view.query}&{urlencode([*extra, ('view', view.id)])}"

    @property
    def can_save(self) -> bool:
        """Whether the view can be saved."""
        return (
            saved_views.provider() is not None
            and self.context.viewer is not None
            and not self.embedded
        )

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
        found = [self._tab("All", ""), *(self._tab(v.label, v.query) for v in built_in)]
        found += [self._saved_tab(view) for view in self.saved]
        # The named one; else the first with the same filters, whatever its order and columns.
        current = next((tab for tab in found if tab.id and tab.id == self.state.view), None)
        current = current or next((tab for tab in found if tab.current), None)
        return [replace(tab, current=tab is current) for tab in found]

    def _saved_tab(self, view: SavedView) -> Tab:
        data = QueryDict(view.query)
        state = self.reader.read(data)
        href = self._view_url(view, data, state)
        return Tab(view.id, view.name, href, self._alike(state), view.shared, view.mine)

    def _alike(self, state: State) -> bool:
        return (state.filters, state.search) == (self.state.filters, self.state.search)

    @property
    def all_url(self) -> str:
        """Everything, also for whom the list opens with a view of theirs."""
        return self._tab("All", "").href

    def _tab(self, label: str, query: str) -> Tab:
        state = self.reader.read(QueryDict(query))
        canonical = self.reader.query(state)
        # "All" names itself, so that it is not taken for the person's default view.
        extra = (
            (("sort", self.list.default_sort),)
            if not canonical and any(view.default for view in self.saved)
            else ()
        )
        return Tab("", label, self.url(state, extra=extra), self._alike(state))

    @cached_property
    def bulk_actions(self) -> list[BulkAction | BulkPage]:
        """The bulk actions on offer to this viewer."""
        return [
            action
            for action in self.list.bulk_actions
            if action.visible is None or action.visible(self.context.viewer)
        ]
