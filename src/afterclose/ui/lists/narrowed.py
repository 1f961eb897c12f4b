"""Pages of a list that filters or a search narrow.

A list in its order is read from the index of that order until a page is full. Where few rows
match, or those that do stand at its end, that looks at all of it, and no statistics know
beforehand how a filter and an order of another table hang together. So beyond the next rows of
the order, what matches is found first, once, and then put in order or met in the order's index
(docs/decisions/0071-lists-of-few.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Field, Func, IntegerField, QuerySet, Value

from afterclose.ui.lists.along import fetch_many, read_along
from afterclose.ui.lists.asked import Asked
from afterclose.ui.lists.context import Row
from afterclose.ui.lists.keyset import (
    FIRST,
    KEYED,
    Order,
    Place,
    Slice,
    cut,
    decode,
    phase_rows,
    phases,
)
from afterclose.ui.lists.related import Related

# When no more rows than this match, they are looked up once, by id.
FEW = 2_000
# Of more than these, a page may be among so many rows that are next in the order of all.
AHEAD = 500
# A text that is looked for inside of others is found by itself, which pays for this many ids.
INSIDE = 20_000


class IsOneOf(Func):
    """`id = ANY(ids)`: one parameter however many there are, where IN takes one for each.

    The ids come by a sub-select, so that PostgreSQL looks each of them up. When it sees how many
    there are, it prefers to pass over a whole index of the business, and compares every row with
    all of them: from 1,500 ids on that took five times as long.
    """

    template = "(%(expressions)s::bigint[]))))"
    arg_joiner = " = ANY(ARRAY(SELECT unnest("
    output_field = BooleanField()

    def __init__(self, path: str, ids: list[int]) -> None:
        # A field without a type of its own leaves the list to the driver, which takes it whole.
        super().__init__(F(path), Value(ids, output_field=Field()))


@dataclass
class Narrowed:
    """What is asked of `everything`, in an order. `as_set` are the same rows in the form that they
    are counted in, where it is another one."""

    everything: QuerySet[Any]
    asked: Asked
    order: Order
    as_set: QuerySet[Any] | None = None

    @cached_property
    def matching(self) -> QuerySet[Any]:
        """The rows that match, unordered."""
        return self.asked.of(self.everything)

    @cached_property
    def few(self) -> list[int] | None:
        """The ids of the rows that match, for page, count and sums; None when they are many."""
        asked, rows = self.asked, self.everything if self.as_set is None else self.as_set
        if not isinstance(rows.model._meta.pk, IntegerField):
            return None
        if asked.search and asked.text and asked.search.reads_all(asked.text):
            return asked.search.ids(asked.filtered(rows), asked.text, INSIDE)
        ids: list[int] = list(asked.found_in(rows).ids[: FEW + 1])
        return ids if len(ids) <= FEW else None

    def page(self, paths: list[str], size: int, place: Place = FIRST) -> Slice:
        """One page. Raises BadCursor.

        What is shown is read for the rows of the page alone, and not for all that are put in
        order or passed on the way.
        """
        found = self._keys(size, place)
        ids = [row["pk"] for row in found.rows]
        wanted = list(dict.fromkeys(["pk", *paths]))
        rows = {row["pk"]: row for row in self.everything.filter(pk__in=ids).values(*wanted)}
        whole: list[Row] = [{**rows[row["pk"]], **row} for row in found.rows if row["pk"] in rows]
        return replace(found, rows=whole)

    @cached_property
    def count(self) -> int:
        """How many match."""
        return self._found_in.rows.count() if self.few is None else len(self.few)

    @cached_property
    def _found_in(self) -> Related:
        return self.asked.found_in(self.everything)

    def _keys(self, size: int, place: Place) -> Slice:
        try:
            return self._found(size, place)
        except EmptyResultSet:
            self.count = 0
            return cut([], self.order, size, place)

    def _found(self, size: int, place: Place) -> Slice:
        if self.few is not None:
            by_id = self.everything.filter(IsOneOf("pk", self.few))
            return _Sorting(by_id, self.order, size, place).page()
        if found := self._ahead(size, place):
            return found
        along = read_along(self.everything, self._found_in.ids, self.order, size, place)
        sorting = _Sorting(self.matching, self.order, size, place)
        found, self.count = along or sorting.page_and_count()
        return found

    def _ahead(self, size: int, place: Place) -> Slice | None:
        """What matches among the rows that are next in the order. When that is more than fits on
        a page, it is the page."""
        bound = decode(self.everything, self.order, place)
        phase = phases(self.everything, self.order, place, bound)[0]
        rows = phase_rows(self.everything, self.order, place, bound, phase)
        names = ["pk", self.order.path] if self.order.path else ["pk"]
        ahead: list[Row] = list(rows.values(*names)[:AHEAD])
        matching, tie = self._found_in
        one_of = IsOneOf(tie, [row["pk"] for row in ahead])
        found = set(matching.filter(one_of).values_list(tie, flat=True))
        page = [row for row in ahead if row["pk"] in found][: size + 1]
        return cut(page, self.order, size, place) if len(page) > size else None


class _Sorting:
    """A page of rows by id and sort key, put in order after all are found."""

    def __init__(self, rows: QuerySet[Any], order: Order, size: int, place: Place) -> None:
        self.order, self.size, self.place = order, size, place
        self.bound = decode(rows, order, place)
        self.names = ["pk", order.path] if order.path else ["pk"]
        # In SQL.
        self._columns = "pk, key" if order.path else "pk"
        self.rows = rows.order_by().values_list(*self.names)

    def page(self) -> Slice:
        """The page."""
        sql, params = self.rows.query.sql_with_params()
        # OFFSET keeps PostgreSQL from reading along an index instead.
        with connection.cursor() as cursor:
            cursor.execute(
                self._page(f"({sql} OFFSET 0) AS found ({self._columns})"),
                [*params, *self._bounds],
            )
            return self._cut(cursor.fetchall())

    def page_and_count(self) -> tuple[Slice, int]:
        """The page, and how many rows there are, from one pass over them. Beyond some ten
        thousands, keeping them for both takes longer than a pass each."""
        sql, params = self.rows.query.sql_with_params()
        # Put together of Django's own SQL and our names; what is looked for are parameters.
        found = fetch_many(
            f"WITH found ({self._columns}) AS MATERIALIZED ({sql}), page AS ({self._page('found')})"  # noqa: S608
            " SELECT page.*, counted.count FROM (SELECT count(*) FROM found) AS counted"
            f" LEFT JOIN page ON true {self._by}",
            [*params, *self._bounds],
        )
        return self._cut([row for *row, _ in found if row[0] is not None]), found[0][-1]

    def _page(self, found: str) -> str:
        # The names are ours; what is looked for are parameters.
        return (
            f"SELECT {self._columns} FROM {found} WHERE {self._beyond} {self._by}"  # noqa: S608
            f" LIMIT {self.size + 1}"
        )

    def _cut(self, rows: list[Any]) -> Slice:
        found: list[Row] = [dict(zip(self.names, row, strict=True)) for row in rows]
        return cut(found, self.order, self.size, self.place)

    @property
    def _by(self) -> str:
        way = "DESC" if self._downwards else "ASC"
        key = f"key {way} NULLS {'FIRST' if self.place.backwards else 'LAST'}, "
        return f"ORDER BY {key if self.order.path else ''}pk {way}"

    @property
    def _downwards(self) -> bool:
        return self.order.descending != self.place.backwards

    @property
    def _beyond(self) -> str:
        """The rows behind the place, in the direction that is read in."""
        if self.bound is None:
            return "true"
        sign = "<" if self._downwards else ">"
        if not self.order.path:
            return f"pk {sign} %s"
        if self.bound.phase == KEYED:
            return f"(key, pk) {sign} (%s, %s)" + (
                "" if self.place.backwards else " OR key IS NULL"
            )
        others = " OR key IS NOT NULL" if self.place.backwards else ""
        return f"key IS NULL AND pk {sign} %s{others}"

    @property
    def _bounds(self) -> list[Any]:
        if self.bound is None:
            return []
        keyed = self.order.path and self.bound.phase == KEYED
        return [self.bound.key, self.bound.id] if keyed else [self.bound.id]
