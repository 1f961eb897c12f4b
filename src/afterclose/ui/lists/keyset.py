"""Keyset paging over one sort key with the id as tie-break, empty keys last.

Rows with a key and rows without one are read in two phases, each by an order that an index
(business, key, id) gives; `ORDER BY key NULLS LAST` would sort all rows instead. Descending
turns both key and id around, and empty keys stay last. A page costs one query, two where the
phases meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from afterclose.kit.paging import BadCursor, decode_cursor, encode_cursor
from afterclose.ui.lists.context import Row
from afterclose.ui.lists.filters import BIGGEST
from afterclose.ui.lists.paths import resolve_in

KEYED, EMPTY = 0, 1


@dataclass(frozen=True, slots=True)
class Order:
    """`path` is the sort key, empty for the id alone; `tie` is where the id is."""

    path: str
    descending: bool = False
    tie: str = "pk"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: behind a cursor, before one, at the end; else it is the first."""

    after: str = ""
    before: str = ""
    from_end: bool = False

    @property
    def backwards(self) -> bool:
        """Whether it is read from its end."""
        return bool(self.before) or self.from_end


FIRST = Place()


@dataclass(frozen=True, slots=True)
class Bound:
    """The row that a page begins behind: its key (None in the phase without one) and its id."""

    phase: int
    key: Any
    id: int


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of rows; the cursors are empty where there is nothing more on that side."""

    rows: list[Row]
    before: str
    after: str


def ordered(rows: QuerySet[Any], order: Order) -> QuerySet[Any]:
    """The whole set in the list's order by one query, for reading all of it."""
    tie = "-pk" if order.descending else "pk"
    if not order.path:
        return rows.order_by(tie)
    key = F(order.path)
    by = key.desc(nulls_last=True) if order.descending else key.asc(nulls_last=True)
    return rows.order_by(by, tie)


def read_page(
    rows: QuerySet[Any], order: Order, paths: list[str], size: int, place: Place = FIRST
) -> Slice:
    """A page of `rows` with the ORM paths given, read along the order. Raises BadCursor."""
    bound = decode(rows, order, place)
    wanted = list(dict.fromkeys(["pk", *([order.path] if order.path else []), *paths]))
    found: list[Row] = []
    for phase in phases(rows, order, place, bound):
        if len(found) <= size:
            ahead = phase_rows(rows, order, place, bound, phase)
            found += ahead.values(*wanted)[: size + 1 - len(found)]
    return cut(found, order, size, place)


def cut(found: list[Row], order: Order, size: int, place: Place) -> Slice:
    """The page out of up to one row more, in the direction that they were read in."""
    more = len(found) > size
    found = found[:size]
    if place.backwards:
        found.reverse()
    cursors = [_encode(order, found[0]), _encode(order, found[-1])] if found else ["", ""]
    bounded = bool(place.before or place.after)
    has_before = more if place.backwards else bounded
    has_after = bounded if place.backwards else more
    return Slice(found, cursors[0] if has_before else "", cursors[1] if has_after else "")


def _nullable(rows: QuerySet[Any], order: Order) -> bool:
    return bool(order.path) and resolve_in(rows, order.path).nullable


def phases(rows: QuerySet[Any], order: Order, place: Place, bound: Bound | None) -> list[int]:
    """The phases from the place on, in the direction that is read in."""
    found = [KEYED, EMPTY] if _nullable(rows, order) else [KEYED]
    if place.backwards:
        found.reverse()
    return found[found.index(bound.phase) :] if bound and bound.phase in found else found


def phase_rows(
    rows: QuerySet[Any], order: Order, place: Place, bound: Bound | None, phase: int
) -> QuerySet[Any]:
    """The rows of one phase from the place on, in the direction that is read in."""
    # Reading backwards turns the order around; the caller turns the rows back.
    downwards = order.descending != place.backwards
    minus = "-" if downwards else ""
    keyed = bool(order.path) and phase == KEYED
    if phase == EMPTY:
        rows = rows.filter(**{f"{order.path}__isnull": True})
    elif _nullable(rows, order):
        rows = rows.filter(**{f"{order.path}__isnull": False})
    if bound is not None and bound.phase == phase:
        if keyed:
            # The plain comparison bounds the index scan also where key and id stand in two
            # tables, which a row comparison alone cannot.
            rows = rows.filter(**{f"{order.path}__{'lte' if downwards else 'gte'}": bound.key})
            beyond = TupleLessThan if downwards else TupleGreaterThan
            rows = rows.filter(beyond(Tuple(F(order.path), F(order.tie)), (bound.key, bound.id)))
        else:
            rows = rows.filter(**{f"{order.tie}__{'lt' if downwards else 'gt'}": bound.id})
    return rows.order_by(*([f"{minus}{order.path}"] if keyed else []), f"{minus}{order.tie}")


def _encode(order: Order, row: Row) -> str:
    key = row[order.path] if order.path else None
    phase = EMPTY if order.path and key is None else KEYED
    if isinstance(key, float) or (key is not None and not _plain(key)):
        key = str(key)
    direction = f"{'-' if order.descending else ''}{order.path}"
    return encode_cursor([direction, phase, key, row["pk"]])


def _plain(key: Any) -> bool:
    return isinstance(key, str | int | date | Decimal)


def decode(rows: QuerySet[Any], order: Order, place: Place) -> Bound | None:
    """The row that the place names, if it names one. Raises BadCursor."""
    cursor = place.before or place.after
    if not cursor:
        return None
    direction, phase, key, last_id = decode_cursor(cursor, length=4)
    if direction != f"{'-' if order.descending else ''}{order.path}":
        raise BadCursor
    if phase not in (KEYED, EMPTY) or isinstance(phase, bool) or not _is_id(last_id):
        raise BadCursor
    if order.path and phase == KEYED:
        field = resolve_in(rows, order.path).field
        if key is None or (isinstance(key, str) and "\x00" in key):
            raise BadCursor
        if isinstance(key, int) and abs(key) > BIGGEST:
            raise BadCursor
        try:
            key = field.to_python(key) if field is not None else key
        except (ValidationError, ValueError, TypeError, ArithmeticError):
            raise BadCursor from None
    return Bound(int(str(phase)), key, int(str(last_id)))


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= BIGGEST
