"""A list, declared: columns, filters, search, sort, views, bulk actions over one queryset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from afterclose.ui.lists.columns import Column
from afterclose.ui.lists.context import ListContext, Row
from afterclose.ui.lists.filters import Filter, TextSearch

RESERVED = frozenset(
    {
        "q",
        "sort",
        "cols",
        "after",
        "before",
        "rows",
        "format",
        "export",
        "filters",
        "options",
        "bulk",
        "ids",
        "all",
        "query",
        "confirmed",
        "marked",
        "view",
        "save_view",
        "update_view",
        "change_view",
        "delete_view",
        "choose_columns",
        "totals",
        "csrfmiddlewaretoken",
    }
)


class ListDeclarationError(TypeError):
    """A list was declared or extended in a way that cannot work."""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view that comes with the product: a name and a query string."""

    name: str
    label: str
    query: str
    visible: Callable[[Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list without any rows says: what it is and why it is empty, and the next steps as
    (label, url name)."""

    title: str
    text: str = ""
    actions: Sequence[tuple[str, str]] = ()
    icon: str = "list"


class Selected(Protocol):
    """The rows that a bulk action works on."""

    @property
    def count(self) -> int:
        """How many."""

    def ids(self, batch: int = 1000) -> Iterable[list[int]]:
        """The rows' ids in batches, each id once, also when the action changes the rows."""


@dataclass(frozen=True)
class BulkAction:
    """Something done to many rows: `run(viewer, selection, data)` calls one action of the app
    (which checks the right) and returns a sentence for the toast; `form` asks for more. What
    `look(viewer, selection, data)` says of what would become of them is shown before anything is
    done. It runs within the request, so `most` bounds how many rows it takes at once."""

    name: str
    label: str
    run: Callable[[Any, Selected, dict[str, Any]], str]
    form: type[forms.Form] | None = None
    form_kwargs: Callable[[Any], dict[str, Any]] | None = None
    danger: bool = False
    text: str = ""
    visible: Callable[[Any], bool] | None = None
    most: int = 10_000
    look: Callable[[Any, Selected, dict[str, Any]], str] | None = None


@dataclass(frozen=True)
class BulkPage:
    """Something done to exactly so many rows on a page of its own, which shows and asks everything:
    `address(ids)` says where. It is on offer while so many are ticked; `key` presses it."""

    name: str
    label: str
    address: Callable[[Sequence[int]], str]
    exactly: int
    key: str = ""
    visible: Callable[[Any], bool] | None = None
    danger: ClassVar[bool] = False


class List:
    """Base of every list. An instance serves one request: `self.context`, `self.scope`."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    lead: ClassVar[str] = ""
    noun: ClassVar[tuple[str, str]] = ("row", "rows")
    columns: ClassVar[Sequence[Column]] = ()
    filters: ClassVar[Sequence[Filter]] = ()
    search: ClassVar[TextSearch | None] = None
    default_sort: ClassVar[str] = ""
    views: ClassVar[Sequence[View]] = ()
    bulk_actions: ClassVar[Sequence[BulkAction | BulkPage]] = ()
    empty: ClassVar[Empty] = Empty("Nothing here yet")
    page_size: ClassVar[int] = 50
    # Paths that `row_url` needs beyond the id.
    row_needs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Each class has sequences of its own, so that a registration stays with it.
        cls.columns, cls.filters = list(cls.columns), list(cls.filters)
        cls.views, cls.bulk_actions = list(cls.views), list(cls.bulk_actions)
        cls.check()

    def __init__(self, context: ListContext) -> None:
        self.context = context

    @property
    def scope(self) -> Any:
        """What the page around the list fixes."""
        return self.context.scope

    # -- what an app fills in

    def queryset(self, viewer: Any) -> QuerySet[Any]:
        """Every row that the viewer may see; the list adds filters, order and limits."""
        raise NotImplementedError

    def page_queryset(self, viewer: Any, /) -> QuerySet[Any] | None:
        """The rows of `queryset` in a form from which the database can read the first few along
        an index; counts, sums and exports read `queryset`. None: there is only the one form."""
        _ = viewer
        return None

    def how_many(self, viewer: Any, /) -> int | None:
        """How many rows `queryset` has, where something knows it faster than counting them."""
        _ = viewer
        return None

    def row_url(self, row: Row, /) -> str | None:
        """Where a row leads, or None."""
        _ = row
        return None

    def row_label(self, row: Row, /) -> str:
        """How the row is called when it is selected: the value of the first column."""
        return str(self.columns[0].read(row))

    def extra_columns(self, viewer: Any, /) -> Sequence[Column]:
        """Columns that only this viewer's business has, behind the declared ones. Their paths
        must be within reach of `queryset`, as annotations or by FilteredRelation."""
        _ = viewer
        return ()

    def extra_filters(self, viewer: Any, /) -> Sequence[Filter]:
        """Filters that only this viewer's business has, behind the declared ones."""
        _ = viewer
        return ()

    def gone(self, name: str, /) -> tuple[str, str] | None:
        """Of a parameter or column that nobody knows: what it was for people and what became of
        it, when it can only have been this list's; None when it may be anybody's."""
        _ = name
        return None

    def above(self, page: Any, /) -> SafeString:
        """What stands above the rows and changes with them (`page` is the ListPage), such as
        tiles; nothing unless told."""
        return SafeString("")

    def may_export(self, viewer: Any, /) -> bool:
        """Whether this viewer may take the rows away as a file."""
        _ = viewer
        return True

    # -- registration from apps above

    @classmethod
    def register_column(cls, column: Column, *, after: str = "") -> None:
        """Add a column, behind the one named `after` or as the last one."""
        _unique([column.name, *(each.name for each in cls.columns)], cls)
        cls.columns = _inserted(cls.columns, column, after)

    @classmethod
    def register_filter(cls, extra: Filter, *, after: str = "") -> None:
        """Add a filter, behind the one named `after` or as the last one."""
        known = [*RESERVED, *(name for each in cls.filters for name in each.params)]
        _unique([*extra.params, *known], cls)
        cls.filters = _inserted(cls.filters, extra, after)

    @classmethod
    def register_view(cls, view: View) -> None:
        """Add a view that comes with the product."""
        cls.views = _inserted(cls.views, view, "")

    @classmethod
    def register_bulk_action(cls, action: BulkAction | BulkPage) -> None:
        """Add a bulk action."""
        cls.bulk_actions = _inserted(cls.bulk_actions, action, "")

    @classmethod
    def check(cls) -> None:
        """Refuse two things of the same name and parameters that clash."""
        for things in (cls.columns, cls.views, cls.bulk_actions):
            _unique([thing.name for thing in things], cls)
        _unique([*RESERVED, *(name for item in cls.filters for name in item.params)], cls)
        sortable = {column.name for column in cls.columns if column.sort_path}
        wanted = cls.default_sort.removeprefix("-")
        if cls.columns and wanted and wanted not in sortable:
            raise ListDeclarationError(f"{cls.__name__}: cannot sort by “{wanted}”.")

    # -- links

    @classmethod
    def url(cls, path: str, **params: Any) -> str:
        """A link to this list at `path` with filters and sort, such as
        `AccountList.url("/accounts/", stage=["active", "renewal"], sort="-mrr")`. Raises
        ListDeclarationError for a parameter that no filter has, so a dead link fails a test."""
        known = {name for item in cls.filters for name in item.params}
        unknown = set(params) - known - {"q", "sort", "cols", "rows"}
        if unknown:
            raise ListDeclarationError(f"{cls.__name__} has no filter {', '.join(unknown)}.")
        query = urlencode(params, doseq=True)
        return f"{path}?{query}" if query else path


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def _inserted[T: _Named](things: Sequence[T], thing: T, after: str) -> list[T]:
    names = [each.name for each in things]
    at = names.index(after) + 1 if after in names else len(names)
    return [*things[:at], thing, *things[at:]]


def _unique(names: Sequence[str], cls: type[List]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ListDeclarationError(f"{cls.__name__} declares {', '.join(sorted(twice))} twice.")
