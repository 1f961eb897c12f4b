"""Filters by time: explicit days, or a period that moves with today."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, override

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from afterclose.kit import clock
from afterclose.ui import formats
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.filters.base import (
    NONE,
    Control,
    EmptyRange,
    Filter,
    FilterError,
    Option,
    one_text,
)

_RELATIVE = re.compile(r"(next|last)-(\d{1,4})")
_NAMED = {
    "today": "today",
    "past": "in the past",
    "this-week": "this week",
    "this-month": "this month",
    "next-month": "next month",
    "last-month": "last month",
    "this-year": "this year",
}


def _month(day: date, plus: int = 0) -> date:
    months = day.year * 12 + day.month - 1 + plus
    return date(months // 12, months % 12 + 1, 1)


def named_period(word: str, today: date) -> tuple[date | None, date] | None:
    """The half-open period that a word stands for: `next-90` is today and the 90 days after,
    `last-30` the 30 days that end with today. None for a word that is no period."""
    relative = _RELATIVE.fullmatch(word)
    if relative:
        days = int(relative[2])
        if relative[1] == "next":
            return today, today + timedelta(days=days + 1)
        return today - timedelta(days=days - 1), today + timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    periods: dict[str, tuple[date | None, date]] = {
        "today": (today, today + timedelta(days=1)),
        "past": (None, today),
        "this-week": (monday, monday + timedelta(days=7)),
        "this-month": (_month(today), _month(today, 1)),
        "next-month": (_month(today, 1), _month(today, 2)),
        "last-month": (_month(today, -1), _month(today)),
        "this-year": (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    }
    return periods.get(word)


@dataclass(frozen=True, slots=True)
class Span:
    """Dates: `word` (a period relative to today, or `none`), or explicit days, both included."""

    word: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class DateRangeFilter(Filter):
    """`?renews_on_from=2026-01-01&renews_on_to=2026-03-31` (both included), or a period that
    moves with today: `?renews_on=next-90`, `last-30`, `today`, `past`, `this-month`, `none`."""

    presets: Sequence[str] = field(
        default=("today", "next-30", "next-90", "last-30", "last-90", "this-month", "past", NONE),
        kw_only=True,
    )
    template: ClassVar[str] = "ui/lists/filters/date.html"

    @property
    @override
    def params(self) -> tuple[str, ...]:
        return (self.name, f"{self.name}_from", f"{self.name}_to")

    @override
    def parse(self, data: QueryDict, context: ListContext) -> Span | None:
        days = [self._day(one_text(data, f"{self.name}_{end}")) for end in ("from", "to")]
        if any(days):
            if days[0] and days[1] and days[0] > days[1]:
                raise EmptyRange(f"{days[0]} is after {days[1]}.")
            return Span(first=days[0], last=days[1])
        word = one_text(data, self.name)
        if not word:
            return None
        if word != NONE and named_period(word, context.today) is None:
            raise FilterError(f"“{word[:60]}” is not a period, such as next-90 or this-month.")
        return Span(word=word)

    @staticmethod
    def _day(text: str) -> date | None:
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise FilterError(f"“{text[:60]}” is not a date like 2026-01-31.") from None
        if not clock.is_plausible(day):
            raise FilterError(f"“{text[:60]}” is out of range.")
        return day

    def period(self, value: Span, context: ListContext) -> tuple[date | None, date | None]:
        """The half-open period of days."""
        if value.word:
            return named_period(value.word, context.today) or (None, None)
        return value.first, value.last + timedelta(days=1) if value.last else None

    def bound(self, day: date) -> Any:
        """A day as the column's type."""
        return day

    @override
    def condition(self, value: Span, context: ListContext) -> Q:
        path = self.read_path
        if value.word == NONE:
            return Q(**{f"{path}__isnull": True})
        start, end = self.period(value, context)
        found = Q()
        if start is not None:
            found &= Q(**{f"{path}__gte": self.bound(start)})
        if end is not None:
            found &= Q(**{f"{path}__lt": self.bound(end)})
        return found

    @override
    def pairs(self, value: Span) -> list[tuple[str, str]]:
        if value.word:
            return [(self.name, value.word)]
        ends = ((f"{self.name}_from", value.first), (f"{self.name}_to", value.last))
        return [(name, day.isoformat()) for name, day in ends if day]

    @staticmethod
    def words(word: str) -> str:
        """A relative period in words."""
        if word == NONE:
            return "no date"
        relative = _RELATIVE.fullmatch(word)
        return f"{relative[1]} {relative[2]} days" if relative else _NAMED.get(word, word)

    @override
    def describe(self, value: Span, context: ListContext) -> str:
        if value.word:
            return self.words(value.word)
        first, last = (formats.day(day) if day else "" for day in (value.first, value.last))
        if first and last:
            return first if first == last else f"{first} to {last}"
        return f"from {first}" if first else f"until {last}"

    @override
    def control(self, value: Span | None, context: ListContext) -> Control:
        value = value or Span()
        words = [*self.presets, *([value.word] if value.word not in ("", *self.presets) else [])]
        return Control(
            self.template,
            values={
                "from": value.first.isoformat() if value.first else "",
                "to": value.last.isoformat() if value.last else "",
            },
            options=[Option(word, self.words(word).capitalize()) for word in words],
            chosen=frozenset({value.word} if value.word else ()),
        )


@dataclass(frozen=True)
class InstantRangeFilter(DateRangeFilter):
    """Like DateRangeFilter over an `_at` column: days are those of the active time zone."""

    presets: Sequence[str] = field(
        default=("today", "this-week", "last-7", "last-30", "last-90", "this-month", NONE),
        kw_only=True,
    )

    @override
    def bound(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
