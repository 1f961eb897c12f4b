"""What the builder's template draws: for each row of a draft its selects and inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from afterclose.segments.drafts import ASKS, MODES, Group, Leaf
from afterclose.segments.fields import Catalog, Choice, Field, Operator, Relation, Type

OPERATORS: dict[Operator, str] = {
    Operator.IS: "is",
    Operator.CONTAINS: "contains",
    Operator.STARTS: "starts with",
    Operator.IN: "is one of",
    Operator.EQUAL: "=",
    Operator.LESS: "is less than",
    Operator.AT_MOST: "is at most",
    Operator.MORE: "is more than",
    Operator.AT_LEAST: "is at least",
    Operator.BETWEEN: "is between",
    Operator.BEFORE: "is before",
    Operator.AFTER: "is after",
    Operator.LAST: "is within the last",
    Operator.NEXT: "is within the next",
    Operator.ANNIVERSARY: "has its anniversary within",
    Operator.ANY: "has any of",
    Operator.ALL: "has all of",
    Operator.NONE: "has none of",
    Operator.KNOWN: "is known",
    Operator.EMPTY: "is empty",
    Operator.CHANGED: "changed",
    Operator.CHANGED_BY: "changed by",
}
COMPARE = (
    (">=", "at least"),
    (">", "more than"),
    ("=", "exactly"),
    ("<=", "at most"),
    ("<", "less than"),
)


@dataclass(frozen=True)
class Input:
    """One input or select; ``kind`` is text, number, select or multiple."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    before: str = ""
    after: str = ""
    placeholder: str = ""
    rebuilds: bool = False

    @property
    def id(self) -> str:
        """For its label and for keeping the focus."""
        return "id_" + self.name.replace(".", "_")


@dataclass(frozen=True)
class Row:
    """A condition as it is drawn."""

    leaf: Leaf
    keys: list[tuple[str, list[tuple[str, str]]]]
    operators: list[tuple[str, str]]
    inputs: list[Input]
    where: Box | None
    help: str
    number: str

    is_group = False


@dataclass(frozen=True)
class Box:
    """A group as it is drawn."""

    group: Group
    items: list[Row | Box]
    number: str
    is_inner: bool = False

    is_group = True
    modes = MODES


def box(group: Group, catalog: Catalog, currency: str, number: str = "", *, inner: bool = False,
        ) -> Box:  # fmt: skip
    """Everything that the template needs to draw a draft."""
    items: list[Row | Box] = []
    for index, each in enumerate(group.items, 1):
        place = f"{number}.{index}" if number else str(index)
        if isinstance(each, Group):
            items.append(box(each, catalog, currency, place, inner=inner))
        else:
            items.append(_row(each, catalog, currency, place))
    return Box(group, items, number, inner)


def _row(leaf: Leaf, catalog: Catalog, currency: str, number: str) -> Row:
    where, inputs, operators, hint = None, [], [], ""
    if leaf.is_rows:
        relation = catalog.relations.get(leaf.name)
        if relation is not None:
            if leaf.op not in dict(ASKS):
                leaf.op = "some"
            operators = list(ASKS)
            inputs = _of_rows(leaf, relation, currency)
            where = box(leaf.where or Group(f"{leaf.path}-w"), relation.catalog, currency, number,
                        inner=True)  # fmt: skip
    elif (asked := catalog.fields.get(leaf.name)) is not None:
        if leaf.op not in asked.operators:
            leaf.op = asked.operators[0].value
        operators = [(each.value, OPERATORS[each]) for each in asked.operators]
        inputs = _of_field(leaf, asked, currency)
        hint = asked.help
    return Row(leaf, keys(catalog), operators, inputs, where, hint, number)


def keys(catalog: Catalog) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be asked about, by group."""
    found = [
        (("Account: " if key.startswith("account.") and each.group != "Account" else "")
         + (each.group or "Row"), f"field:{key}", each.label)
        for key, each in catalog.fields.items()
    ]  # fmt: skip
    found += [
        (
            "Account: related rows" if key.startswith("account.") else "Related rows",
            f"rows:{key}",
            each.label,
        )
        for key, each in catalog.relations.items()
    ]
    order = list(dict.fromkeys(group for group, _, _ in found))
    found.sort(key=lambda each: order.index(each[0]))
    return [
        (group, [(key, label) for _, key, label in each])
        for group, each in groupby(found, key=lambda each: each[0])
    ]


def _options(choices: list[Choice]) -> list[tuple[str, str]]:
    return [(str(each.value), each.label) for each in choices]


class _Inputs:
    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf

    def __call__(self, part: str, label: str, kind: str = "text", **more: Any) -> Input:
        value = self.leaf.one(part) or more.pop("otherwise", "")
        more.pop("otherwise", None)
        chosen = self.leaf.given.get(part, []) or ([value] if value else [])
        return Input(f"{self.leaf.path}.{part}", label, kind, value, chosen=chosen, **more)


def _of_field(leaf: Leaf, asked: Field, currency: str) -> list[Input]:
    make = _Inputs(leaf)
    op = Operator(leaf.op)
    match op:
        case Operator.KNOWN | Operator.EMPTY:
            return []
        case Operator.CHANGED_BY:
            return [
                make("percent", "Percent", "number", after="% over", placeholder="-20"),
                make("days", "Days", "number", after="days", otherwise="7"),
                make("base", "Least value to start from", "number", before="from at least"),
            ]
        case Operator.CHANGED:
            either = [("", "anything"), *_options(asked.choices() if asked.choices else [])]
            return [
                make("from", "From", "select", options=either, before="from"),
                make("to", "To", "select", options=either, before="to"),
                make("days", "Days", "number", before="within", after="days", otherwise="30"),
            ]
        case Operator.LAST | Operator.NEXT | Operator.ANNIVERSARY:
            return [make("value", "Days", "number", after="days", otherwise="30")]
        case Operator.BETWEEN:
            pair = [
                make("low", "From", "number"),
                make("high", "To", "number", before="and"),
            ]
            return [*pair, *_currency(make, asked, currency)]
        case Operator.IN | Operator.ANY | Operator.ALL | Operator.NONE if asked.choices:
            return [make("value", "Values", "multiple", options=_options(asked.choices()))]
        case Operator.IN:
            return [make("value", "Values", placeholder="One, another")]
    return [*_single(make, asked), *_currency(make, asked, currency)]


def _single(make: _Inputs, asked: Field) -> list[Input]:
    if asked.choices is not None:
        options = [("", "Choose…"), *_options(asked.choices())]
        return [make("value", "Value", "select", options=options)]
    match asked.type:
        case Type.BOOLEAN:
            return [make("value", "Value", "select", options=[("yes", "Yes"), ("no", "No")],
                         otherwise="yes")]  # fmt: skip
        case Type.NUMBER | Type.MONEY:
            return [make("value", "Value", "number")]
        case Type.DATE | Type.INSTANT:
            return [make("value", "Date", placeholder="2026-03-31 or today - 30 days")]
    return [make("value", "Text")]


def _currency(make: _Inputs, asked: Field, currency: str) -> list[Input]:
    if asked.type != Type.MONEY:
        return []
    return [make("currency", "Currency", "currency", otherwise=currency)]


def _of_rows(leaf: Leaf, relation: Relation, currency: str) -> list[Input]:
    make = _Inputs(leaf)
    found: list[Input] = []
    if leaf.op == "sum":
        summable = [
            (each.key, each.label)
            for each in relation.fields
            if each.type in (Type.NUMBER, Type.MONEY)
        ]
        first = summable[0][0] if summable else ""
        found.append(
            make("of", "What is added up", "select", options=summable, otherwise=first,
                 rebuilds=True)
        )  # fmt: skip
    if leaf.op in ("count", "sum"):
        found.append(make("compare", "Compared", "select", options=list(COMPARE), before="is",
                          otherwise=">="))  # fmt: skip
        found.append(make("value", "Number", "number"))
    if leaf.op == "sum":
        chosen = leaf.one("of") or found[0].value
        found += (
            _currency(make, relation.catalog.fields[chosen], currency)
            if (chosen in relation.catalog.fields)
            else []
        )
    if relation.on:
        found.append(
            make("days", "Days to look back", "number", before="in the last", after="days",
                 placeholder="any")
        )  # fmt: skip
    return found
