"""Everything that the template of a list shows, computed in a constant number of queries: one
to three for the rows, one each for count and sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.safestring import SafeString

from afterclose.kit.paging import BadCursor
from afterclose.ui import formats
from afterclose.ui.lists import background
from afterclose.ui.lists.asked import Asked
from afterclose.ui.lists.columns import MoneyColumn
from afterclose.ui.lists.controls import Controls
from afterclose.ui.lists.definition import List
from afterclose.ui.lists.gone import Problem
from afterclose.ui.lists.keyset import FIRST, Order, Place, Slice, read_page
from afterclose.ui.lists.narrowed import IsOneOf, Narrowed
from afterclose.ui.lists.related import is_whole
from afterclose.ui.lists.rows import RowWriter, ShownRow
from afterclose.ui.lists.state import END
from afterclose.ui.lists.totals import Total, read_totals, summed

# Summing more rows than this over a joined table would take longer than the page itself.
SUMS_AT_ONCE = 1_000


class ListPage(Controls):
    """One answer of a list. Templates read its attributes; rows and totals are read once."""

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
        super().__init__(the_list, data, path, keep=keep, embedded=embedded, strict=strict)
        self._place_problem: Problem | None = None
        self.with_sums = data.get("totals") == "1"
        self.with_filters = data.get("filters") == "1"

    @cached_property
    def _everything(self) -> QuerySet[Any]:
        """Every row that the viewer may see."""
        return self.list.queryset(self.context.viewer)

    @cached_property
    def _to_read(self) -> QuerySet[Any]:
        """The same rows, in the form that the list reads its page from."""
        rows = self.list.page_queryset(self.context.viewer)
        return (self._everything if rows is None else rows).order_by()

    @cached_property
    def _asked(self) -> Asked:
        return Asked.by(self.reader, self.state)

    @cached_property
    def found(self) -> QuerySet[Any]:
        """All rows that match, unordered."""
        return self.found_without("")

    def found_without(self, name: str) -> QuerySet[Any]:
        """All rows that match when one filter is left out, unordered: what tiles count whose
        links set that filter."""
        return self._asked.of(self._everything, without=name)

    @cached_property
    def _narrowed(self) -> Narrowed:
        return Narrowed(self._to_read, self._asked, self.order, self._everything)

    @cached_property
    def order(self) -> Order:
        """The order that the URL asks for."""
        sort = self.state.sort
        return Order(sort.sort_path if sort else "", self.state.descending)

    @cached_property
    def _matching(self) -> int:
        if self.state.narrowed:
            return self._narrowed.count
        known = self.list.how_many(self.context.viewer)
        if known is None:
            rows = self._everything
            # Without what the list adds to its rows.
            known = (rows.model._default_manager.all() if is_whole(rows) else rows).count()
        return known

    @cached_property
    def paths(self) -> list[str]:
        """The ORM paths that the shown columns need."""
        needed = [path for column in self.state.columns for path in column.paths]
        needed += self.list.columns[0].paths + self.list.row_needs
        try:
            self._to_read.model._meta.get_field("id")
        except FieldDoesNotExist:
            return needed
        return ["id", *needed]

    @cached_property
    def slice(self) -> Slice:
        """The page's rows. A cursor that cannot be read gives the first page and a message."""
        state = self.state
        before = "" if state.before == END else state.before
        try:
            return self._read(Place(state.after, before, from_end=state.before == END))
        except BadCursor:
            self._place_problem = Problem(
                "Page",
                "The link to this page of the list is not valid any more.",
                ("after", "before"),
                "This is the first page.",
            )
            return self._read(FIRST)

    def _read(self, place: Place) -> Slice:
        if self.state.narrowed:
            return self._narrowed.page(self.paths, self.state.rows, place)
        return read_page(self._to_read, self.order, self.paths, self.state.rows, place)

    @property
    def mixes_currencies(self) -> bool:
        """Whether this page is in order of amounts of several currencies, which are stored as
        they came and never converted."""
        sort = self.state.sort
        if not isinstance(sort, MoneyColumn) or not sort.currency:
            return False
        found = [row for row in self.slice.rows if row.get(sort.currency)]
        return len({row[sort.currency] for row in found if row.get(sort.read_path)}) > 1

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
        return self._matching

    @cached_property
    def totals(self) -> list[Total]:
        """The sums of all rows found."""
        rows = self.found
        if self.state.narrowed and self._narrowed.few is not None:
            rows = self._everything.filter(IsOneOf("pk", self._narrowed.few))
        return read_totals(rows, self.state.columns)

    @property
    def sums_url(self) -> str:
        """Where the sums of a long list are, which load after the page; empty when they are not
        worth waiting for."""
        if self.with_sums or self.count <= SUMS_AT_ONCE or not summed(self.state.columns):
            return ""
        return self.url(self.state, place=True, extra=(("totals", "1"),))

    @cached_property
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
    def is_long(self) -> bool:
        """Whether a file of it is written in the background."""
        return self.count > background.AT_ONCE

    @property
    def exports_later(self) -> bool:
        """Whether the buttons ask for a file rather than download it."""
        return self.is_long and background.writer() is not None and self.context.viewer is not None

    @property
    def exports_url(self) -> str:
        """Where the files are that the viewer asked for, or empty."""
        writer = background.writer()
        return writer.address() if writer is not None and self.context.viewer is not None else ""

    @property
    def is_empty(self) -> bool:
        """There is nothing to list at all, as opposed to nothing that matches."""
        return not self.count and not self.state.narrowed and not self.problems

    @property
    def here(self) -> str:
        """The canonical URL of what is shown."""
        place = self._place_problem is None
        return self.url(self.state, place=place)

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
    def above(self) -> SafeString:
        """What the list shows above its rows."""
        return self.list.above(self)

    @property
    def announcement(self) -> str:
        """What a screen reader hears after the list has changed."""
        if not self.count:
            return f"No {self.list.noun[1]} match." if self.state.narrowed else "Nothing here yet."
        text = f"{self.count_text}."
        if self.rows and (self.state.after or self.state.before):
            text += f" This page goes from {self.rows[0].label} to {self.rows[-1].label}."
        return f"{text} Filtered." if self.state.narrowed else text
