"""Filters by size: numbers and money between two bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any, ClassVar, override

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import get_language

from afterclose.kit.money import NotAnAmount, exponent, parse_decimal, plain_decimal
from afterclose.ui import formats
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.filters.base import (
    BIGGEST,
    NONE,
    Control,
    EmptyRange,
    Filter,
    FilterError,
    one_text,
)


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds, both included; None = open. `missing`: only rows without a value."""

    low: Any = None
    high: Any = None
    missing: bool = False


def _typed(text: str, what: str = "a number") -> Decimal:
    """A bound as an address holds it in every language, or as people of this one write it."""
    try:
        return plain_decimal(text)
    except NotAnAmount:
        pass
    comma = (get_language() or "en").split("-")[0] not in ("en", "ja", "zh", "ko", "he")
    try:
        return parse_decimal(text, decimal_comma=comma)
    except NotAnAmount:
        raise FilterError(f"“{text[:60]}” is not {what}.") from None


def _minor(bound: Decimal, currency: str) -> Fraction:
    """A bound in minor units, which may lie between two of them."""
    return Fraction(bound) * Fraction(10) ** exponent(currency)


@dataclass(frozen=True)
class NumberRangeFilter(Filter):
    """`?seats_min=10&seats_max=50`, both included; `?seats=none` for rows without a value.
    `scale` turns what people type into what is stored (100 for a percentage in basis points);
    `integer` is False for a float or decimal column."""

    scale: int = field(default=1, kw_only=True)
    integer: bool = field(default=True, kw_only=True)
    unit: str = field(default="", kw_only=True)

    template: ClassVar[str] = "ui/lists/filters/range.html"

    @property
    @override
    def params(self) -> tuple[str, ...]:
        return (f"{self.name}_min", f"{self.name}_max", self.name)

    def read(self, text: str) -> Decimal:
        """A bound from its text, in the units that people type."""
        number = _typed(text)
        if abs(number) * self.scale > BIGGEST:
            raise FilterError(f"“{text[:60]}” is out of range.")
        return number

    @override
    def parse(self, data: QueryDict, context: ListContext) -> Range | None:
        text = one_text(data, self.name)
        if text == NONE:
            return Range(missing=True)
        if text:
            exact = self.read(text)
            return Range(exact, exact)
        bounds = [one_text(data, f"{self.name}_{end}") for end in ("min", "max")]
        if not any(bounds):
            return None
        low, high = (self.read(bound) if bound else None for bound in bounds)
        if low is not None and high is not None and low > high:
            raise EmptyRange(f"{bounds[0]} is more than {bounds[1]}.")
        return Range(low, high)

    def stored(self, value: Decimal, rounding: str) -> Decimal | int:
        """A typed bound in the column's units; between integers, the nearest one inside."""
        scaled = value * self.scale
        return int(scaled.to_integral_value(rounding)) if self.integer else scaled

    @override
    def condition(self, value: Range, context: ListContext) -> Q:
        path = self.read_path
        if value.missing:
            return Q(**{f"{path}__isnull": True})
        found = Q()
        if value.low is not None:
            found &= Q(**{f"{path}__gte": self.stored(value.low, ROUND_CEILING)})
        if value.high is not None:
            found &= Q(**{f"{path}__lte": self.stored(value.high, ROUND_FLOOR)})
        return found

    @override
    def pairs(self, value: Range) -> list[tuple[str, str]]:
        if value.missing:
            return [(self.name, NONE)]
        ends = ((f"{self.name}_min", value.low), (f"{self.name}_max", value.high))
        return [(name, f"{bound:f}") for name, bound in ends if bound is not None]

    def word(self, value: Decimal) -> str:
        """One bound in words."""
        text = formats.number(value, max(0, -int(value.normalize().as_tuple().exponent)))
        return f"{text}{self.unit}"

    @override
    def describe(self, value: Range, context: ListContext) -> str:
        if value.missing:
            return "none"
        if value.low is None:
            return f"{self.word(value.high)} or less"
        if value.high is None:
            return f"{self.word(value.low)} or more"
        if value.low == value.high:
            return self.word(value.low)
        return f"{self.word(value.low)} to {self.word(value.high)}"

    @override
    def control(self, value: Range | None, context: ListContext) -> Control:
        shown = dict(self.pairs(value)) if value else {}
        chosen = frozenset({NONE}) if value and value.missing else frozenset[str]()
        return Control(
            self.template,
            chosen=chosen,
            values={
                "min": shown.get(f"{self.name}_min", ""),
                "max": shown.get(f"{self.name}_max", ""),
            },
        )


@dataclass(frozen=True)
class MoneyRangeFilter(NumberRangeFilter):
    """Amounts in major units of one currency: `?mrr_min=100&mrr_max=5000`. `currency_of` gives
    the currency that bounds are in (the business's), `currency` is the path of the row's
    currency; rows in another currency do not match, because an unconverted comparison lies."""

    currency: str = field(default="", kw_only=True)
    currency_of: Callable[[Any], str] = field(kw_only=True)

    @override
    def read(self, text: str) -> Decimal:
        number = _typed(text, "an amount")
        if abs(number) > BIGGEST // 10_000:
            raise FilterError(f"“{text[:60]}” is out of range.")
        return number

    @override
    def condition(self, value: Range, context: ListContext) -> Q:
        path = self.read_path
        if value.missing:
            return Q(**{f"{path}__isnull": True})
        code = self.currency_of(context.viewer)
        found = Q(**{self.currency: code}) if self.currency else Q()
        if value.low is not None:
            found &= Q(**{f"{path}__gte": math.ceil(_minor(value.low, code))})
        if value.high is not None:
            found &= Q(**{f"{path}__lte": math.floor(_minor(value.high, code))})
        return found

    @override
    def describe(self, value: Range, context: ListContext) -> str:
        text = super().describe(value, context)
        return text if value.missing else f"{text} {self.currency_of(context.viewer)}"
