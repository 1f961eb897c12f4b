"""What every filter is: a typed value read from the URL, a condition, a chip, a form.

Every condition compares a column by `=`, IN or a range, because under row-level security only
such leakproof operators may use an index (spec 00).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.safestring import SafeString

from afterclose.ui.escaping import format_html_join
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.paths import restrict

NONE = "none"
BIGGEST = 2**63 - 1


class FilterError(ValueError):
    """A parameter that the filter cannot read: the message says what is wrong with which text."""


class EmptyRange(FilterError):
    """Bounds that no value lies between, such as at least 5 and at most 3."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value on offer."""

    value: str
    label: str


@dataclass(frozen=True)
class Control:
    """What the template of a filter's form gets: named inputs with their current text."""

    template: str
    values: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[Option] = ()
    chosen: frozenset[str] = frozenset()
    options_url: str = ""

    @property
    def options_html(self) -> SafeString:
        """The options of a <select>; written here since there can be a hundred."""
        return format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (o.value, SafeString(" selected") if o.value in self.chosen else "", o.label)
                for o in self.options
            ),
        )


@dataclass(frozen=True)
class Filter:
    """Base. `path` is the ORM path compared (the name unless told); `where` replaces the
    condition: it gets (value, viewer) and returns a Q."""

    name: str
    label: str
    path: str = field(default="", kw_only=True)
    where: Callable[[Any, Any], Q] | None = field(default=None, kw_only=True)
    visible: Callable[[Any], bool] | None = field(default=None, kw_only=True)
    help: str = field(default="", kw_only=True)

    template: ClassVar[str] = ""

    @property
    def read_path(self) -> str:
        """The path that it compares."""
        return self.path or self.name

    @property
    def params(self) -> tuple[str, ...]:
        """The URL parameters that belong to this filter."""
        return (self.name,)

    def parse(self, data: QueryDict, context: ListContext) -> Any:
        """The typed value, or None when the URL does not filter by it. Raises FilterError."""
        raise NotImplementedError

    def condition(self, value: Any, context: ListContext) -> Q:
        """The value as a condition on `read_path`."""
        raise NotImplementedError

    def missing(self, value: Any, context: ListContext) -> tuple[str, Any]:
        """What of the value is not there any more, as a sentence ("" when all is), and the value
        without it (None when nothing is left). Asked once an answer; may read the database."""
        _ = context
        return "", value

    def pairs(self, value: Any) -> list[tuple[str, str]]:
        """The value as canonical URL parameters."""
        raise NotImplementedError

    def describe(self, value: Any, context: ListContext) -> str:
        """The value in words, for the chip."""
        raise NotImplementedError

    def control(self, value: Any, context: ListContext) -> Control:
        """The inputs of its form."""
        raise NotImplementedError

    def asks(self, value: Any, context: ListContext) -> Q | None:
        """All that it asks of a row as one condition, None where `apply` says it in another way."""
        if type(self).apply is not Filter.apply:
            return None
        if self.where is not None:
            return self.where(value, context.viewer)
        return self.condition(value, context)

    def apply(self, rows: QuerySet[Any], value: Any, context: ListContext) -> QuerySet[Any]:
        """The rows that match."""
        if self.where is not None:
            return rows.filter(self.where(value, context.viewer))
        return restrict(rows, self.read_path, self.condition(value, context))


def texts(data: QueryDict, name: str) -> list[str]:
    """The non-empty texts given for a parameter, trimmed, each once."""
    found = [text.strip() for text in data.getlist(name)]
    if any("\x00" in text for text in found):
        raise FilterError("It contains a character that cannot be stored.")
    return list(dict.fromkeys(text for text in found if text))


def one_text(data: QueryDict, name: str) -> str:
    """The last non-empty text given, or empty."""
    return (texts(data, name) or [""])[-1]


def joined(labels: Sequence[str], most: int = 3) -> str:
    """`A, B or C`; beyond `most` the rest is counted."""
    if len(labels) > most:
        return f"{', '.join(labels[:most])} or {len(labels) - most} more"
    return " or ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))
