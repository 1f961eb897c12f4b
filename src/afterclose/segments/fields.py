"""The registry of what a condition can ask about (08, 2.3).

An app registers its fields in ``AppConfig.ready``: what it is called, of which type, and how it
becomes SQL for all accounts at once. A field's SQL is a value expression over a LEFT JOIN (a
missing row or NULL is a missing value); it is never a query per account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Model


class Type(StrEnum):
    """What kind of value a field has; the operators follow from it."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    INSTANT = "instant"
    """A point in time; compared by its day in the business's time zone."""
    CHOICE = "choice"
    BOOLEAN = "boolean"
    SET = "set"


class Operator(StrEnum):
    """What can be asked about a value."""

    IS = "is"
    CONTAINS = "contains"
    STARTS = "starts"
    IN = "in"
    EQUAL = "="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    LAST = "last"
    NEXT = "next"
    ANNIVERSARY = "anniversary"
    ANY = "any"
    ALL = "all"
    NONE = "none"
    KNOWN = "known"
    EMPTY = "empty"
    CHANGED = "changed"
    CHANGED_BY = "changed_by"


_COMPARISONS = (
    Operator.LESS,
    Operator.AT_MOST,
    Operator.EQUAL,
    Operator.AT_LEAST,
    Operator.MORE,
    Operator.BETWEEN,
)
_DAYS = (Operator.BEFORE, Operator.AFTER, Operator.LAST, Operator.NEXT, Operator.ANNIVERSARY)
_OF_TYPE: Mapping[Type, tuple[Operator, ...]] = {
    Type.TEXT: (Operator.IS, Operator.CONTAINS, Operator.STARTS, Operator.IN),
    Type.NUMBER: _COMPARISONS,
    Type.MONEY: _COMPARISONS,
    Type.DATE: _DAYS,
    Type.INSTANT: _DAYS,
    Type.CHOICE: (Operator.IS, Operator.IN),
    Type.BOOLEAN: (Operator.IS,),
    Type.SET: (Operator.ANY, Operator.ALL, Operator.NONE),
}


class Choice(NamedTuple):
    """A value that a field can have; ``word`` is how the text form writes it."""

    value: str | int
    label: str
    word: str = ""

    @property
    def written(self) -> str:
        """The word, or the value itself."""
        return self.word or str(self.value)


def fixed(choices: Sequence[tuple[str, str]]) -> Callable[[], list[Choice]]:
    """Choices that never change, such as those of a ``TextChoices``."""
    return lambda: [Choice(value, str(label)) for value, label in choices]


# -- how a field becomes SQL


@dataclass(frozen=True, slots=True)
class Own:
    """A column of the subject's (or the related row's) own table; ``{t}`` is its alias."""

    column: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class One:
    """A value of at most one row of another table, joined by ``key``.

    ``value`` is a column or an expression over ``{t}`` and the subject's ``{s}``; ``where``
    (over ``{t}``, constant) must leave at most one row for each subject.
    """

    model: type[Model]
    value: str
    key: str = "account_id"
    currency: str = ""
    where: str = ""


ONLY = "(%(only)s IS NULL OR {} = ANY(%(only)s))"


@dataclass(frozen=True, slots=True)
class Derived:
    """A value of a sub-query with the columns ``subject_id`` and ``value``, one row a subject.

    ``query`` may use ``%(business)s``, ``%(today)s``, ``%(zone)s`` and, for a value of the
    past, ``%(days)s``. ``%(only)s`` is the array of the subjects that are asked for, or NULL
    for all: ``ONLY`` is the condition to add. ``value`` is the expression over ``{t}``,
    COALESCE where none is zero.
    """

    query: str
    value: str = "{t}.value"


@dataclass(frozen=True, slots=True)
class Many:
    """The values of a set: rows of another table with the subject's ``key`` and a ``value``;
    ``where`` (over ``{t}``, constant) says which rows."""

    model: type[Model]
    value: str
    key: str = "account_id"
    where: str = ""


@dataclass(frozen=True, slots=True)
class Nested:
    """Membership in other segments: the value is their ids, their conditions are set in."""


Source = Own | One | Derived | Many | Nested


@dataclass(frozen=True, slots=True)
class History:
    """What the value was ``%(days)s`` days ago, as ``Derived`` with that parameter.

    ``now`` is what it is compared with, the present value unless told (a total of the last N
    days is compared with the N days before, so both depend on N).
    """

    before: Derived
    now: Derived | None = None


@dataclass(frozen=True)
class Field:
    """Something that a condition can ask about an account, a contact or a related row."""

    key: str
    label: str
    group: str
    type: Type
    source: Source
    subject: str = "account"
    choices: Callable[[], list[Choice]] | None = None
    history: History | None = None
    right: str = ""
    """Who may not see it cannot pick it."""
    help: str = ""

    @property
    def operators(self) -> tuple[Operator, ...]:
        """What can be asked about it."""
        if isinstance(self.source, Nested):
            return _OF_TYPE[Type.SET]
        found = (*_OF_TYPE[self.type], Operator.KNOWN, Operator.EMPTY)
        if self.history is None:
            return found
        return (*found, _changes(self.type))

    @property
    def is_segment(self) -> bool:
        """Whether its values are other segments."""
        return isinstance(self.source, Nested)


def _changes(kind: Type) -> Operator:
    return Operator.CHANGED_BY if kind in (Type.NUMBER, Type.MONEY) else Operator.CHANGED


@dataclass(frozen=True)
class Relation:
    """Rows that belong to an account or contact: some, none, how many, or the sum of a column.

    ``on`` is the column that a window of days looks at; ``fields`` may be asked in the inner
    condition (their source is ``Own``), the numbers and amounts among them summed.
    """

    key: str
    label: str
    model: type[Model]
    fields: Sequence[Field]
    subject: str = "account"
    column: str = "account_id"
    on: str = ""
    on_is_instant: bool = False
    right: str = ""

    @property
    def catalog(self) -> Catalog:
        """Its fields, for the inner condition."""
        return Catalog({each.key: each for each in self.fields}, {})


@dataclass(frozen=True)
class Catalog:
    """The fields and relations that a condition about one subject may name."""

    fields: Mapping[str, Field] = field(default_factory=dict)
    relations: Mapping[str, Relation] = field(default_factory=dict)

    def for_viewer(self, viewer: Any) -> Catalog:
        """Without what the viewer may not see."""
        return Catalog(
            {k: f for k, f in self.fields.items() if not f.right or viewer.may(f.right)},
            {k: r for k, r in self.relations.items() if not r.right or viewer.may(r.right)},
        )


# -- the registry

SUBJECTS = ("account", "contact")
_OF_ACCOUNT = "account."
_fields: dict[tuple[str, str], Field] = {}
_relations: dict[tuple[str, str], Relation] = {}
Provider = Callable[[str], Sequence[Field]]
_providers: list[Provider] = []


def register(*fields: Field) -> None:
    """Let conditions ask about these; called from an ``AppConfig.ready``."""
    for each in fields:
        _fields[each.subject, each.key] = each


def register_relation(*relations: Relation) -> None:
    """Let conditions ask about related rows; called from an ``AppConfig.ready``."""
    for each in relations:
        _relations[each.subject, each.key] = each


def register_provider(provider: Provider) -> None:
    """Fields that a business makes itself: ``provider(subject)`` gives those of the business
    in context, read once for a catalogue."""
    _providers.append(provider)


def catalog(subject: str) -> Catalog:
    """What a condition about ``account`` or ``contact`` may name.

    A contact has the fields of its account too, as ``account.<key>``. Choices are read when they
    are first asked for, and once: a condition may name a hundred of them.
    """
    fields = {key: each for (of, key), each in _fields.items() if of == subject}
    relations = {key: each for (of, key), each in _relations.items() if of == subject}
    for provider in _providers:
        fields |= {each.key: each for each in provider(subject)}
    if subject == "contact":
        above = catalog("account")
        fields |= {_OF_ACCOUNT + key: each for key, each in above.fields.items()}
        relations |= {_OF_ACCOUNT + key: each for key, each in above.relations.items()}
    return Catalog({key: _reading_once(each) for key, each in fields.items()}, relations)


def _reading_once(found: Field) -> Field:
    return found if found.choices is None else replace(found, choices=cache(found.choices))
