"""The filter by related rows, such as the owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

from django.db.models import Q
from django.http import QueryDict

from afterclose.kit.digits import whole_number
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.filters.base import (
    NONE,
    Control,
    Filter,
    FilterError,
    Option,
    joined,
    texts,
)

OptionSource = Callable[[Any, str, int], Sequence[Option]]


@dataclass(frozen=True)
class RelationFilter(Filter):
    """Any of some related rows by id: `?owner=12&owner=none`.

    `options(viewer, text, limit)` offers them (text is what was typed, may be empty);
    `labels(viewer, values)` names the chosen ones where they may lie beyond the first hundred
    options. Options load as one types when there are more than `limit`.
    """

    options: OptionSource = field(kw_only=True)
    labels: Callable[[Any, Sequence[str]], Mapping[str, str]] | None = field(
        default=None, kw_only=True
    )
    empty: str = field(default="None", kw_only=True)
    limit: int = field(default=100, kw_only=True)
    # What the rows are, where they can be deleted ("tag"): an id without a label is told then.
    thing: str = field(default="", kw_only=True)

    template: ClassVar[str] = "ui/lists/filters/relation.html"

    @override
    def parse(self, data: QueryDict, context: ListContext) -> tuple[str, ...] | None:
        given = texts(data, self.name)
        for text in given:
            if text == NONE and self.empty:
                continue
            if whole_number(text) is None:
                raise FilterError(f"“{text[:60]}” is not a number of a row.")
        return tuple(NONE if text == NONE else str(int(text)) for text in given)[:100] or None

    @override
    def missing(
        self, value: tuple[str, ...], context: ListContext
    ) -> tuple[str, tuple[str, ...] | None]:
        if not self.thing:
            return "", value
        names = self._labels(value, self._offered(context), context)
        lost = [text for text in value if text not in names]
        rest = tuple(text for text in value if text in names)
        return self._lost(lost), rest or None

    def _lost(self, lost: Sequence[str]) -> str:
        if not lost:
            return ""
        if len(lost) == 1:
            return f"The {self.thing} that it names is not there any more."
        return f"{len(lost)} of the {self.thing}s that it names are not there any more."

    @override
    def condition(self, value: tuple[str, ...], context: ListContext) -> Q:
        ids = [int(text) for text in value if text != NONE]
        found = Q(**{f"{self.read_path}__in": ids}) if ids else Q()
        if NONE in value:
            found |= Q(**{f"{self.read_path}__isnull": True})
        return found

    @override
    def pairs(self, value: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(self.name, text) for text in value]

    def _offered(self, context: ListContext) -> list[Option]:
        key = (self.options, self.limit)
        if key not in context.memo:
            context.memo[key] = list(self.options(context.viewer, "", self.limit + 1))
        found: list[Option] = context.memo[key]
        return found

    def _labels(
        self, value: tuple[str, ...], offered: Sequence[Option], context: ListContext
    ) -> dict[str, str]:
        names = {option.value: option.label for option in offered} | {NONE: self.empty}
        unknown = [text for text in value if text not in names]
        if unknown and self.labels is not None:
            names |= self.labels(context.viewer, unknown)
        return names

    @override
    def describe(self, value: tuple[str, ...], context: ListContext) -> str:
        names = self._labels(value, self._offered(context), context)
        return joined([names.get(text, f"number {text}") for text in value])

    @override
    def control(self, value: tuple[str, ...] | None, context: ListContext) -> Control:
        offered = self._offered(context)
        names = self._labels(value or (), offered, context)
        shown = offered[: self.limit]
        known = {option.value for option in shown}
        chosen = [
            Option(text, names.get(text, f"number {text}"))
            for text in value or ()
            if text not in known and text != NONE
        ]
        empty = [Option(NONE, self.empty)] if self.empty else []
        return Control(
            self.template,
            options=[*empty, *chosen, *shown],
            chosen=frozenset(value or ()),
            options_url=self.name if len(offered) > self.limit else "",
        )
