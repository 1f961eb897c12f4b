"""What an importer can take in: fields, and how a cell becomes a field's value.

No database here: what a row means depends on the mapping and the run's settings alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from afterclose.accounts.imports.countries import country_code
from afterclose.kit.clock import FIRST_YEAR, LAST_YEAR, is_plausible, local_instant, zone
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.tabular import (
    BadValue,
    Cell,
    DateOrder,
    Row,
    cell_text,
    normalise_header,
    parse_date,
    parse_flag,
    parse_instant,
    parse_integer,
    parse_number,
)
from afterclose.kit.tabular.values import is_missing
from afterclose.kit.tabular.writing import restore

Reader = Callable[[Cell, "Field", "Reading"], Any]

LARGEST_INTEGER = Decimal(2_147_483_647)
LARGEST_AMOUNT = Decimal(10) ** 15

# What a formula that went wrong leaves in its cell; "#N/A" counts as nothing.
SPREADSHEET_ERRORS = frozenset({"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"})


# "ftp://", "javascript:", "mailto:", but not the port of "example.com:8080".
_OTHER_SCHEME = re.compile(r"(?!https?://)[a-z][a-z0-9+.-]*:(?!\d+(/|$))", re.IGNORECASE)


class FieldType(StrEnum):
    """How the cells of a field are read."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    MONEY = "money"
    CURRENCY = "currency"
    DATE = "date"
    INSTANT = "date and time"
    FLAG = "yes or no"
    CHOICE = "choice"
    COUNTRY = "country"
    EMAIL = "e-mail"
    URL = "web address"
    REFERENCE = "id"


@dataclass(frozen=True, slots=True)
class Field:
    """A target field of an importer.

    `aliases` are normalised headings that mean it; `choices` maps normalised words of a file
    to stored values, `labels` those to what people call them; `minimum` bounds numbers. An
    empty cell leaves what is stored, except with `blank_clears`. `tells_newest` marks dates of
    things that have happened: the newest of them is what a date shift moves to yesterday.
    `stands_in` names another field whose column is guessed when this one has none. Of a field
    that `may_be_blank` a column is required, and its importer says what a row without a value is.
    """

    name: str
    label: str
    type: FieldType = FieldType.TEXT
    required: bool = False
    aliases: tuple[str, ...] = ()
    help: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    max_length: int = 200
    minimum: int | None = None
    blank_clears: bool = False
    tells_newest: bool = False
    stands_in: str = ""
    may_be_blank: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of one run are read; `shift_days` moves every date and instant. Text that is
    a formula to a spreadsheet has an apostrophe in our CSV files (`is_neutralised`)."""

    date_order: DateOrder = "ymd"
    decimal_comma: bool = False
    time_zone: str = "UTC"
    shift_days: int = 0
    is_neutralised: bool = True
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """One row on its way in. `values` holds what the file says, by field; `data` what is to be
    stored, by column; `stored` the row found in the database; `changes` what would change."""

    line: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    stored: dict[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    fault: str = ""
    repeats_line: int | None = None
    outcome: str = ""
    # Fields whose cell is no text but a number (or a date): a workbook keeps more decimals of
    # what it computed than it shows.
    computed: set[str] = field(default_factory=set)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against taking the row in."""
        return not self.reasons and self.repeats_line is None

    @property
    def is_written(self) -> bool:
        """Whether the row is inserted or changed."""
        return self.outcome in ("created", "updated")

    def reject(self, reason: str, fault: str = "") -> None:
        """Keep the row out, with a reason for the person; the first fault names the field."""
        self.reasons.append(reason)
        self.fault = self.fault or fault

    def get(self, name: str) -> Any:
        """The file's value for a field, None where it says nothing."""
        return self.values.get(name)

    def says(self, name: str) -> bool:
        """Whether the file says something about the field (perhaps that it is empty)."""
        return name in self.values


# Cells repeat (dates, plans, countries, yes and no): what a cell means is kept this often.
REMEMBERED = 20_000


class Converter:
    """Turns the rows of one run into records: every mapped cell in its field's type, or a
    reason why not.

    `columns` maps field names to positions. All faults of a row are told, not just the first.
    """

    def __init__(
        self, fields: Sequence[Field], columns: Mapping[str, int], reading: Reading
    ) -> None:
        self._reading = reading
        self._targets: list[tuple[Field, int | None, Reader, dict[str, Any]]] = [
            (target, columns.get(target.name), READERS[target.type], {})
            for target in fields
            if target.required or target.name in columns
        ]
        self._labels = {target.name: target.label for target in fields}

    def convert(self, row: Row) -> Record:
        """One row as a record."""
        record = Record(row.line, [cell_text(cell) for cell in row.cells], labels=self._labels)
        if row.error is not None:
            record.reject(row.error)
            return record
        for target, position, read, known in self._targets:
            cell = row.cells[position] if position is not None else None
            if isinstance(cell, str):
                if cell in known:
                    record.values[target.name] = known[cell]
                    continue
                stripped: Cell = cell.strip()
                if self._reading.is_neutralised:
                    stripped = restore(cell.strip())
            else:
                stripped = cell
            if is_missing(stripped):
                if target.required and not target.may_be_blank:
                    record.reject(f"{target.label} is missing.", target.name)
                elif target.blank_clears and position is not None:
                    record.values[target.name] = None
                continue
            try:
                value = read(stripped, target, self._reading)
            except BadValue as problem:
                record.reject(f"{target.label}: {problem}", target.name)
                continue
            record.values[target.name] = value
            if not isinstance(cell, str):
                record.computed.add(target.name)
            elif len(known) < REMEMBERED:
                known[cell] = value
        return record


def _text(cell: Cell, target: Field, _reading: Reading) -> str:
    text = cell_text(cell).strip()
    if "\x00" in text:
        raise BadValue("it contains a zero character.")
    if text in SPREADSHEET_ERRORS:
        raise BadValue(f"the cell holds the error {text} of a spreadsheet.")
    if len(text) > target.max_length:
        raise BadValue(f"it has {len(text)} characters; at most {target.max_length} fit.")
    return text


def _within(number: Decimal, target: Field, largest: Decimal) -> None:
    if target.minimum is not None and number < target.minimum:
        below = "is negative" if target.minimum == 0 else f"is below {target.minimum}"
        raise BadValue(f"{number} {below}.")
    if abs(number) > largest:
        raise BadValue(f"{number} is too large.")


def _integer(cell: Cell, target: Field, reading: Reading) -> int:
    number = parse_integer(cell, decimal_comma=reading.decimal_comma) or 0
    _within(Decimal(number), target, LARGEST_INTEGER)
    return number


def _number(cell: Cell, target: Field, reading: Reading) -> Decimal:
    number = parse_number(cell, decimal_comma=reading.decimal_comma) or Decimal(0)
    _within(number, target, LARGEST_AMOUNT)
    return number


def _currency(cell: Cell, _target: Field, _reading: Reading) -> str:
    code = cell_text(cell).strip().upper()
    if code not in EXPONENTS:
        raise BadValue(f"“{code}” is not a currency code such as USD or EUR.")
    return code


def _implausible(cell: Cell) -> BadValue:
    return BadValue(f"“{cell_text(cell)}” is not between the years {FIRST_YEAR} and {LAST_YEAR}.")


def _date(cell: Cell, _target: Field, reading: Reading) -> date:
    day = parse_date(cell, order=reading.date_order)
    assert day is not None  # noqa: S101  # empty cells were sorted out before
    if not is_plausible(day):
        raise _implausible(cell)
    return day + timedelta(days=reading.shift_days)


def _instant(cell: Cell, _target: Field, reading: Reading) -> datetime:
    instant = parse_instant(cell, order=reading.date_order, time_zone=reading.time_zone)
    assert instant is not None  # noqa: S101
    if not is_plausible(instant.date()):
        raise _implausible(cell)
    if not reading.shift_days:
        return instant
    # Whole local days, so that nine o'clock stays nine o'clock over a clock change.
    wall = instant.astimezone(zone(reading.time_zone)).replace(tzinfo=None)
    return local_instant(wall + timedelta(days=reading.shift_days), reading.time_zone)


def _flag(cell: Cell, _target: Field, _reading: Reading) -> bool:
    return bool(parse_flag(cell))


def _choice(cell: Cell, target: Field, reading: Reading) -> str:
    word = normalise_header(cell_text(cell))
    chosen = reading.values.get(target.name, {}).get(word) or target.choices.get(word)
    if chosen is None:
        stored = dict.fromkeys(target.choices.values())
        known = ", ".join(target.labels.get(each, each) for each in stored)
        raise BadValue(f"“{cell_text(cell)}” is not one of {known}.")
    return chosen


def _country(cell: Cell, _target: Field, _reading: Reading) -> str:
    code = country_code(cell_text(cell))
    if code is None:
        raise BadValue(f"“{cell_text(cell)}” is not a country.")
    return code


def _email(cell: Cell, target: Field, reading: Reading) -> str:
    address = _text(cell, target, reading).lower().removeprefix("mailto:")
    try:
        validate_email(address)
    except ValidationError:
        raise BadValue(f"“{address}” is not an e-mail address.") from None
    return address


def _url(cell: Cell, target: Field, reading: Reading) -> str:
    address = _text(cell, target, reading)
    if _OTHER_SCHEME.match(address):
        raise BadValue(f"“{address}” does not begin with https:// or http://.")
    if not re.match(r"https?://", address, re.IGNORECASE):
        address = "https://" + address
    if not re.fullmatch(r"https?://[^\s/$.?#][^\s]*", address, re.IGNORECASE):
        raise BadValue(f"“{address}” is not a web address.")
    return address


READERS: dict[FieldType, Reader] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _number,
    FieldType.CURRENCY: _currency,
    FieldType.DATE: _date,
    FieldType.INSTANT: _instant,
    FieldType.FLAG: _flag,
    FieldType.CHOICE: _choice,
    FieldType.COUNTRY: _country,
    FieldType.EMAIL: _email,
    FieldType.URL: _url,
    FieldType.REFERENCE: _text,
}
