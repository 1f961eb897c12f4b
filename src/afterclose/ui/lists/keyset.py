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
from django.db.models.functions import Coalesce

from afterclose.kit.paging import BadCursor, decode_cursor, encode_cursor
from afterclose.ui.lists.context import Row
from afterclose.ui.lists.filters import BIGGEST
from afterclose.ui.lists.paths import resolve_in

_KEYED, _EMPTY = 0, 1


@dataclass(frozen=True, slots=True)
class Order:
    """`path` is the sort key, empty for the id alone. `by_sorting` rather than by reading in the
    order of an index, whatever PostgreSQL expects of it."""

    path: str
    descending: bool = False
    by_sorting: bool = False


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
    rows: QuerySet[Any],
    order: Order,
    paths: list[str],
    size: int,
    *,
    after: str = "",
    before: str = "",
    from_end: bool = False,
) -> Slice:
    """The page behind `after`, or before `before`, or the last one; else the first.

    `paths` are the ORM paths to read. Raises BadCursor.
    """
    backwards = bool(before) or from_end
    place = _decode(rows, order, before or after) if before or after else None
    wanted = list(dict.fromkeys(["pk", *([order.path] if order.path else []), *paths]))
    found: list[Row] = []
    phases = [_KEYED, _EMPTY] if _nullable(rows, order) else [_KEYED]
    if backwards:
        phases.reverse()
    if place is not None:
        phases = phases[phases.index(place[0]) :] if place[0] in phases else phases
    for phase in phases:
        left = size + 1 - len(found)
        if left <= 0:
            break
        here = place if place is not None and place[0] == phase else None
        found += _read_phase(rows, order, wanted, phase, here, left, backwards=backwards)
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    cursors = [_encode(order, found[0]), _encode(order, found[-1])] if found else ["", ""]
    has_before = more if backwards else bool(place)
    has_after = bool(place) if backwards else more
    return Slice(found, cursors[0] if has_before else "", cursors[1] if has_after else "")


def _nullable(rows: QuerySet[Any], order: Order) -> bool:
    return bool(order.path) and resolve_in(rows, order.path).nullable


def _read_phase(
    rows: QuerySet[Any],
    order: Order,
    wanted: list[str],
    phase: int,
    place: tuple[int, Any, int] | None,
    limit: int,
    *,
    backwards: bool,
) -> list[Row]:
    # Reading backwards turns the order around; the caller turns the rows back.
    downwards = order.descending != backwards
    minus = "-" if downwards else ""
    keyed = bool(order.path) and phase == _KEYED
    if phase == _EMPTY:
        rows = rows.filter(**{f"{order.path}__isnull": True})
    elif _nullable(rows, order):
        rows = rows.filter(**{f"{order.path}__isnull": False})
    if place is not None:
        _, key, last_id = place
        if keyed:
            # The plain comparison bounds the index scan also where key and id stand in two
            # tables, which a row comparison alone cannot.
            bound = "lte" if downwards else "gte"
            beyond = TupleLessThan if downwards else TupleGreaterThan
            rows = rows.filter(**{f"{order.path}__{bound}": key})
            rows = rows.filter(beyond(Tuple(F(order.path), F("pk")), (key, last_id)))
        else:
            rows = rows.filter(**{"pk__lt" if downwards else "pk__gt": last_id})
    by: list[Any] = [f"{minus}{order.path}", f"{minus}pk"] if keyed else [f"{minus}pk"]
    if order.by_sorting:
        # It is the key itself, but not what an index has.
        itself = Coalesce(by_key := F(order.path if keyed else "pk"), by_key)
        by[0] = itself.desc() if downwards else itself.asc()
    return list(rows.order_by(*by).values(*wanted)[:limit])


def _encode(order: Order, row: Row) -> str:
    key = row[order.path] if order.path else None
    phase = _EMPTY if order.path and key is None else _KEYED
    if isinstance(key, float) or (key is not None and not _plain(key)):
        key = str(key)
    direction = f"{'-' if order.descending else ''}{order.path}"
    return encode_cursor([direction, phase, key, row["pk"]])


def _plain(key: Any) -> bool:
    return isinstance(key, str | int | date | Decimal)


def _decode(rows: QuerySet[Any], order: Order, cursor: str) -> tuple[int, Any, int]:
    direction, phase, key, last_id = decode_cursor(cursor, length=4)
    if direction != f"{'-' if order.descending else ''}{order.path}":
        raise BadCursor
    if phase not in (_KEYED, _EMPTY) or isinstance(phase, bool) or not _is_id(last_id):
        raise BadCursor
    if order.path and phase == _KEYED:
        field = resolve_in(rows, order.path).field
        if key is None or (isinstance(key, str) and "\x00" in key):
            raise BadCursor
        if isinstance(key, int) and abs(key) > BIGGEST:
            raise BadCursor
        try:
            key = field.to_python(key) if field is not None else key
        except (ValidationError, ValueError, TypeError, ArithmeticError):
            raise BadCursor from None
    return int(str(phase)), key, int(str(last_id))


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= BIGGEST
