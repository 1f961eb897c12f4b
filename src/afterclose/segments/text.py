"""The text form of a condition: a small grammar and its parser.

    stage is active and not (arr < 10000 USD or tag any "VIP")
    some tickets within 90 days where (priority is urgent) and usage changed by -20 % over 7 days

``parse`` and ``print_text`` are each other's inverse on normal trees (the grammar is in
docs/guides/segments.md). Pure: the choices of a field come with the catalogue.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from afterclose.segments import conditions
from afterclose.segments.conditions import (
    AllOf,
    AnyOf,
    ConditionError,
    Node,
    Not,
    Related,
)
from afterclose.segments.fields import Catalog, Choice, Field, Operator, Type
from afterclose.segments.printing import print_text as print_text

LONGEST = 20_000
_TOKENS = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<date>\d{4}-\d{2}-\d{2}(?!\w))
      | (?P<number>\d+(?:\.\d+)?(?![\w.]))
      | (?P<word>[^\W\d][\w.]*(?:-[^\W\d][\w.]*)*)
      | (?P<sign><=|>=|[()<>=,%+-])""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = frozenset(Operator) - {Operator.LAST, Operator.NEXT}
_COMPARED = {"=", "<", "<=", ">", ">="}


class TextError(ConditionError):
    """The text cannot be read; ``line`` and ``column`` (from 1) say where."""

    def __init__(self, message: str, source: str, at: int) -> None:
        self.line = source.count("\n", 0, at) + 1
        self.column = at - (source.rfind("\n", 0, at) + 1) + 1
        super().__init__(message)
        self.args = (f"Line {self.line}, column {self.column}: {message}",)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(source: str) -> list[_Token]:
    found, at = [], 0
    while at < len(source):
        match = _TOKENS.match(source, at)
        if match is None:
            raise TextError(f"“{source[at : at + 12]}” means nothing here.", source, at)
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], at))
        at = match.end()
    return [*found, _Token("end", "", len(source))]


def parse(source: str, catalog: Catalog) -> Node:
    """The tree of a text, in normal form; raises TextError, or ConditionError for its size."""
    if len(source) > LONGEST:
        raise ConditionError(f"The text may have {LONGEST:,} characters.")
    parser = _Parser(source, _tokens(source))
    node = parser.either(catalog, 0)
    if parser.peek.kind != "end":
        raise parser.error("Expected “and”, “or” or the end")
    node = conditions.normal(node)
    conditions.check_size(node)
    return node


class _Parser:
    def __init__(self, source: str, tokens: list[_Token]) -> None:
        self.source, self.tokens, self.index = source, tokens, 0

    # -- tokens

    @property
    def peek(self) -> _Token:
        return self.tokens[self.index]

    def take(self) -> _Token:
        token = self.peek
        if token.kind != "end":
            self.index += 1
        return token

    def error(self, message: str, token: _Token | None = None) -> TextError:
        token = token or self.peek
        seen = f", not “{token.text[:40]}”" if token.text else ", but the text ends"
        return TextError(f"{message}{seen}.", self.source, token.at)

    def next_is(self, *words: str) -> bool:
        return self.peek.kind in ("word", "sign") and self.peek.text.lower() in words

    def skip(self, *words: str) -> bool:
        """Take the word if it comes next."""
        if self.next_is(*words):
            self.take()
            return True
        return False

    def need(self, *words: str) -> str:
        if not self.next_is(*words):
            raise self.error(f"Expected “{'” or “'.join(words)}”")
        return self.take().text.lower()

    # -- groups

    def either(self, catalog: Catalog, depth: int) -> Node:
        if depth > 4 * conditions.DEPTH:
            raise self.error(f"Groups can be nested {conditions.DEPTH} deep")
        items = [self.both(catalog, depth)]
        while self.skip("or"):
            items.append(self.both(catalog, depth))
        return items[0] if len(items) == 1 else AnyOf(tuple(items))

    def both(self, catalog: Catalog, depth: int) -> Node:
        items = [self.one(catalog, depth)]
        while self.skip("and"):
            items.append(self.one(catalog, depth))
        return items[0] if len(items) == 1 else AllOf(tuple(items))

    def one(self, catalog: Catalog, depth: int) -> Node:
        if self.next_is("not"):
            if depth > 4 * conditions.DEPTH:
                raise self.error("There are too many “not”")
            self.take()
            return Not(self.one(catalog, depth + 1))
        if self.skip("("):
            node = self.either(catalog, depth + 1)
            self.need(")")
            return node
        begun = self.peek
        data = self.related(catalog) if self.asks_rows(catalog) else None
        where = data.pop("parsed", None) if data else None
        if data is None:
            data = self.test(catalog)
        try:
            leaf = conditions.read_leaf(data, catalog)
        except ConditionError as error:
            raise TextError(error.message, self.source, begun.at) from error
        if isinstance(leaf, Related) and where is not None:
            return Related(
                leaf.relation, leaf.op, leaf.compare, leaf.value, leaf.of, leaf.days, where
            )
        return leaf

    def asks_rows(self, catalog: Catalog) -> bool:
        """Whether a question about related rows comes next, and not a field that is called like
        one: days of use have a field “count”."""
        if not self.next_is("some", "no", "count", "sum"):
            return False
        return bool(catalog.relations) or self.peek.text not in catalog.fields

    # -- tests

    def test(self, catalog: Catalog) -> dict[str, Any]:
        token = self.take()
        if token.kind != "word":
            raise self.error("Expected a field", token)
        if token.text not in catalog.fields:
            raise TextError(f"There is no field “{token.text[:60]}”.", self.source, token.at)
        field = catalog.fields[token.text]
        return {"field": token.text, **self.asked(field)}

    def asked(self, field: Field) -> dict[str, Any]:
        operator = self.take()
        word = operator.text.lower()
        if word in ("known", "empty"):
            return {"op": word}
        if word == "within":
            return {"op": self.need("last", "next"), "value": self.days()}
        if word == "anniversary":
            self.need("within")
            return {"op": word, "value": self.days()}
        if word == "changed":
            return self.changed(field)
        if word in _PLAIN and word not in field.operators:
            message = f"{field.label} can be asked by: {', '.join(field.operators)}."
            raise TextError(message, self.source, operator.at)
        if word in ("in", "any", "all", "none"):
            return {"op": word, "value": self.several(field)}
        if word in ("is", "contains", "starts", "before", "after") or word in _COMPARED:
            return {"op": word, "value": self.value(field)}
        if word == "between":
            low = self.value(field, bare=True)
            self.need("and")
            high = self.value(field, bare=True)
            if field.type == Type.MONEY:
                value: Any = {"low": low, "high": high, "currency": self.currency()}
            else:
                value = [low, high]
            return {"op": word, "value": value}
        raise self.error(f"Expected what is asked about {field.label}", operator)

    def changed(self, field: Field) -> dict[str, Any]:
        if self.skip("by"):
            value: dict[str, Any] = {"percent": self.number()}
            self.need("%")
            self.need("over")
            value["days"] = self.days()
            if self.skip("from"):
                self.need("at")
                self.need("least")
                value["base"] = self.number()
            return {"op": "changed_by", "value": value}
        value = {}
        for name in ("from", "to"):
            if self.skip(name):
                value[name] = self.word(field)
        self.need("within")
        return {"op": "changed", "value": {**value, "days": self.days()}}

    def days(self) -> str:
        token = self.take()
        if token.kind != "number":
            raise self.error("Expected a number of days", token)
        self.need("days", "day")
        return token.text

    def number(self) -> str:
        sign = "-" if self.skip("-") else ""
        self.skip("+")
        token = self.take()
        if token.kind != "number":
            raise self.error("Expected a number", token)
        return sign + token.text

    def currency(self) -> str:
        token = self.take()
        if token.kind != "word":
            raise self.error("Expected a currency such as USD", token)
        return token.text

    def several(self, field: Field) -> list[Any]:
        if not self.skip("("):
            return [self.word(field)]
        found = [self.word(field)]
        while self.skip(","):
            found.append(self.word(field))
        self.need(")")
        return found

    def value(self, field: Field, *, bare: bool = False) -> Any:
        match field.type:
            case Type.NUMBER:
                return self.number()
            case Type.MONEY:
                amount = self.number()
                return amount if bare else {"amount": amount, "currency": self.currency()}
            case Type.DATE | Type.INSTANT:
                return self.day()
            case Type.BOOLEAN:
                return self.need("yes", "no") == "yes"
            case _:
                return self.word(field)

    def day(self) -> Any:
        if self.skip("today"):
            if not self.next_is("-", "+"):
                return {"today": 0}
            sign = -1 if self.take().text == "-" else 1
            return {"today": sign * int(self.days())}
        token = self.take()
        if token.kind != "date":
            raise self.error("Expected a date such as 2026-03-31, or today - 30 days", token)
        return token.text

    def word(self, field: Field) -> Any:
        """A text, or the choice that is written like it."""
        token = self.take()
        if token.kind == "text":
            written = re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        elif token.kind in ("word", "number", "date"):
            written = token.text
        else:
            raise self.error(f"Expected a value of {field.label}", token)
        if field.choices is None:
            return written
        found = choice_of(field.choices(), written)
        if found is None:
            message = f"{field.label} has no value “{written[:60]}”."
            raise TextError(message, self.source, token.at)
        return found

    # -- related rows

    def related(self, catalog: Catalog) -> dict[str, Any]:
        op = self.take().text.lower()
        data: dict[str, Any] = {"op": "none" if op == "no" else op}
        if op == "sum":
            data["of"] = self.take().text
            self.need("of")
        token = self.take()
        if token.text not in catalog.relations:
            message = f"There is no kind of row “{token.text[:60]}”."
            raise TextError(message, self.source, token.at)
        relation = catalog.relations[token.text]
        data["related"] = token.text
        if self.skip("within"):
            data["days"] = self.days()
        if self.skip("where"):
            self.need("(")
            data["parsed"] = self.either(relation.catalog, 0)
            self.need(")")
        if op in ("count", "sum"):
            data["compare"] = self.need("=", "<", "<=", ">", ">=")
            summed = relation.catalog.fields.get(data.get("of", ""))
            if op == "count" or summed is None:
                data["value"] = self.number()
            else:
                data["value"] = self.value(summed)
        return data


def choice_of(choices: list[Choice], written: str) -> Any:
    """The value of the choice that is written so, by value, word or label; None if there is
    none."""
    folded = written.strip().casefold()
    for same in (
        lambda c: str(c.value) == written and not isinstance(c.value, int),
        lambda c: c.written.casefold() == folded,
        lambda c: c.label.casefold() == folded,
    ):
        for choice in choices:
            if same(choice):
                return choice.value
    return None
