"""Lists: one declarative component for every list in the product (CS-8, CS-9).

Declare a `List` beside its app's views, answer with `list_view`; apps above add columns and
filters in their `AppConfig.ready()`. `docs/lists.md` shows how.
"""

from afterclose.ui.addresses import url_of
from afterclose.ui.lists.columns import (
    NOTHING,
    BooleanColumn,
    ChoiceColumn,
    Column,
    DateColumn,
    HealthColumn,
    InstantColumn,
    MoneyColumn,
    NumberColumn,
    PersonColumn,
)
from afterclose.ui.lists.context import ListContext, Row
from afterclose.ui.lists.definition import (
    BulkAction,
    BulkPage,
    Empty,
    List,
    ListDeclarationError,
    Selected,
    View,
)
from afterclose.ui.lists.filters import (
    BooleanFilter,
    ChoiceFilter,
    DateRangeFilter,
    Filter,
    FilterError,
    InstantRangeFilter,
    MoneyRangeFilter,
    NumberRangeFilter,
    Option,
    RelationFilter,
    TextFilter,
    TextSearch,
)

__all__ = [
    "NOTHING",
    "BooleanColumn",
    "BooleanFilter",
    "BulkAction",
    "BulkPage",
    "ChoiceColumn",
    "ChoiceFilter",
    "Column",
    "DateColumn",
    "DateRangeFilter",
    "Empty",
    "Filter",
    "FilterError",
    "HealthColumn",
    "InstantColumn",
    "InstantRangeFilter",
    "List",
    "ListContext",
    "ListDeclarationError",
    "MoneyColumn",
    "MoneyRangeFilter",
    "NumberColumn",
    "NumberRangeFilter",
    "Option",
    "PersonColumn",
    "RelationFilter",
    "Row",
    "Selected",
    "TextFilter",
    "TextSearch",
    "View",
    "export_view",
    "list_view",
    "url_of",
]

from afterclose.ui.lists.views import export_view, list_view
