"""Filters with few values: one of a list, yes or no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, override

from django.db.models import Q
from django.http import QueryDict

from afterclose.ui.lists.columns import Choices, choice_pairs
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.filters.base import (
    NONE,
    Control,
    Filter,
    FilterError,
    Option,
    joined,
    one_text,
    texts,
)


@dataclass(frozen=True)
class ChoiceFilter(Filter):
    """Any of the chosen values: `?stage=active&stage=renewal`. `empty` names the choice for
    rows without a value (`?stage=none`)."""

    choices: Choices = field(default=(), kw_only=True)
    empty: str = field(default="", kw_only=True)

    template: ClassVar[str] = "ui/lists/filters/choice.html"

    def _values(self) -> dict[str, Any]:
        return {str(value): value for value, _ in choice_pairs(self.choices)}

    def options(self) -> list[Option]:
        """What can be chosen."""
        found = [Option(str(value), label) for value, label in choice_pairs(self.choices)]
        return [*found, Option(NONE, self.empty)] if self.empty else found

    @override
    def parse(self, data: QueryDict, context: ListContext) -> tuple[str, ...] | None:
        given = texts(data, self.name)
        allowed = [option.value for option in self.options()]
        for text in given:
            if text not in allowed:
                raise FilterError(f"“{text[:60]}” is not one of its values.")
        return tuple(value for value in allowed if value in given) or None

    @override
    def condition(self, value: tuple[str, ...], context: ListContext) -> Q:
        typed = self._values()
        wanted = [typed[text] for text in value if text in typed]
        found = Q(**{f"{self.read_path}__in": wanted}) if wanted else Q()
        if self.empty and NONE in value:
            found |= Q(**{f"{self.read_path}__isnull": True})
        return found

    @override
    def pairs(self, value: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(self.name, text) for text in value]

    @override
    def describe(self, value: tuple[str, ...], context: ListContext) -> str:
        labels = {option.value: option.label for option in self.options()}
        return joined([labels[text] for text in value])

    @override
    def control(self, value: tuple[str, ...] | None, context: ListContext) -> Control:
        return Control(self.template, options=self.options(), chosen=frozenset(value or ()))


@dataclass(frozen=True)
class BooleanFilter(Filter):
    """`?at_risk=yes` or `?at_risk=no`; `yes`/`no` are the words shown."""

    yes: str = field(default="Yes", kw_only=True)
    no: str = field(default="No", kw_only=True)

    template: ClassVar[str] = "ui/lists/filters/boolean.html"

    @override
    def parse(self, data: QueryDict, context: ListContext) -> bool | None:
        text = one_text(data, self.name).lower()
        if not text:
            return None
        if text in ("yes", "true", "1"):
            return True
        if text in ("no", "false", "0"):
            return False
        raise FilterError(f"“{text[:60]}” is neither yes nor no.")

    @override
    def condition(self, value: bool, context: ListContext) -> Q:
        return Q(**{self.read_path: value})

    @override
    def pairs(self, value: bool) -> list[tuple[str, str]]:
        return [(self.name, "yes" if value else "no")]

    @override
    def describe(self, value: bool, context: ListContext) -> str:
        return self.yes if value else self.no

    @override
    def control(self, value: bool | None, context: ListContext) -> Control:
        chosen = frozenset() if value is None else frozenset({"yes" if value else "no"})
        return Control(
            self.template, chosen=chosen, options=[Option("yes", self.yes), Option("no", self.no)]
        )
