"""XLSX workbooks: their sheets, and the rows of a sheet one by one, as openpyxl reads them.

openpyxl streams the cells; `unpacking` stands before it with limits. Of a workbook, memory holds
the texts that cells share (up to a limit) and one row; a sheet that claims a cell in its last
corner costs what its few cells cost.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from defusedxml.ElementTree import fromstring
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import ARC_CONTENT_TYPES, ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS

from afterclose.kit.tabular.errors import EmptyFile, NotATable, PasswordProtected, TabularError
from afterclose.kit.tabular.unpacking import DAMAGED, MEGABYTE, Archive, SheetOver
from afterclose.kit.tabular.values import Cell

MAX_SHEETS = 1_000
MAX_COLUMNS = 500  # more are told as one too many
MAX_CELL = 1024 * 1024  # characters
TOO_LONG = "A cell is longer than 1 MB."

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Numbers of formats without a text that spreadsheets of East Asia show as dates.
_EASTERN_DATES = frozenset([*range(27, 37), *range(50, 59)])

# Parts that tell what else an archive is.
_OTHERS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "a binary Excel workbook (XLSB)"),
    ("content.xml", "an OpenDocument file"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("Index/Document.iwa", "a Numbers or Pages file"),
)

# A line on the console for every odd cell of an upload helps nobody.
warnings.filterwarnings("ignore", module=r"openpyxl\.")


class StrictWorkbook(TabularError):
    def __init__(self) -> None:
        super().__init__(
            "The workbook is saved as Strict Open XML. Save it as an ordinary Excel workbook "
            "(XLSX) or as CSV and try again."
        )


class Workbook:
    """An opened workbook; raises `NotATable`, `TooLarge`, `PasswordProtected`, `EmptyFile`."""

    def __init__(self, stream: BinaryIO) -> None:
        archive = Archive(stream)
        for part, what in _OTHERS:
            if part in archive.NameToInfo:
                raise NotATable(what)
        if ARC_CONTENT_TYPES not in archive.NameToInfo:
            raise NotATable("a compressed archive (ZIP)")
        with _told_plainly():
            self._book = _Reader(stream, archive).opened()
        self.sheets: list[str] = [sheet.title for sheet in self._book._sheets]
        if not self.sheets:
            raise EmptyFile("The workbook has no sheet.")

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell], str | None]]:
        """Row number (from 1, always rising), cells, and what is wrong with the row if anything
        is. Rows without any cell are passed over."""
        for line, row in _streamed(self._book._sheets[self.sheets.index(sheet)]):
            # A row that the file leaves out comes as a tuple, all of them as the same one.
            if row and isinstance(row, list):
                cells = [self._cell(value) for value in row]
                is_long = any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells)
                yield line, cells, TOO_LONG if is_long else None

    def _cell(self, value: Any) -> Cell:
        """What openpyxl gives as what an import takes; times of day and spans as texts."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, str):
            return plain_text(value)
        if isinstance(value, datetime):
            if value < self._book.epoch:  # a negative number, which no calendar shows
                return self._cell((value - self._book.epoch) / timedelta(days=1))
            return value if value.time() != time.min else value.date()
        if isinstance(value, float):
            if not math.isfinite(value):
                return str(value)
            return int(value) if value.is_integer() else Decimal(repr(value))
        return value if isinstance(value, date) else str(value)


def _streamed(page: Any) -> Iterator[tuple[int, Any]]:
    with _told_plainly():
        yield from enumerate(page.iter_rows(max_col=1, values_only=True), start=1)


class _Reader(ExcelReader):
    """openpyxl's way through a workbook, without what only matters to who writes it again:
    properties, themes, colours, charts, links. Files of many programs are wrong there."""

    def __init__(self, stream: BinaryIO, archive: Archive) -> None:
        super().__init__(stream, read_only=True, data_only=True, keep_links=False)
        self.archive.close()
        self.archive = self._unpacked = archive

    def opened(self) -> Any:
        """The workbook with its sheets, of which none is read yet."""
        self.read_manifest()
        manifest: Any = self.package
        texts = manifest.find(SHARED_STRINGS)
        self._unpacked.texts = texts.PartName[1:] if texts else ""
        self.read_strings()
        self.read_workbook()
        book: Any = self.wb
        book._date_formats, book._timedelta_formats = self._date_styles()
        for number, (sheet, part) in enumerate(self.parser.find_sheets()):
            if number >= MAX_SHEETS:
                break
            is_there = part.target in self.valid_files and part.target != self._unpacked.texts
            if is_there and part.Type.endswith("/worksheet"):
                book._sheets.append(_Sheet(book, sheet.name, part.target, self.shared_strings))
        if self.parser.sheets and not book._sheets and self._is_strict():
            raise StrictWorkbook
        return book

    def _date_styles(self) -> tuple[set[int], set[int]]:
        """Which cell styles show a number as a moment, and which of those as a span of time."""
        moments: set[int] = set()
        spans: set[int] = set()
        if ARC_STYLE not in self.valid_files:
            return moments, spans
        tree = fromstring(self.archive.read(ARC_STYLE))
        name = f"{{{SHEET_MAIN_NS}}}"
        codes = {
            one.get("numFmtId"): one.get("formatCode", "")
            for one in tree.iterfind(f"{name}numFmts/{name}numFmt")
        }
        for style, one in enumerate(tree.iterfind(f"{name}cellXfs/{name}xf")):
            number = int(one.get("numFmtId", "0"))
            code = codes.get(str(number)) or builtin_format_code(number)
            if is_date_format(code) or number in _EASTERN_DATES:
                moments.add(style)
            if is_timedelta_format(code):
                spans.add(style)
        return moments, spans

    def _is_strict(self) -> bool:
        part = self.parser.workbook_part_name
        return b"http://purl.oclc.org/ooxml/" in self.archive.read(part)


class _Sheet(ReadOnlyWorksheet):
    def _get_size(self) -> None:
        """Not asked: what a sheet says of its size is not believed, and one that says nothing
        would be read to its end for it."""

    def _get_row(
        self, row: list[dict[str, Any]], *_: object, values_only: bool = True
    ) -> list[Any]:
        """Values up to the last that is there, not as wide as the sheet: in place of padding."""
        values: list[Any] = []
        for cell in row:
            if cell["value"] is not None:
                column = min(cell["column"], MAX_COLUMNS + 1)
                values.extend([None] * (column - len(values)))
                values[column - 1] = cell["value"]
        return values


@contextmanager
def _told_plainly() -> Iterator[None]:
    """A file's own mistakes, which openpyxl and `zipfile` tell in many ways, in ours."""
    try:
        yield
    except SheetOver:
        return
    except (TabularError, MemoryError):
        raise
    except RuntimeError as problem:
        if "encrypted" in str(problem) or "password" in str(problem):
            raise PasswordProtected from problem
        raise NotATable(DAMAGED) from problem
    # openpyxl checks a file by trying: any type of error may be one of the file.
    except Exception as problem:
        raise NotATable(DAMAGED) from problem


def plain_text(text: str) -> str:
    """Text with what XML cannot hold (`_x000D_`) put back, except what nobody can store."""
    return _ESCAPED.sub(_unescaped, text) if "_x" in text else text


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return "\ufffd" if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)


def is_encrypted(stream: BinaryIO) -> bool:
    """Whether an old-style Office file holds a workbook under a password."""
    stream.seek(0)
    before = b""
    while piece := stream.read(MEGABYTE):
        if _ENCRYPTED.search(before + piece):
            return True
        before = piece[-64:]
    return False


_ENCRYPTED = re.compile(re.escape("EncryptedPackage".encode("utf-16-le")))
