"""Rows of a CSV or XLSX file, one at a time, each with its line number.

A row that cannot be read (broken quotes, bytes that are not text, more cells than headings)
comes out as a `Row` with an `error`, and reading goes on behind it: one bad line never
costs the rest of the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from afterclose.kit.tabular.errors import BrokenQuotes, EmptyFile, NotATable
from afterclose.kit.tabular.headers import unique_headers
from afterclose.kit.tabular.values import Cell, DateOrder
from afterclose.kit.tabular.workbook import MAX_COLUMNS, Workbook

# A quoted cell may contain line breaks, but past this many lines the quote was never closed.
MAX_LINES_IN_RECORD = 200
MAX_BROKEN_ROWS = 100

csv.field_size_limit(1024 * 1024)

# What Excel writes above a table, and reads to know its delimiter.
EXCELS_HINT = re.compile(r"sep=(.?)", re.IGNORECASE)
_UNDECODED = re.compile("[\x00\udc80-\udcff\ufffd]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to read a file. `format` is "csv" or "xlsx"; `sheet` names an XLSX sheet. What stands
    above `header_line` is no part of the table; 0 means that nothing does."""

    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    date_order: DateOrder = "ymd"
    decimal_comma: bool = False
    sheet: str = ""
    header_line: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is the line of the file (XLSX: the sheet's row) on which the row starts, the
    first being 1. `error` is None for a good row."""

    line: int
    cells: list[Cell]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Headings (unique, for people), the rows under them, to be read once, and the line on which
    the headings are."""

    headers: list[str]
    rows: Iterator[Row]
    header_line: int


def cell_text(cell: Cell) -> str:
    """The cell as text: TRUE/FALSE, ISO dates, plain numbers."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes" if not cell.second else "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def read_table(stream: BinaryIO, dialect: Dialect) -> Table:
    """Open a table: headings from the first row that is not blank, then rows.

    Blank rows are passed over, as is what stands above the dialect's `header_line`. Short rows
    are padded; a row with more (non-empty) cells than there are headings is an error. Raises the
    classes in `errors`.
    """
    return table_of(raw_rows(stream, dialect), dialect)


def raw_rows(stream: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    """The rows as they come, headings among them."""
    return _xlsx_rows(stream, dialect) if dialect.format == "xlsx" else _csv_rows(stream, dialect)


def table_of(raw: Iterator[Row], dialect: Dialect) -> Table:
    """Raw rows as a table, as `read_table` has it."""
    for first in raw:
        if first.line < dialect.header_line:
            continue
        if first.error is not None:
            raise NotATable(f"a file with a broken header ({first.error})")
        cells = heading_cells(first, dialect)
        if len(cells) > MAX_COLUMNS:
            raise NotATable(f"a file with {len(cells)} columns (the limit is {MAX_COLUMNS})")
        if cells:
            return Table(unique_headers(cells), _fitted(raw, len(cells)), first.line)
    raise EmptyFile


def heading_cells(row: Row, dialect: Dialect) -> list[str]:
    """A row as headings, up to the last that is there; none where it is blank or Excel's hint."""
    cells = [cell_text(cell) for cell in row.cells]
    while cells and not cells[-1].strip():
        cells.pop()
    if dialect.format == "csv" and len(cells) == 1 and EXCELS_HINT.fullmatch(cells[0]):
        return []
    return cells


def _fitted(rows: Iterator[Row], width: int) -> Iterator[Row]:
    for row in rows:
        if row.error is not None:
            yield row
            continue
        cells = row.cells
        if len(cells) == width:
            if any(cell != "" and cell is not None for cell in cells):
                yield row
        elif len(cells) < width:
            if any(cell != "" and cell is not None for cell in cells):
                padding: list[Cell] = [""] * (width - len(cells))
                yield Row(row.line, cells + padding)
        elif any(cell != "" and cell is not None for cell in cells[width:]):
            message = f"The row has {len(cells)} cells, the header has {width}."
            yield Row(row.line, cells, message)
        else:
            yield Row(row.line, cells[:width])


# ------------------------------------------------------------------------------- CSV


class _TooManyLines(Exception):
    """A record that does not end."""


class _Lines:
    """Lines for `csv.reader`, remembering those of the record being read, so that a record
    that fails can be given back from its second line on."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = iter(text)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 0  # lines before the record being read

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_IN_RECORD:
            raise _TooManyLines
        line = self._returned.popleft() if self._returned else next(self._text)
        self.taken.append(line)
        return line

    def accept(self) -> None:
        self.line += len(self.taken)
        self.taken.clear()

    def give_back_all_but_first(self) -> str:
        first, *rest = self.taken
        self._returned.extendleft(reversed(rest))
        self.taken.clear()
        self.line += 1
        return first


def _csv_rows(stream: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    text = io.TextIOWrapper(
        stream,
        encoding=dialect.encoding,
        errors="replace" if dialect.encoding.startswith("utf-16") else "surrogateescape",
        newline="",
    )
    try:
        yield from _records(_Lines(text), dialect.delimiter)
    finally:
        # Whoever stops half way may have closed the file before this generator is let go.
        with suppress(ValueError):
            text.detach()


def _records(lines: _Lines, delimiter: str) -> Iterator[Row]:
    broken = 0
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooManyLines) as problem:
            if not lines.taken:
                return
            broken += 1
            start = lines.line + 1
            if broken > MAX_BROKEN_ROWS:
                raise BrokenQuotes(start) from None
            oversized = "field limit" in str(problem)
            first = lines.give_back_all_but_first()
            yield Row(
                start,
                [_clean(first.rstrip("\r\n"))],
                "A cell is longer than 1 MB."
                if oversized
                else "The quotes are broken: a quoted cell is not closed, or text follows it.",
            )
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        start = lines.line + 1
        spoiled = any(
            (not line.isascii() or "\x00" in line) and _UNDECODED.search(line)
            for line in lines.taken
        )
        lines.accept()
        if spoiled:
            message = "The row has bytes that do not fit the file's encoding."
            yield Row(start, [_clean(cell) for cell in cells], message)
        else:
            yield Row(start, cells)  # type: ignore[arg-type]


def _clean(text: str) -> str:
    """Undecodable bytes as the replacement sign, so that the text can be stored and shown."""
    return _UNDECODED.sub("\ufffd", text)


# ------------------------------------------------------------------------------ XLSX


def _xlsx_rows(stream: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    workbook = Workbook(stream)
    sheet = dialect.sheet if dialect.sheet in workbook.sheets else next(iter(workbook.sheets))
    is_empty = True
    for line, cells, problem in workbook.rows(sheet):
        is_empty = False
        yield Row(line, cells, problem)
    if is_empty:
        raise EmptyFile("The sheet is empty. Choose a sheet with a header and rows.")
