"""The filter by how a text begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

from django.db.models import Q
from django.http import QueryDict

from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.filters.base import NONE, Control, Filter, FilterError, one_text
from afterclose.ui.lists.filters.search import prefix_range


@dataclass(frozen=True)
class TextFilter(Filter):
    """`?partner=acme`: the text begins so, whatever the case; `?partner=none` for rows without
    one. `path` is a key with collation C, `key` brings what was typed into its form."""

    key: Callable[[str], str] = field(default=str.casefold, kw_only=True)

    template: ClassVar[str] = "ui/lists/filters/text.html"

    @override
    def parse(self, data: QueryDict, context: ListContext) -> str | None:
        text = one_text(data, self.name)
        if len(text) > 200:
            raise FilterError("It is longer than 200 characters.")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise FilterError("It contains a character that cannot be stored.")
        return text or None

    @override
    def condition(self, value: str, context: ListContext) -> Q:
        if value == NONE:
            return Q(**{f"{self.read_path}__isnull": True})
        return prefix_range(self.read_path, self.key(value))

    @override
    def pairs(self, value: str) -> list[tuple[str, str]]:
        return [(self.name, value)]

    @override
    def describe(self, value: str, context: ListContext) -> str:
        return "none" if value == NONE else f"begins with “{value}”"

    @override
    def control(self, value: Any, context: ListContext) -> Control:
        missing = value == NONE
        return Control(
            self.template,
            values={"text": "" if missing else value or ""},
            chosen=frozenset({NONE} if missing else ()),
        )
