"""Cells into values. A cell from CSV is text; one from XLSX may already have a type.

Every function returns None for an empty cell and raises `BadValue` with a message fit
for the person who sent the file.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from afterclose.kit.clock import local_instant
from afterclose.kit.money import NotAnAmount, parse_decimal

Cell = str | int | bool | Decimal | date | datetime | None

DateOrder = Literal["ymd", "dmy", "mdy"]

ORDER_WORDS: dict[DateOrder, str] = {
    "ymd": "year-month-day",
    "dmy": "day-month-year",
    "mdy": "month-day-year",
}

MISSING = frozenset({"", "-", "n/a", "na", "null", "none", "#n/a", "nan", "nat"})


class BadValue(ValueError):
    """A cell that cannot be what its column is."""


def is_missing(cell: Cell) -> bool:
    """Nothing, blanks, or one of the words that exports write for nothing (NULL, N/A, -)."""
    if isinstance(cell, str):
        return not cell or (len(cell) < 8 and cell.strip().casefold() in MISSING)
    return cell is None


# ---------------------------------------------------------------- numbers and flags


def parse_number(cell: Cell, *, decimal_comma: bool = False) -> Decimal | None:
    """An exact number from text such as `1,234.50`, `(12)`, `€ 5` or a typed cell."""
    if is_missing(cell):
        return None
    if isinstance(cell, bool | date):
        raise BadValue(f"“{cell}” is not a number.")
    if isinstance(cell, int | Decimal):
        return Decimal(cell)
    text = str(cell).strip()
    try:
        if text.endswith("%"):
            return parse_decimal(text[:-1], decimal_comma=decimal_comma) / 100
        return parse_decimal(text, decimal_comma=decimal_comma)
    except NotAnAmount:
        raise BadValue(f"“{_short(text)}” is not a number.") from None


def parse_integer(cell: Cell, *, decimal_comma: bool = False) -> int | None:
    """A whole number; `12.0` is one, `12.5` is not."""
    number = parse_number(cell, decimal_comma=decimal_comma)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise BadValue(f"“{cell}” is not a whole number.")
    return int(number)


_YES = frozenset({"true", "t", "yes", "y", "1", "x", "on", "ja", "oui", "si", "sí"})
_NO = frozenset({"false", "f", "no", "n", "0", "off", "nein", "non"})


def parse_flag(cell: Cell) -> bool | None:
    """Yes or no, as TRUE/FALSE, yes/no, 1/0, y/n, x."""
    if isinstance(cell, bool):
        return cell
    if is_missing(cell):
        return None
    word = str(cell).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadValue(f"“{_short(str(cell))}” is neither yes nor no.")


# ---------------------------------------------------------------- dates and instants

_MONTH_NAMES = (
    "january february march april may june july august september october november december"
)
_MONTHS = {
    name: number
    for number, full in enumerate(re.findall(r"\w+", _MONTH_NAMES), start=1)
    for name in (full, full[:3], "sept" if full == "september" else full)
}
_TIME = (
    r"(?:[T ,]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d+))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?"
)
_ISO = re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})" + _TIME)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})" + _TIME)
_NUMERIC = re.compile(
    r"(?P<a>\d{1,2})(?P<s>[-/. ])\s?(?P<b>\d{1,2})(?P=s)\s?(?P<y>\d{4}|\d{2})" + _TIME
)
_NAMED_DAY_FIRST = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[-/. ]*(?P<name>[A-Za-z]{3,9})\.?,?[-/. ]*(?P<y>\d{4}|\d{2})"
    + _TIME
)
_NAMED_MONTH_FIRST = re.compile(
    r"(?P<name>[A-Za-z]{3,9})\.?[-/. ]*(?P<d>\d{1,2})(?:st|nd|rd|th)?,?[-/. ]+(?P<y>\d{4}|\d{2})"
    + _TIME
)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _year(text: str) -> int:
    """Two digits mean 1970 to 2069, as in spreadsheets' neighbourhood of today."""
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year < 70 else 1900)
    return year


def _calendar(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        if not 1 <= month <= 12:
            raise BadValue(f"“{text}” is not a date: there is no month {month}.") from None
        if not 1 <= year <= 9999:
            raise BadValue(f"“{text}” is not a date: there is no year {year}.") from None
        name = date(2000, month, 1).strftime("%B")
        raise BadValue(f"“{text}” is not a date: {name} {year} has no day {day}.") from None


def _clock_time(text: str, match: re.Match[str]) -> tuple[time, timezone | None] | None:
    if match["hour"] is None:
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise BadValue(f"“{text}” has no valid time.")
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    micro = int((match["part"] or "0")[:6].ljust(6, "0"))
    try:
        clock = time(hour, minute, min(second, 59), micro)
    except ValueError:
        raise BadValue(f"“{text}” has no valid time.") from None
    zone = match["zone"]
    if zone is None:
        return clock, None
    if zone in ("Z", "UTC", "GMT"):
        return clock, UTC
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    if offset >= timedelta(hours=24):
        raise BadValue(f"“{text}” has no valid time zone.")
    return clock, timezone(-offset if zone[0] == "-" else offset)


@lru_cache(maxsize=65_536)
def read_date_text(text: str, order: DateOrder) -> tuple[date, time | None, timezone | None]:
    """Date, time and zone as written. A year that comes first is always year-month-day,
    a month by name needs no order; `order` decides the rest. Raises `BadValue`."""
    stripped = text.strip()
    if match := _ISO.fullmatch(stripped) or _COMPACT.fullmatch(stripped):
        day = _calendar(stripped, int(match["y"]), int(match["m"]), int(match["d"]))
    elif match := _NUMERIC.fullmatch(stripped):
        first, second, third = match["a"], match["b"], match["y"]
        if order == "ymd":
            if len(third) == 4:
                raise BadValue(
                    f"“{_short(stripped)}” is not a {ORDER_WORDS['ymd']} date. "
                    "Check the date order of the file."
                )
            day = _calendar(stripped, _year(first.zfill(2)), int(second), int(third))
        elif order == "dmy":
            day = _calendar(stripped, _year(third), int(second), int(first))
        else:
            day = _calendar(stripped, _year(third), int(first), int(second))
    elif match := _NAMED_DAY_FIRST.fullmatch(stripped) or _NAMED_MONTH_FIRST.fullmatch(stripped):
        month = _MONTHS.get(match["name"].casefold())
        if month is None:
            raise BadValue(f"“{_short(stripped)}” is not a date.")
        day = _calendar(stripped, _year(match["y"]), month, int(match["d"]))
    else:
        raise BadValue(f"“{_short(stripped)}” is not a date.")
    clock = _clock_time(stripped, match)
    return (day, None, None) if clock is None else (day, *clock)


def parse_date(cell: Cell, *, order: DateOrder) -> date | None:
    """The calendar date; a time of day after it is dropped."""
    if is_missing(cell):
        return None
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if not isinstance(cell, str):
        raise BadValue(f"“{cell}” is not a date.")
    return read_date_text(cell, order)[0]


def parse_instant(cell: Cell, *, order: DateOrder, time_zone: str) -> datetime | None:
    """An aware UTC instant. Without a zone in the cell it is wall-clock time in `time_zone`;
    without a time of day it is the start of that day."""
    if is_missing(cell):
        return None
    if isinstance(cell, datetime):
        return cell.astimezone(UTC) if cell.tzinfo else local_instant(cell, time_zone)
    if isinstance(cell, date):
        return local_instant(datetime.combine(cell, time.min), time_zone)
    if not isinstance(cell, str):
        raise BadValue(f"“{cell}” is not a date and time.")
    day, clock, zone = read_date_text(cell, order)
    wall = datetime.combine(day, clock or time.min)
    try:
        return wall.replace(tzinfo=zone).astimezone(UTC) if zone else local_instant(wall, time_zone)
    except OverflowError:
        raise BadValue(f"“{_short(cell)}” is outside the calendar.") from None
