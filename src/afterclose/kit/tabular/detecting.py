"""What kind of file is this: format, encoding, delimiter, date order, decimal sign.

Everything found here is shown to the person and can be corrected; `certain` flags say
where the file itself left no doubt.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, BinaryIO

from afterclose.kit.tabular.errors import (
    EmptyFile,
    NotATable,
    OldWorkbook,
    PasswordProtected,
    TooLarge,
)
from afterclose.kit.tabular.headers import likely_headings, unique_headers
from afterclose.kit.tabular.reading import (
    EXCELS_HINT,
    Dialect,
    Row,
    cell_text,
    heading_cells,
    raw_rows,
    table_of,
)
from afterclose.kit.tabular.values import DateOrder
from afterclose.kit.tabular.workbook import MAX_COLUMNS, Workbook, is_encrypted

MEGABYTE = 1024 * 1024
LIMIT = 200 * MEGABYTE
XLSX_LIMIT = 50 * MEGABYTE
SAMPLE_ROWS = 5_000
SHOWN_ROWS = 20
SHEETS_TRIED = 20
# Among so many rows that are not blank the headings are looked for, and by a person in so many.
OPENING_ROWS = 50
LAST_HEADER_LINE = 1_000
DELIMITERS = (",", ";", "\t", "|")

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"\x1f\x8b", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document"),
    (b"PAR1", "a Parquet file"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that Windows-1252 leaves undefined: text in it never has them.
_NOT_IN_1252 = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found, with the headings and the first rows (as text) to judge it by.

    `opening` has the first rows of the file as if each were the headings, with their lines.
    """

    dialect: Dialect
    headers: list[str]
    sample: list[list[str]]
    opening: list[tuple[int, list[str]]] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    byte_order_mark: bool = False
    date_order_certain: bool = True
    decimal_certain: bool = True
    date_example: str = ""


def detect(
    stream: BinaryIO, *, size: int | None = None, limit: int = LIMIT, sheet: str = ""
) -> Detection:
    """Look at a seekable binary stream; reads it once, in pieces.

    `size` in bytes, when known, is refused before anything is read. Raises `TooLarge`,
    `EmptyFile`, `NotATable`, `PasswordProtected`, `BrokenQuotes`.
    """
    if size is not None and size > limit:
        raise TooLarge(size, limit)
    stream.seek(0)
    head = stream.read(64 * 1024)
    if not head.strip(b"\x00 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise EmptyFile
    if head.startswith(_OLD_OFFICE):
        raise PasswordProtected if is_encrypted(stream) else OldWorkbook
    if head.startswith(b"PK\x03\x04"):
        if size is not None and size > XLSX_LIMIT:
            raise TooLarge(size, XLSX_LIMIT)
        return _examined_workbook(stream, sheet)
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise NotATable(what)
    encoding = detect_encoding(stream, limit=limit)
    start = head.decode(encoding, errors="replace").lstrip("\ufeff \r\n\t")
    _refuse_markup(start)
    dialect = Dialect(encoding=encoding, delimiter=detect_delimiter(start))
    mark = any(head.startswith(bom) for bom, _ in _BOMS)
    return _examined(stream, dialect, sheets=[], byte_order_mark=mark)


def _examined_workbook(stream: BinaryIO, wanted: str) -> Detection:
    """The wanted sheet, else the first that has rows: many workbooks begin with an empty one."""
    sheets = list(Workbook(stream).sheets)
    for sheet in [wanted] if wanted in sheets else sheets[:SHEETS_TRIED]:
        dialect = Dialect(format="xlsx", sheet=sheet)
        try:
            return _examined(stream, dialect, sheets=sheets, byte_order_mark=False)
        except EmptyFile as problem:
            empty = problem
    raise empty


def _refuse_markup(text: str) -> None:
    opening = text[:200].casefold()
    if opening.startswith(("<!doctype", "<html", "<?xml", "<svg")):
        raise NotATable("a web page or XML")
    if re.match(r'\{\s*("|\})|\[\s*[\[{"]', opening):
        raise NotATable("JSON")


def detect_encoding(stream: BinaryIO, *, limit: int = LIMIT) -> str:
    """The Python name of the encoding, after reading all of the stream in pieces.

    A byte-order mark decides; else UTF-8 if (nearly) all fits it; else Windows-1252. Zero
    bytes in every second place mean UTF-16 without a mark; a few elsewhere cost their rows; many,
    as other signs that nobody types, mean that it is no text at all (`NotATable`).
    """
    stream.seek(0)
    head = stream.read(4096)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    wide = _utf16_without_mark(head)
    if wide:
        return wide
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    fitting = misfitting = seen = control = 0
    undefined = False
    while chunk := stream.read(MEGABYTE):
        seen += len(chunk)
        if seen > limit:
            raise TooLarge(seen, limit)
        text = decoder.decode(chunk)
        control += len(chunk) - len(chunk.translate(None, _CONTROL))
        if text.isascii():
            continue
        beyond = [ord(char) for char in text if char > "\x7f"]
        bad = [code - 0xDC00 for code in beyond if 0xDC80 <= code <= 0xDCFF]
        misfitting += len(bad)
        fitting += len(beyond) - len(bad)
        undefined = undefined or any(byte in _NOT_IN_1252 for byte in bad)
    if control > max(2, seen // 200):
        raise NotATable("a binary file")
    # One spoiled byte in a UTF-8 file must not turn every accent of it into two letters.
    if misfitting == 0 or fitting > misfitting:
        return "utf-8"
    if undefined and misfitting > seen // 20:
        raise NotATable("a binary file")
    return "cp1252"


_CONTROL = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26, 27})


def _utf16_without_mark(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return ""


def detect_delimiter(text: str) -> str:
    """Comma, semicolon, tab or pipe: the one that cuts the first lines most evenly, unless the
    first line says it (`sep=;`)."""
    lines = text.splitlines(keepends=True)
    told = EXCELS_HINT.fullmatch(lines[0].rstrip("\r\n")) if lines else None
    if told is not None and told[1] in DELIMITERS:
        return told[1]
    # The piece read may end in the middle of a line.
    whole = lines[:-1] if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")) else lines
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = Counter[int]()
        try:
            for cells in islice(csv.reader(whole, delimiter=delimiter), 200):
                if cells:
                    widths[len(cells)] += 1
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        evenness = count / widths.total()
        score = 0.0 if width < 2 else evenness * evenness * min(width, 12)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def look_again(stream: BinaryIO, found: Detection, **changes: Any) -> Detection:
    """The same file with its headings in another line, or otherwise read in another way; without
    a `header_line` that is guessed anew."""
    dialect = replace(found.dialect, **{"header_line": 0, **changes})
    return _examined(stream, dialect, sheets=found.sheets, byte_order_mark=found.byte_order_mark)


def _examined(
    stream: BinaryIO, dialect: Dialect, *, sheets: list[str], byte_order_mark: bool
) -> Detection:
    stream.seek(0)
    raw = raw_rows(stream, dialect)
    first = list(islice(raw, OPENING_ROWS))
    opening = _opening(first, dialect)
    if not dialect.header_line and opening:
        guess = likely_headings([len(cells) for _, cells in opening])
        dialect = replace(dialect, header_line=opening[guess][0])
    table = table_of(chain(first, raw), dialect)
    rows = [row.cells for row in islice(table.rows, SAMPLE_ROWS) if row.error is None]
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    order, order_certain, example = detect_date_order(texts)
    comma, comma_certain = detect_decimal_comma(texts)
    return Detection(
        dialect=replace(
            dialect, date_order=order, decimal_comma=comma, header_line=table.header_line
        ),
        headers=table.headers,
        opening=opening,
        sample=[[cell_text(cell) for cell in row] for row in rows[:SHOWN_ROWS]],
        sheets=sheets,
        byte_order_mark=byte_order_mark,
        date_order_certain=order_certain,
        decimal_certain=comma_certain,
        date_example=example,
    )


def _opening(first: Sequence[Row], dialect: Dialect) -> list[tuple[int, list[str]]]:
    """The rows that may be the headings: none, where already the first one cannot be read."""
    found: list[tuple[int, list[str]]] = []
    for row in first:
        cells = heading_cells(row, dialect) if row.error is None else []
        if row.error is not None and not found:
            return []
        if 0 < len(cells) <= MAX_COLUMNS:
            found.append((row.line, unique_headers(cells)))
    return found


_DATE_LIKE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:[T ,].*)?")
_YEAR_FIRST = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}(?:[T ,].*)?")


def detect_date_order(cells: Iterable[str]) -> tuple[DateOrder, bool, str]:
    """Order, whether the cells prove it, and one cell that shows it.

    A part above 12 cannot be a month. Where nothing is above 12, day first is proposed,
    which most of the world writes, and marked as uncertain.
    """
    day_first = month_first = year_first = undecided = 0
    example: dict[str, str] = {}
    for cell in cells:
        if len(cell) < 6 or not cell[0].isdigit():
            continue
        if match := _DATE_LIKE.fullmatch(cell):
            first, second = int(match[1]), int(match[3])
            if 12 < first <= 31 and second <= 12:
                day_first += 1
                example.setdefault("dmy", cell)
            elif 12 < second <= 31 and first <= 12:
                month_first += 1
                example.setdefault("mdy", cell)
            else:
                undecided += 1
                example.setdefault("", cell)
        elif _YEAR_FIRST.fullmatch(cell):
            year_first += 1
            example.setdefault("ymd", cell)
    if day_first or month_first:
        order: DateOrder = "dmy" if day_first >= month_first else "mdy"
        # A few strays (a typing error such as 31-02) do not make the order doubtful.
        certain = min(day_first, month_first) * 20 <= max(day_first, month_first)
        return order, certain, example[order]
    if undecided:
        return "dmy", False, example[""]
    return "ymd", True, example.get("ymd", "")


_COMMA_NUMBER = re.compile(r"[+-]?(\d+,\d{1,2}|\d{1,3}(\.\d{3})+,\d+|\d{4,},\d+|0,\d+)")
_POINT_NUMBER = re.compile(r"[+-]?(\d+\.\d{1,2}|\d{1,3}(,\d{3})+\.\d+|\d{4,}\.\d+|0\.\d+)")


def detect_decimal_comma(cells: Sequence[str]) -> tuple[bool, bool]:
    """Whether the comma is the decimal sign, and whether the cells prove it.

    `1,234` alone proves nothing: it may be a thousand or one and a bit.
    """
    comma = sum(1 for cell in cells if "," in cell and _COMMA_NUMBER.fullmatch(cell.strip("€$£ ")))
    point = sum(1 for cell in cells if "." in cell and _POINT_NUMBER.fullmatch(cell.strip("€$£ ")))
    ambiguous = any(re.fullmatch(r"[+-]?\d{1,3}[.,]\d{3}", cell) for cell in cells)
    certain = not ambiguous if comma == point == 0 else min(comma, point) * 20 <= max(comma, point)
    return comma > point, certain
