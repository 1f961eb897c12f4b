"""A condition: all, any and not over {field, operator, value}; read, checked, put in order.

Pure: no database, no clock. ``read`` turns JSON into a tree and says where something is wrong;
``write`` turns a tree back. The JSON:

* ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": ...}``
* ``{"field": "stage", "op": "is", "value": "active"}``
* ``{"related": "tickets", "op": "count", "compare": ">=", "value": 2, "days": 90, "where": ...}``
  with ``op`` one of some, none, count, sum (a sum also has ``of``)

A missing value compares false, so its ``not`` is true. Depth 5, 50 leaves (08, 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from afterclose.segments import values
from afterclose.segments.fields import Catalog, Field, Operator, Relation, Type
from afterclose.segments.values import Bad

DEPTH = 5
LEAVES = 50
COMPARISONS = ("<", "<=", "=", ">=", ">")


class ConditionError(ValueError):
    """Something in a condition cannot be; ``place`` are the numbers of the way to it, from 1."""

    def __init__(self, message: str, place: tuple[int, ...] = ()) -> None:
        self.message, self.place = message, place
        super().__init__(f"{self.where}: {message}" if place else message)

    @property
    def where(self) -> str:
        """The place in words: “Condition 2.1”; empty for the whole."""
        return f"Condition {'.'.join(map(str, self.place))}" if self.place else ""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one holds."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold, or cannot be told."""

    item: Node


@dataclass(frozen=True, slots=True)
class Test:
    """One field, one operator, one value in the form that ``values.read`` gives."""

    __test__ = False  # pytest looks for classes of this name

    field: str
    op: Operator
    value: Any = None


@dataclass(frozen=True, slots=True)
class Related:
    """Rows of a relation, of the last ``days``, that meet ``where``: some, none, how many, sum."""

    relation: str
    op: str
    compare: str = ""
    value: Any = None
    of: str = ""
    days: int | None = None
    where: Node | None = None


Node = AllOf | AnyOf | Not | Test | Related


def read(data: Any, catalog: Catalog, *, strict: bool = True) -> Node:
    """A tree from JSON, in normal form; raises ConditionError that names the place.

    ``strict`` also refuses choices that do not exist; what was saved is read without, for a
    choice may have gone since (it then matches nothing).
    """
    node = normal(_Reader(strict).node(data, catalog, ()))
    check_size(node)
    return node


def read_leaf(data: dict[str, Any], catalog: Catalog) -> Test | Related:
    """One test or question about related rows from its JSON; raises ConditionError."""
    return _Reader(strict=True).leaf(data, catalog, ())


def check_size(node: Node) -> None:
    """Raise ConditionError when it is nested too deep or has too many conditions."""
    if depth(node) > DEPTH:
        raise ConditionError(f"Groups can be nested {DEPTH} deep. Make a segment of the inner one.")
    count = sum(1 for _ in leaves(node))
    if count > LEAVES:
        raise ConditionError(f"There are {count} conditions; at most {LEAVES} are possible.")


class _Reader:
    def __init__(self, strict: bool) -> None:
        self.strict = strict

    def node(self, data: Any, catalog: Catalog, place: tuple[int, ...]) -> Node:
        if len(place) > 4 * DEPTH:
            raise ConditionError(f"Groups can be nested {DEPTH} deep.", place[:DEPTH])
        if not isinstance(data, dict):
            raise ConditionError("A condition is an object with all, any, not or field.", place)
        for name, kind in (("all", AllOf), ("any", AnyOf)):
            if name in data:
                self._only(data, {name}, place)
                return kind(self._items(data[name], catalog, place))
        if "not" in data:
            self._only(data, {"not"}, place)
            return Not(self.node(data["not"], catalog, (*place, 1)))
        return self.leaf(data, catalog, place)

    def leaf(
        self, data: dict[str, Any], catalog: Catalog, place: tuple[int, ...]
    ) -> Test | Related:
        if "related" in data:
            return self._related(data, catalog, place)
        if "field" in data:
            return self._test(data, catalog, place)
        raise ConditionError("It has none of all, any, not, field and related.", place)

    @staticmethod
    def _only(data: dict[str, Any], known: set[str], place: tuple[int, ...]) -> None:
        if unknown := sorted(set(data) - known):
            raise ConditionError(f"“{str(unknown[0])[:60]}” means nothing here.", place)

    def _items(self, data: Any, catalog: Catalog, place: tuple[int, ...]) -> tuple[Node, ...]:
        if not isinstance(data, list):
            raise ConditionError("A group holds a list of conditions.", place)
        if not data:
            raise ConditionError("The group is empty. Add a condition, or remove the group.", place)
        if len(data) > LEAVES:
            raise ConditionError(f"At most {LEAVES} conditions are possible.", place)
        return tuple(self.node(each, catalog, (*place, i)) for i, each in enumerate(data, 1))

    def _test(self, data: dict[str, Any], catalog: Catalog, place: tuple[int, ...]) -> Test:
        self._only(data, {"field", "op", "value"}, place)
        field = _known(catalog.fields, data["field"], "field", place)
        op = _operator(field, data.get("op"), place)
        try:
            value = values.read(field, op, data.get("value"), strict=self.strict)
        except Bad as bad:
            raise ConditionError(f"{field.label}: {bad}", place) from bad
        return Test(data["field"], op, value)

    def _related(self, data: dict[str, Any], catalog: Catalog, place: tuple[int, ...]) -> Related:
        known = {"related", "op", "compare", "value", "of", "days", "where"}
        self._only(data, known, place)
        relation = _known(catalog.relations, data["related"], "kind of row", place)
        op = data.get("op")
        if op not in ("some", "none", "count", "sum"):
            raise ConditionError("Ask for some, none, count or sum.", place)
        try:
            days = values.days(data["days"], least=1) if data.get("days") is not None else None
        except Bad as bad:
            raise ConditionError(f"{relation.label}: {bad}", place) from bad
        if days is not None and not relation.on:
            raise ConditionError(f"{relation.label} have no date to look back by.", place)
        where = data.get("where")
        inner = None
        if where is not None:
            inner = self.node(where, relation.catalog, (*place, 1))
        compare, value, of = self._compared(data, op, relation, place)
        return Related(data["related"], op, compare, value, of, days, inner)

    def _compared(
        self, data: dict[str, Any], op: str, relation: Relation, place: tuple[int, ...]
    ) -> tuple[str, Any, str]:
        if op in ("some", "none"):
            if data.get("value") is not None or data.get("compare") or data.get("of"):
                raise ConditionError("“Some” and “none” are compared with nothing.", place)
            return "", None, ""
        compare, of = data.get("compare"), data.get("of") or ""
        if compare not in COMPARISONS:
            raise ConditionError(f"Compare by one of {', '.join(COMPARISONS)}.", place)
        try:
            if op == "count":
                if of:
                    raise Bad("A count is of the rows, not of a field.")
                return str(compare), values.whole(data.get("value")), ""
            field = _known(relation.catalog.fields, of, "field", place)
            if field.type not in (Type.NUMBER, Type.MONEY):
                raise Bad(f"{field.label} cannot be added up.")
            return str(compare), values.read(field, Operator(compare), data.get("value")), str(of)
        except Bad as bad:
            raise ConditionError(f"{relation.label}: {bad}", place) from bad


def _known[T](known: Any, key: Any, noun: str, place: tuple[int, ...]) -> Any:
    if not isinstance(key, str) or key not in known:
        raise ConditionError(f"There is no {noun} “{str(key)[:60]}”.", place)
    return known[key]


def _operator(field: Field, name: Any, place: tuple[int, ...]) -> Operator:
    if name not in field.operators:
        possible = ", ".join(field.operators)
        raise ConditionError(f"{field.label} can be asked by: {possible}.", place)
    return Operator(name)


# -- the tree as a whole


def write(node: Node) -> dict[str, Any]:
    """The tree as JSON; ``read`` gives the same tree back."""
    if isinstance(node, AllOf):
        return {"all": [write(each) for each in node.items]}
    if isinstance(node, AnyOf):
        return {"any": [write(each) for each in node.items]}
    if isinstance(node, Not):
        return {"not": write(node.item)}
    if isinstance(node, Test):
        value = {} if node.value is None else {"value": node.value}
        return {"field": node.field, "op": node.op.value, **value}
    found: dict[str, Any] = {"related": node.relation, "op": node.op}
    if node.of:
        found["of"] = node.of
    if node.compare:
        found |= {"compare": node.compare, "value": node.value}
    if node.days is not None:
        found["days"] = node.days
    if node.where is not None:
        found["where"] = write(node.where)
    return found


def normal(node: Node) -> Node:
    """The same condition with as few groups as say the same: a group in a group of its kind is
    opened, a group of one is that one, two nots are none."""
    if isinstance(node, Not):
        inner = normal(node.item)
        return inner.item if isinstance(inner, Not) else Not(inner)
    if isinstance(node, AllOf | AnyOf):
        kind = type(node)
        items: list[Node] = []
        for each in map(normal, node.items):
            items += each.items if isinstance(each, kind) else (each,)
        return items[0] if len(items) == 1 else kind(tuple(items))
    if isinstance(node, Related) and node.where is not None:
        return Related(
            node.relation, node.op, node.compare, node.value, node.of, node.days, normal(node.where)
        )
    return node


def leaves(node: Node) -> Iterator[Test | Related]:
    """Every test and every question about related rows, inner ones included."""
    if isinstance(node, AllOf | AnyOf):
        for each in node.items:
            yield from leaves(each)
    elif isinstance(node, Not):
        yield from leaves(node.item)
    else:
        yield node
        if isinstance(node, Related) and node.where is not None:
            yield from leaves(node.where)


def depth(node: Node) -> int:
    """How many groups lie around the innermost leaf; a not counts when it is around a group."""
    if isinstance(node, AllOf | AnyOf):
        return 1 + max(map(depth, node.items))
    if isinstance(node, Not):
        return depth(node.item) + (0 if isinstance(node.item, Test) else 1)
    if isinstance(node, Related) and node.where is not None:
        return 1 + depth(node.where)
    return 0


def segments_in(node: Node, catalog: Catalog) -> set[int]:
    """The ids of the segments that it names."""
    return {
        int(each)
        for leaf in leaves(node)
        if isinstance(leaf, Test)
        and leaf.field in catalog.fields
        and catalog.fields[leaf.field].is_segment
        for each in leaf.value
    }
