"""Other tables with at most one row for each row of a list, such as the billing of accounts.

An order or a filter is often about such a table alone. Read there, without the table of the list,
its ids come in a tenth of the time (docs/decisions/0071-lists-of-few.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db.models import OneToOneRel, Q, QuerySet

from afterclose.ui.lists.paths import resolve


class Related(NamedTuple):
    """`rows` of such a table, or of the list's own, and `tie`, its column with the id of the
    list's row."""

    rows: QuerySet[Any]
    tie: str

    @property
    def ids(self) -> QuerySet[Any]:
        """Those ids alone, unordered."""
        return self.rows.order_by().values_list(self.tie, flat=True)


def is_whole(everything: QuerySet[Any]) -> bool:
    """Whether these are all rows of their table that the business has."""
    return bool(everything.query.where == everything.model._default_manager.all().query.where)


def related(everything: QuerySet[Any], relation: str) -> Related | None:
    """All of the table that a relation of the list leads to; None when that may have several rows
    for one, or is a view, which has no index, or when the list is a part of its own table."""
    if relation in everything.query.annotations or not is_whole(everything):
        return None
    try:
        found = everything.model._meta.get_field(relation)
    except FieldDoesNotExist:
        return None
    if not isinstance(found, OneToOneRel) or not found.related_model._meta.managed:
        return None
    return Related(found.related_model._default_manager.all(), found.field.attname)


def found_in_related(everything: QuerySet[Any], conditions: Sequence[Q | None]) -> Related | None:
    """Where all `conditions` hold, in the one related table that they are about. None when they
    are about more than that, or hold for rows that have none there."""
    known = [each for each in conditions if each is not None]
    if not known or len(known) < len(conditions):
        return None
    condition = reduce(and_, known)
    for relation in _first_names(condition) - {"pk"}:
        table = related(everything, relation)
        if table and (moved := _moved(condition, relation, table)) and _needs(condition, relation):
            return Related(table.rows.filter(moved), table.tie)
    return None


def _first_names(condition: Q) -> set[str]:
    names: set[str] = set()
    for child in condition.children:
        if isinstance(child, Q):
            names |= _first_names(child)
        elif isinstance(child, tuple):
            names.add(child[0].partition("__")[0])
    return names


def _moved(condition: Q, relation: str, table: Related) -> Q | None:
    """The condition as one on the related table, None when it is about others too, or leads on to
    several rows of another, so that one of the table's would come more than once."""
    children: list[Any] = []
    for child in condition.children:
        if isinstance(child, Q):
            moved = _moved(child, relation, table)
            if moved is None:
                return None
            children.append(moved)
            continue
        if not isinstance(child, tuple):
            return None
        (lookup, value) = child
        first, _, rest = lookup.partition("__")
        # An expression is about the table that it was written for; a set of ids is not.
        if hasattr(value, "resolve_expression") and not isinstance(value, QuerySet):
            return None
        if first == relation and rest and not resolve(table.rows.model, rest).many:
            children.append((rest, value))
        elif first == "pk":
            children.append((f"{table.tie}__{rest}" if rest else table.tie, value))
        else:
            return None
    return Q.create(children, condition.connector, condition.negated)


def _needs(condition: Any, relation: str) -> bool:
    """Whether it cannot hold where the related table has no row."""
    if not isinstance(condition, Q):
        lookup, value = condition
        empty = value is None or (lookup.endswith("__isnull") and value)
        return lookup.startswith(f"{relation}__") and not empty
    if condition.negated or condition.connector == Q.XOR:
        return False
    every = all if condition.connector == Q.OR else any
    return every(_needs(child, relation) for child in condition.children)
