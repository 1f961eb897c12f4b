"""A condition as it stands in the builder's form: complete or not, every input under its path.

The root is ``n``, its children ``n-0``, ``n-1``, the inner condition of related rows
``n-0-w``. A form is read into drafts, changed by what was pressed (``apply``), and turned into
JSON where it is complete; what is missing is noted at its row.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from afterclose.kit.digits import whole_number
from afterclose.segments import conditions
from afterclose.segments.conditions import AllOf, AnyOf, ConditionError, Node, Not, Related
from afterclose.segments.fields import Catalog, Field, Operator, Type

ROOT = "n"
MODES = (
    ("all", "All of these hold"),
    ("any", "Any of these holds"),
    ("none", "None of these holds"),
    ("not_all", "Not all of these hold"),
)
ASKS = (("some", "some"), ("none", "none"), ("count", "how many"), ("sum", "the sum of"))
_PARTS = ("value", "low", "high", "currency", "days", "percent", "base", "from", "to", "of",
          "compare")  # fmt: skip
_TODAY = re.compile(r"today\s*(?:([+-])\s*(\d{1,4})(?:\s*days?)?)?", re.IGNORECASE)


@dataclass
class Group:
    """Conditions taken together."""

    path: str
    mode: str = "all"
    items: list[Group | Leaf] = field(default_factory=list)
    error: str = ""


@dataclass
class Leaf:
    """One condition: ``key`` is ``field:stage`` or ``rows:tickets``."""

    path: str
    key: str = ""
    op: str = ""
    negated: bool = False
    given: dict[str, list[str]] = field(default_factory=dict)
    where: Group | None = None
    error: str = ""

    def one(self, part: str) -> str:
        """The text of an input."""
        return (self.given.get(part) or [""])[-1].strip()

    @property
    def name(self) -> str:
        """The key of the field or relation."""
        return self.key.partition(":")[2]

    @property
    def is_rows(self) -> bool:
        """Whether it asks about related rows."""
        return self.key.startswith("rows:")


# -- from and to the form


def read(data: QueryDict) -> Group:
    """The draft that a form holds."""
    budget = [conditions.LEAVES * 2]
    return _read_group(data, ROOT, budget, 0)


def _read_group(data: QueryDict, path: str, budget: list[int], depth: int) -> Group:
    mode = data.get(f"{path}.mode", "all")
    group = Group(path, mode if mode in dict(MODES) else "all")
    for index in range(whole_number(data.get(f"{path}.count", "")) or 0):
        budget[0] -= 1
        if budget[0] < 0 or depth > 2 * conditions.DEPTH:
            break
        child = f"{path}-{index}"
        if f"{child}.mode" in data:
            group.items.append(_read_group(data, child, budget, depth + 1))
        else:
            group.items.append(_read_leaf(data, child, budget, depth + 1))
    return group


def _read_leaf(data: QueryDict, path: str, budget: list[int], depth: int) -> Leaf:
    leaf = Leaf(
        path,
        data.get(f"{path}.key", ""),
        data.get(f"{path}.op", ""),
        data.get(f"{path}.not") == "1",
        {part: data.getlist(f"{path}.{part}") for part in _PARTS if f"{path}.{part}" in data},
    )
    if leaf.is_rows:
        leaf.where = _read_group(data, f"{path}-w", budget, depth + 1)
    return leaf


def apply(draft: Group, pressed: str) -> Group:
    """The draft after a button: ``add:n-0``, ``group:n``, ``remove:n-0-1``; others change
    nothing. Paths are given anew."""
    act, _, path = pressed.partition(":")
    for group in list(groups(draft)):
        if group.path == path and act == "add":
            group.items.append(Leaf(""))
        elif group.path == path and act == "group":
            mode = "any" if group.mode == "all" else "all"
            group.items.append(Group("", mode, [Leaf("")]))
        elif act == "remove":
            group.items = [each for each in group.items if each.path != path]
    _number(draft, ROOT)
    return draft


def groups(group: Group) -> Iterator[Group]:
    """Every group of a draft, inner conditions included."""
    yield group
    for each in group.items:
        if isinstance(each, Group):
            yield from groups(each)
        elif each.where is not None:
            yield from groups(each.where)


def _number(group: Group, path: str) -> None:
    group.path = path
    for index, each in enumerate(group.items):
        if isinstance(each, Group):
            _number(each, f"{path}-{index}")
        else:
            each.path = f"{path}-{index}"
            if each.where is not None:
                _number(each.where, f"{each.path}-w")


def fill(draft: Group, catalog: Catalog) -> None:
    """Give each condition that has none its first operator, and a yes-or-no its yes."""
    for each in draft.items:
        if isinstance(each, Group):
            fill(each, catalog)
        elif each.is_rows:
            relation = catalog.relations.get(each.name)
            each.op = each.op if each.op in dict(ASKS) else ASKS[0][0]
            if each.where is not None and relation is not None:
                fill(each.where, relation.catalog)
        elif (asked := catalog.fields.get(each.name)) is not None:
            each.op = each.op if each.op in asked.operators else asked.operators[0].value
            if asked.type == Type.BOOLEAN and not each.one("value"):
                each.given["value"] = ["yes"]


# -- from a tree


def from_node(node: Node, catalog: Catalog) -> Group:
    """The draft of a condition."""
    found = _from(node, catalog)
    draft = found if isinstance(found, Group) else Group(ROOT, "all", [found])
    _number(draft, ROOT)
    return draft


def _from(node: Node, catalog: Catalog) -> Group | Leaf:
    if isinstance(node, AllOf | AnyOf):
        mode = "all" if isinstance(node, AllOf) else "any"
        return Group("", mode, [_from(each, catalog) for each in node.items])
    if isinstance(node, Not):
        found = _from(node.item, catalog)
        if isinstance(found, Group):
            found.mode = "not_all" if found.mode == "all" else "none"
        else:
            found.negated = True
        return found
    if isinstance(node, Related):
        leaf = Leaf("", f"rows:{node.relation}", node.op)
        relation = catalog.relations.get(node.relation)
        known = relation.catalog if relation else Catalog()
        inner = Group("") if node.where is None else _from(node.where, known)
        leaf.where = inner if isinstance(inner, Group) else Group("", "all", [inner])
        leaf.given = {"of": [node.of], "compare": [node.compare]}
        if node.days is not None:
            leaf.given["days"] = [str(node.days)]
        leaf.given |= _given(Operator.EQUAL, node.value)
        return leaf
    given = _given(node.op, node.value)
    asked = catalog.fields.get(node.field)
    if node.op == Operator.IN and asked is not None and asked.choices is None:
        given = {"value": [_joined(given["value"])]}
    return Leaf("", f"field:{node.field}", node.op.value, given=given)


def _joined(several: list[str]) -> str:
    """Texts in one input: separated by commas, in quotes where one has a comma itself."""
    return ", ".join(
        f'"{each.replace(chr(34), chr(34) * 2)}"' if set(each) & set(',"') else each
        for each in several
    )


def _split(written: str) -> list[str]:
    """The texts of such an input."""
    try:
        row = next(csv.reader([written], skipinitialspace=True), [])
    except csv.Error:
        row = written.split(",")
    return [each.strip() for each in row if each.strip()]


def _given(op: Operator, value: Any) -> dict[str, list[str]]:
    if value is None:
        return {}
    if isinstance(value, dict) and "today" in value:
        offset = value["today"]
        sign = "-" if offset < 0 else "+"
        return {"value": [f"today {sign} {abs(offset)} days" if offset else "today"]}
    if isinstance(value, dict):
        return {
            "value" if key == "amount" else str(key): [str(each)] for key, each in value.items()
        }
    if op == Operator.BETWEEN:
        return {"low": [str(value[0])], "high": [str(value[1])]}
    if isinstance(value, bool):
        return {"value": ["yes" if value else "no"]}
    return {"value": [str(each) for each in (value if isinstance(value, list) else [value])]}


# -- to JSON


def to_json(draft: Group, catalog: Catalog) -> dict[str, Any] | None:
    """The condition as JSON, or None with ``error`` noted at each row that is not complete."""
    return _group_json(draft, catalog)


def _group_json(group: Group, catalog: Catalog) -> dict[str, Any] | None:
    if not group.items:
        group.error = "Add a condition."
        return None
    items = [
        _group_json(each, catalog) if isinstance(each, Group) else _leaf_json(each, catalog)
        for each in group.items
    ]
    if any(each is None for each in items):
        return None
    kind = "all" if group.mode in ("all", "not_all") else "any"
    found = {kind: items}
    return {"not": found} if group.mode in ("none", "not_all") else found


def _leaf_json(leaf: Leaf, catalog: Catalog) -> dict[str, Any] | None:
    found: dict[str, Any] | None
    if not leaf.key:
        leaf.error = "Choose what to ask about."
        return None
    try:
        if leaf.is_rows:
            found = _rows_json(leaf, catalog)
        else:
            asked = catalog.fields.get(leaf.name)
            if asked is None:
                leaf.error = "This does not exist any more. Choose something else."
                return None
            found = {"field": leaf.name, "op": leaf.op, **_value(leaf, asked)}
        if found is None:
            return None
        conditions.read_leaf(found, catalog)
    except ConditionError as error:
        leaf.error = error.message
        return None
    return {"not": found} if leaf.negated else found


def _rows_json(leaf: Leaf, catalog: Catalog) -> dict[str, Any] | None:
    relation = catalog.relations.get(leaf.name)
    if relation is None:
        leaf.error = "This does not exist any more. Choose something else."
        return None
    found: dict[str, Any] = {"related": leaf.name, "op": leaf.op}
    if leaf.one("days") and relation.on:
        found["days"] = leaf.one("days")
    if leaf.op in ("count", "sum"):
        found["compare"] = leaf.one("compare")
        found["value"] = leaf.one("value")
    if leaf.op == "sum":
        found["of"] = leaf.one("of")
        summed = relation.catalog.fields.get(leaf.one("of"))
        if summed is not None and summed.type == Type.MONEY:
            found["value"] = {"amount": leaf.one("value"), "currency": leaf.one("currency")}
    if leaf.where is not None and leaf.where.items:
        where = _group_json(leaf.where, relation.catalog)
        if where is None:
            return None
        found["where"] = where
    return found


def _value(leaf: Leaf, asked: Field) -> dict[str, Any]:
    op = leaf.op
    if op in (Operator.KNOWN, Operator.EMPTY):
        return {}
    if op == Operator.CHANGED_BY:
        given = {part: leaf.one(part) for part in ("percent", "days", "base") if leaf.one(part)}
        return {"value": given}
    if op == Operator.CHANGED:
        ends = {part: _chosen(leaf.one(part), asked) for part in ("from", "to") if leaf.one(part)}
        return {"value": {**ends, "days": leaf.one("days")}}
    if op in (Operator.IN, Operator.ANY, Operator.ALL, Operator.NONE):
        if asked.choices is None:
            return {"value": _split(leaf.one("value"))}
        return {"value": [_chosen(each, asked) for each in leaf.given.get("value", []) if each]}
    if op == Operator.BETWEEN:
        if asked.type == Type.MONEY:
            return {"value": {part: leaf.one(part) for part in ("low", "high", "currency")}}
        return {"value": [leaf.one("low"), leaf.one("high")]}
    match asked.type:
        case Type.MONEY:
            return {"value": {"amount": leaf.one("value"), "currency": leaf.one("currency")}}
        case Type.DATE | Type.INSTANT if op in (Operator.BEFORE, Operator.AFTER):
            return {"value": _date(leaf.one("value"))}
        case Type.BOOLEAN:
            return {"value": {"yes": True, "no": False}.get(leaf.one("value"))}
    return {"value": _chosen(leaf.one("value"), asked)}


def _chosen(written: str, asked: Field) -> Any:
    """The value of a choice from its text in the form."""
    if asked.choices is None:
        return written
    return next((c.value for c in asked.choices() if str(c.value) == written), written)


def _date(written: str) -> Any:
    match = _TODAY.fullmatch(written)
    if match is None:
        return written
    days = int(match[2] or 0)
    return {"today": -days if match[1] == "-" else days}
