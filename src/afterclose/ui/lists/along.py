"""Pages read along the index of an order, which pass over what does not match.

A filter is about one table and an order often about another. In a join of both, PostgreSQL looks
up in the first each row that it passes in the order of the second. With the second read by itself,
and what matches kept in a hash, it passes rows twenty times as fast
(docs/decisions/0071-lists-of-few.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import BooleanField, Field, Func, QuerySet

from afterclose.ui.lists.context import Row
from afterclose.ui.lists.keyset import KEYED, Order, Place, Slice, cut, decode, phase_rows, phases
from afterclose.ui.lists.related import is_whole, related


def read_along(
    everything: QuerySet[Any], matching: QuerySet[Any], order: Order, size: int, place: Place
) -> tuple[Slice, int] | None:
    """One page of the rows whose ids are `matching`, by id and sort key, and how many they are.
    None when the page ends among rows without a key, or no index has the order of `everything`.
    Raises BadCursor."""
    keys = keys_of(everything, order)
    bound = decode(everything, order, place)
    phase, *later = phases(everything, order, place, bound)
    if keys is None or phase != KEYED:
        return None
    rows = phase_rows(keys.rows, keys.order, place, bound, phase).filter(Matches(keys.order.tie))
    shown = rows.values_list(keys.order.tie, *([keys.order.path] if order.path else []))
    page, params = shown[: size + 1].query.sql_with_params()
    ids, id_params = matching.order_by().query.sql_with_params()
    # Put together of Django's own SQL and our names; whatever was typed is among the parameters.
    found = fetch_many(
        "WITH matching AS MATERIALIZED"  # noqa: S608
        f" (SELECT array_agg(id) AS ids FROM ({ids}) AS found (id))"
        f" SELECT page.*, (SELECT cardinality(ids) FROM matching) FROM ({page}) AS page",
        [*id_params, *params],
    )
    if not found or (later and len(found) <= size):
        return None
    names = ["pk", order.path] if order.path else ["pk"]
    keyed: list[Row] = [dict(zip(names, row, strict=True)) for *row, _ in found]
    return cut(keyed, order, size, place), found[0][-1]


def fetch_many(sql: str, params: Sequence[Any]) -> list[Any]:
    """The rows of a query that reads many, whatever PostgreSQL expects. Its statistics count all
    businesses together; expecting few, it would look up each in the other tables, one by one."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(sql, params)
        found: list[Any] = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = on")
    return found


class Keys(NamedTuple):
    """`rows` of a table with at most one for each row of the list, and the list's order in it."""

    rows: QuerySet[Any]
    order: Order


class Matches(Func):
    """Whether an id is in `matching`, a table of the query's own with one array of ids: a page and
    a count use it, and an array is written and read in half the time of as many rows.

    Written as a case, because PostgreSQL would join a plain IN, and then sort what it joined.
    """

    template = "CASE WHEN %(expressions)s IN (SELECT unnest(ids) FROM matching) THEN true END"
    output_field = BooleanField()


def keys_of(everything: QuerySet[Any], order: Order) -> Keys | None:
    """Where the order of a list stands: in the table of its rows, or in one that has one row for
    each of them. None when it is neither, or the list is only a part of its table, of which an
    index passes over the rest."""
    rows, path, tie = everything.model._default_manager.all(), order.path, "pk"
    relation, _, inner = path.partition("__")
    if inner:
        table = related(everything, relation)
        if table is None:
            return None
        rows, path, tie = table.rows, inner, table.tie
    elif not is_whole(everything) or not rows.model._meta.managed:
        return None
    try:
        # What a list annotates is in no index.
        if path and not isinstance(rows.model._meta.get_field(path), Field):
            return None
    except FieldDoesNotExist:
        return None
    return Keys(rows, Order(path, order.descending, tie))
