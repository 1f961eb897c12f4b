"""The cells of a sheet's XML as values: numbers, texts, dates by their format, yes and no."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from afterclose.kit.tabular.values import Cell

MAX_COLUMNS = 500  # more are told as one too many
MAX_CELL = 1024 * 1024  # characters
TOO_LONG = "A cell is longer than 1 MB."

# What a spreadsheet writes is wall-clock time without a zone.
_DAY_0 = datetime.combine(date(1899, 12, 30), time.min)
_DAY_0_OF_1904 = datetime.combine(date(1904, 1, 1), time.min)
_LAST_SERIAL = 2_958_466  # the end of the year 9999
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def plain_text(text: str) -> str:
    """Text with what XML cannot hold (`_x000D_`) put back, except what nobody can store."""
    return _ESCAPED.sub(_unescaped, text) if "_x" in text else text


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return "\ufffd" if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)


class DateFormats:
    """Which cell styles show a number as a date, a time of day or a span of time."""

    _BUILT_IN = frozenset([*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)])
    _SPAN = 46

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._styles: list[str] = []  # "" for a number, else "date" or "span"
        self._is_style = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """For every element of the part of styles."""
        if tag == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            self._is_style = tag == "cellXfs"
        elif tag == "xf" and self._is_style:
            self._styles.append(self._meaning(attributes.get("numFmtId", "")))

    def _meaning(self, number: str) -> str:
        code = self._codes.get(number)
        if code is not None:
            return meaning_of(code)
        if not number.isascii() or not number.isdigit():
            return ""
        return {self._SPAN: "span"}.get(
            int(number), "date" if int(number) in self._BUILT_IN else ""
        )

    def of(self, style: str | None) -> str:
        """ "date", "span", or "" for a plain number."""
        if not style or not self._styles or not (style.isascii() and style.isdigit()):
            return ""
        position = int(style) if len(style) < 9 else len(self._styles)
        return self._styles[position] if position < len(self._styles) else ""


def meaning_of(code: str) -> str:
    """What a number format makes of a number: "date", "span" (such as `[h]:mm`), or ""."""
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.', "", code).split(";")[0].casefold()
    if re.search(r"\[(h+|m+|s+)\]", bare):
        return "span"
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    return "date" if re.search("[dmyhs]", bare) and "general" not in bare else ""


class Cells:
    """Handlers for the elements of a sheet; finished rows are taken away piece by piece."""

    def __init__(self, texts: Sequence[str], formats: DateFormats, *, is_1904: bool) -> None:
        self.is_over = False
        self._texts, self._formats = texts, formats
        self._day_0 = _DAY_0_OF_1904 if is_1904 else _DAY_0
        self._finished: list[tuple[int, list[Cell], str | None]] = []
        self._positions: dict[str, int] = {}
        self._known: dict[tuple[str | None, str], Cell] = {}
        self._line = 0
        self._row: list[Cell] = []
        self._problem: str | None = None
        self._column = -1
        self._type = "n"
        self._style: str | None = None
        self._said: list[str] = []
        self._length = 0
        self._is_said = self._is_phonetic = False

    def take(self) -> Iterator[tuple[int, list[Cell], str | None]]:
        """The rows finished since the last time."""
        finished, self._finished = self._finished, []
        return iter(finished)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag == "c":
            reference = attributes.get("r")
            self._column = self._position(reference) if reference else self._column + 1
            self._type = attributes.get("t", "n")
            self._style = attributes.get("s")
            self._length = 0
            self._said.clear()
        elif tag == "v":
            self._is_said = True
        elif tag == "t":
            self._is_said = not self._is_phonetic
        elif tag == "rPh":
            self._is_phonetic = True
        elif tag == "row":
            number = attributes.get("r", "")
            said = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
            # Lines always rise: they are what an import remembers its place by.
            self._line = max(said, self._line + 1)
            self._row, self._problem, self._column = [], None, -1

    def characters(self, text: str) -> None:
        """Text of the element that is open."""
        if self._is_said:
            self._length += len(text)
            if self._length <= MAX_CELL:
                self._said.append(text)
            else:
                self._problem = TOO_LONG

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in ("v", "t"):
            self._is_said = False
        elif tag == "c":
            if self._said:
                self._put(self._value("".join(self._said)))
        elif tag == "row":
            if self._row:
                self._finished.append((self._line, self._row, self._problem))
                self._row = []
        elif tag == "rPh":
            self._is_phonetic = False
        elif tag == "sheetData":
            self.is_over = True

    def _put(self, value: Cell) -> None:
        column, row = min(self._column, MAX_COLUMNS), self._row
        missing = column - len(row)
        if missing == 0:
            row.append(value)
        elif missing > 0:
            row.extend([None] * missing)
            row.append(value)
        else:
            row[column] = value

    def _position(self, reference: str) -> int:
        """ "C12" is 2."""
        letters = reference.rstrip("0123456789")
        found = self._positions.get(letters)
        if found is not None:
            return found
        number = 0
        for letter in letters[:4].upper():
            if not "A" <= letter <= "Z":
                return self._column + 1
            number = number * 26 + ord(letter) - 64
        position = number - 1 if letters else self._column + 1
        if letters:
            self._positions[letters] = position
        return position

    def _value(self, text: str) -> Cell:
        kind = self._type
        if kind == "s":
            if (
                text.isascii()
                and text.isdigit()
                and len(text) < 10
                and int(text) < len(self._texts)
            ):
                return self._texts[int(text)]
            return None
        if kind == "n":
            key = (self._style, text)
            if key not in self._known:
                if len(self._known) > 50_000:
                    self._known.clear()
                self._known[key] = self._number(text.strip())
            return self._known[key]
        if kind == "b":
            return text.strip() in ("1", "true")
        if kind == "d":
            return _iso(text.strip())
        return plain_text(text)

    def _number(self, text: str) -> Cell:
        meaning = self._formats.of(self._style)
        try:
            number = float(text) if len(text) <= 40 else math.nan
        except ValueError:
            return text
        if not math.isfinite(number):
            return text
        if meaning and 0 <= number < _LAST_SERIAL:
            return self._moment(number) if meaning == "date" else str(timedelta(days=number))
        if text.removeprefix("-").isdigit():
            return int(text)
        return int(number) if number.is_integer() else Decimal(repr(number))

    def _moment(self, serial: float) -> Cell:
        """A date where the number is whole, a time of day below 1, else both."""
        days, part = divmod(round(serial * 86_400_000), 86_400_000)
        if days == 0 and serial < 1 and self._day_0 is _DAY_0:
            return str((self._day_0 + timedelta(milliseconds=part)).time())
        # Spreadsheets of 1900 believe in a 29 February of that year.
        shift = 1 if self._day_0 is _DAY_0 and days < 60 else 0
        try:
            moment = self._day_0 + timedelta(days=days + shift, milliseconds=part)
        except OverflowError:
            return str(serial)
        return moment if part else moment.date()


def _iso(text: str) -> Cell:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    is_day = len(text) <= 10
    return date(moment.year, moment.month, moment.day) if is_day else moment
