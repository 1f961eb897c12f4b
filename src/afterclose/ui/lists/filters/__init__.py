"""Filters: how a URL parameter becomes a typed value, a condition and a chip."""

from afterclose.ui.lists.filters.base import (
    BIGGEST,
    NONE,
    Control,
    EmptyRange,
    Filter,
    FilterError,
    Option,
)
from afterclose.ui.lists.filters.choices import BooleanFilter, ChoiceFilter
from afterclose.ui.lists.filters.dates import DateRangeFilter, InstantRangeFilter
from afterclose.ui.lists.filters.ranges import MoneyRangeFilter, NumberRangeFilter
from afterclose.ui.lists.filters.relations import RelationFilter
from afterclose.ui.lists.filters.search import TextSearch
from afterclose.ui.lists.filters.texts import TextFilter

__all__ = [
    "BIGGEST",
    "NONE",
    "BooleanFilter",
    "ChoiceFilter",
    "Control",
    "DateRangeFilter",
    "EmptyRange",
    "Filter",
    "FilterError",
    "InstantRangeFilter",
    "MoneyRangeFilter",
    "NumberRangeFilter",
    "Option",
    "RelationFilter",
    "TextFilter",
    "TextSearch",
]
