"""A condition as text; ``text.parse`` reads it back."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from afterclose.segments.conditions import AllOf, AnyOf, Node, Not, Related, Test
from afterclose.segments.fields import Catalog, Choice, Field, Operator, Type

_WORD = re.compile(r"[^\W\d][\w.]*(?:-[^\W\d][\w.]*)*")
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        "and or not some no count sum of within where known empty is in from to by over today"
        " last next day days at least between",
    )
)


def print_text(node: Node, catalog: Catalog) -> str:
    """The text of a tree; ``parse`` gives the same tree back."""
    if isinstance(node, AllOf):
        return " and ".join(
            _grouped(each, catalog, around=isinstance(each, AnyOf | AllOf)) for each in node.items
        )
    if isinstance(node, AnyOf):
        return " or ".join(
            _grouped(each, catalog, around=isinstance(each, AnyOf)) for each in node.items
        )
    if isinstance(node, Not):
        return "not " + _grouped(node.item, catalog, around=isinstance(node.item, AnyOf | AllOf))
    if isinstance(node, Related):
        return _related(node, catalog)
    return f"{node.field} {_asked(node, catalog.fields.get(node.field))}"


def _grouped(node: Node, catalog: Catalog, *, around: bool) -> str:
    text = print_text(node, catalog)
    return f"({text})" if around else text


def _related(node: Related, catalog: Catalog) -> str:
    relation = catalog.relations.get(node.relation)
    inner = relation.catalog if relation else Catalog()
    parts = ["no" if node.op == "none" else node.op]
    if node.of:
        parts += [node.of, "of"]
    parts.append(node.relation)
    if node.days is not None:
        parts.append(f"within {_days(node.days)}")
    if node.where is not None:
        parts.append(f"where ({print_text(node.where, inner)})")
    if node.compare:
        parts += [node.compare, _value(node.value, inner.fields.get(node.of))]
    return " ".join(parts)


def _asked(test: Test, field: Field | None) -> str:
    op, value = test.op, test.value
    match op:
        case Operator.KNOWN | Operator.EMPTY:
            return op.value
        case Operator.LAST | Operator.NEXT:
            return f"within {op.value} {_days(value)}"
        case Operator.ANNIVERSARY:
            return f"anniversary within {_days(value)}"
        case Operator.CHANGED:
            parts = [f"{name} {_value(value[name], field)}" for name in ("from", "to") if
                     name in value]  # fmt: skip
            return " ".join(["changed", *parts, "within", _days(value["days"])])
        case Operator.CHANGED_BY:
            base = f" from at least {_number(value['base'])}" if "base" in value else ""
            return f"changed by {_number(value['percent'])} % over {_days(value['days'])}{base}"
        case Operator.BETWEEN:
            if isinstance(value, dict):
                return f"between {value['low']} and {value['high']} {value['currency']}"
            return f"between {_number(value[0])} and {_number(value[1])}"
        case Operator.IN | Operator.ANY | Operator.ALL | Operator.NONE:
            listed = ", ".join(_value(each, field) for each in value)
            return f"{op.value} {listed}" if len(value) == 1 else f"{op.value} ({listed})"
        case _:
            return f"{op.value} {_value(value, field)}"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _number(value: float) -> str:
    return f"{Decimal(repr(value)):f}"


def _value(value: Any, field: Field | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        if "currency" in value:
            return f"{value['amount']} {value['currency']}"
        return _today(value["today"])
    if field is not None and field.choices is not None:
        return _choice(value, field.choices())
    if isinstance(value, int | float):
        return _number(value)
    if field is not None and field.type in (Type.DATE, Type.INSTANT):
        return str(value)
    return _quoted(value)


def _today(offset: int) -> str:
    if not offset:
        return "today"
    return f"today {'-' if offset < 0 else '+'} {_days(abs(offset))}"


def _choice(value: Any, choices: list[Choice]) -> str:
    written = next((choice.written for choice in choices if choice.value == value), None)
    if written is None:
        return _quoted(f"#{value}")
    return (
        written
        if _WORD.fullmatch(written) and written.lower() not in _RESERVED
        else _quoted(written)
    )


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
