"""Columns: what a list reads, shows, sorts by and exports.

A column reads ORM paths, so that a list fetches exactly what it shows in one query; there is
no model instance whose attribute could start another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, override

from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString

from afterclose.kit.money import Money
from afterclose.ui import formats
from afterclose.ui.escaping import escape
from afterclose.ui.lists.context import Row
from afterclose.ui.templatetags import ui as tags

Choices = Iterable[tuple[Any, Any]] | type[Any]

NOTHING = SafeString(f'<span class="nothing">{formats.DASH}</span>')


def choice_pairs(choices: Choices) -> list[tuple[Any, str]]:
    """(value, label) pairs of a Django `Choices` class or of plain pairs."""
    pairs = getattr(choices, "choices", choices)
    return [(value, str(label)) for value, label in pairs]


@dataclass(frozen=True)
class Column:
    """One column.

    `path` is what it reads (its name unless told). `sort` is True or the path to sort by; a
    path that is sorted by needs an index (business, path, id). `link` makes the cell a link to
    the row, or to what a callable gives. `optional` columns show only when chosen. `value`
    computes from the row (with `needs` as further paths) for screen and export alike; `render`
    or `template` (context: row, value, column) only changes the screen.
    """

    name: str
    label: str
    path: str = field(default="", kw_only=True)
    sort: bool | str = field(default=False, kw_only=True)
    link: bool | Callable[[Row], str | None] = field(default=False, kw_only=True)
    optional: bool = field(default=False, kw_only=True)
    needs: tuple[str, ...] = field(default=(), kw_only=True)
    value: Callable[[Row], Any] | None = field(default=None, kw_only=True)
    render: Callable[[Row, Any], SafeString] | None = field(default=None, kw_only=True)
    template: str = field(default="", kw_only=True)
    visible: Callable[[Any], bool] | None = field(default=None, kw_only=True)
    help: str = field(default="", kw_only=True)

    # Right-aligned; how its two orders are called; which of them a first click gives.
    numeric: ClassVar[bool] = False
    orders: ClassVar[tuple[str, str]] = ("A to Z", "Z to A")
    starts_descending: ClassVar[bool] = False

    @property
    def sort_path(self) -> str:
        """The path it sorts by, empty when it cannot be sorted."""
        if self.sort is True:
            return self.read_path
        return self.sort or ""

    @property
    def read_path(self) -> str:
        """The path that it reads."""
        return self.path or self.name

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that the column needs in a row."""
        if self.value is not None:
            return self.needs
        return (self.read_path, *self.needs)

    def read(self, row: Row) -> Any:
        """The plain value of the column in this row."""
        return self.value(row) if self.value is not None else row[self.read_path]

    def show(self, row: Row) -> SafeString:
        """The cell as it stands on the screen (without the link)."""
        value = self.read(row)
        if self.render is not None:
            return self.render(row, value)
        if self.template:
            context = {"row": row, "value": value, "column": self}
            return SafeString(get_template(self.template).render(context))
        if value is None or value == "":
            return NOTHING
        return self.format(value)

    def format(self, value: Any) -> SafeString:
        """How a value that is there is written on the screen."""
        return SafeString(escape(value))

    def headers(self) -> list[str]:
        """The export's headings (money has two: amount and currency)."""
        return [self.label]

    def cells(self, row: Row) -> list[Any]:
        """The export's values: plain, typed, unformatted."""
        return [self.plain(self.read(row))]

    def plain(self, value: Any) -> Any:
        """One exported value."""
        return value


@dataclass(frozen=True)
class NumberColumn(Column):
    """A count or measure, right-aligned, grouped; `places` decimals, `suffix` such as `%`."""

    places: int | None = field(default=None, kw_only=True)
    suffix: str = field(default="", kw_only=True)

    numeric: ClassVar[bool] = True
    orders: ClassVar[tuple[str, str]] = ("lowest first", "highest first")
    starts_descending: ClassVar[bool] = True

    @override
    def format(self, value: Any) -> SafeString:
        return SafeString(tags.number(value, self.places, self.suffix))


@dataclass(frozen=True)
class HealthColumn(Column):
    """A health score of 0 to 100: the ring with number and word."""

    orders: ClassVar[tuple[str, str]] = ("lowest first", "highest first")

    @override
    def format(self, value: Any) -> SafeString:
        return SafeString(tags.health_ring(value, size="sm"))


@dataclass(frozen=True)
class MoneyColumn(Column):
    """Money from two paths: `amount` (integer minor units) and `currency` (ISO code), or a
    fixed currency as `currency_code`. `total` sums it per currency over all rows found."""

    amount: str = field(default="", kw_only=True)
    currency: str = field(default="", kw_only=True)
    currency_code: str = field(default="", kw_only=True)
    total: bool = field(default=False, kw_only=True)
    parentheses: bool = field(default=False, kw_only=True)

    numeric: ClassVar[bool] = True
    orders: ClassVar[tuple[str, str]] = ("lowest first", "highest first")
    starts_descending: ClassVar[bool] = True

    @property
    @override
    def read_path(self) -> str:
        return self.amount or self.path or self.name

    @property
    @override
    def paths(self) -> tuple[str, ...]:
        if self.value is not None:
            return self.needs
        return tuple(path for path in (self.read_path, self.currency, *self.needs) if path)

    @override
    def read(self, row: Row) -> Money | None:
        if self.value is not None:
            money: Money | None = self.value(row)
            return money
        minor = row[self.read_path]
        code = row[self.currency] if self.currency else self.currency_code
        return None if minor is None or not code else Money(int(minor), code)

    @override
    def format(self, value: Money) -> SafeString:
        return SafeString(tags.money(value, accounting=self.parentheses))

    @override
    def headers(self) -> list[str]:
        return [self.label, f"{self.label} currency"]

    @override
    def cells(self, row: Row) -> list[Any]:
        money = self.read(row)
        return [None, None] if money is None else [money.amount, money.currency]


@dataclass(frozen=True)
class DateColumn(Column):
    """A calendar date."""

    orders: ClassVar[tuple[str, str]] = ("earliest first", "latest first")

    @override
    def format(self, value: date) -> SafeString:
        return SafeString(tags.day(value))


@dataclass(frozen=True)
class InstantColumn(Column):
    """An instant, shown as a date in the active time zone with the exact time on hover."""

    orders: ClassVar[tuple[str, str]] = ("earliest first", "latest first")
    starts_descending: ClassVar[bool] = True

    @override
    def format(self, value: datetime) -> SafeString:
        return SafeString(tags.when(value))

    @override
    def plain(self, value: datetime | None) -> datetime | None:
        return None if value is None else timezone.localtime(value)


@dataclass(frozen=True)
class BooleanColumn(Column):
    """Yes or no, as words; `yes`/`no` rename them, an empty word shows as a dash."""

    yes: str = field(default="Yes", kw_only=True)
    no: str = field(default="No", kw_only=True)

    @override
    def format(self, value: Any) -> SafeString:
        word = self.yes if value else self.no
        return SafeString(escape(word)) if word else NOTHING

    @override
    def plain(self, value: Any) -> str | None:
        return None if value is None else (self.yes if value else self.no)


@dataclass(frozen=True)
class ChoiceColumn(Column):
    """One of few values, shown as a badge with its label. `tones` maps a value to a tone of
    `ui` badges: neutral, good, warn, bad, info, accent."""

    choices: Choices = field(default=(), kw_only=True)
    tones: Mapping[Any, str] = field(default_factory=dict, kw_only=True)

    def label_of(self, value: Any) -> str:
        """The label of a value; a value that is no longer a choice shows as itself."""
        return next(
            (label for known, label in choice_pairs(self.choices) if known == value), str(value)
        )

    @override
    def format(self, value: Any) -> SafeString:
        return tags.badge(self.label_of(value), tone=self.tones.get(value, "neutral"))

    @override
    def plain(self, value: Any) -> str | None:
        return None if value in (None, "") else self.label_of(value)


@dataclass(frozen=True)
class PersonColumn(Column):
    """A member's name with initials."""

    @override
    def format(self, value: Any) -> SafeString:
        return SafeString(tags.person(str(value)))
