"""Files for spreadsheets: CSV without live formulas, XLSX in constant memory (CS-8)."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO

import xlsxwriter

from afterclose.kit.tabular.reading import cell_text
from afterclose.kit.tabular.values import Cell

# What a spreadsheet takes as the start of a formula, with the full-width forms that
# East Asian ones accept too.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}([., \u00a0]\d{3})+)([.,]\d+)?\s?%?")


def neutralise(text: str) -> str:
    """Text that no spreadsheet runs as a formula; plain numbers such as -12.50 stay as they are."""
    # With apostrophes already before it, it gets one more, so that taking one away is exact.
    if text.lstrip("'").startswith(_DANGEROUS) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def restore(text: str) -> str:
    """Undo `neutralise`, so that what we export comes back in unchanged."""
    if text.startswith("'") and text.lstrip("'").startswith(_DANGEROUS):
        return text[1:]
    return text


def _csv_cell(cell: Cell) -> str:
    # A number is not text: its minus sign is a minus sign.
    return neutralise(cell) if isinstance(cell, str) else cell_text(cell)


def csv_bytes(
    headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, delimiter: str = ","
) -> Iterator[bytes]:
    """A CSV file in pieces: UTF-8 with a byte-order mark (Excel needs it), CRLF line ends."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    buffer.write("\ufeff")
    writer.writerow([neutralise(header) for header in headers])
    for count, row in enumerate(rows, start=1):
        writer.writerow([_csv_cell(cell) for cell in row])
        if count % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(
    target: IO[bytes],
    headers: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    sheet: str = "Export",
) -> int:
    """Write a workbook with one sheet in constant memory; returns the number of rows.

    Numbers stay numbers, dates stay dates, text never becomes a formula or a link.
    """
    workbook = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
        },
    )
    bold = workbook.add_format({"bold": True})
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    page = workbook.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", sheet)[:31] or "Export")
    page.freeze_panes(1, 0)
    for column, header in enumerate(headers):
        page.write_string(0, column, header, bold)
    count = 0
    for count, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if cell is None or cell == "":
                continue
            if isinstance(cell, bool):
                page.write_boolean(count, column, cell)
            elif isinstance(cell, int | Decimal):
                page.write_number(count, column, cell)
            elif isinstance(cell, datetime):
                page.write_datetime(count, column, cell, instant)
            elif isinstance(cell, date):
                page.write_datetime(count, column, cell, day)
            else:
                page.write_string(count, column, cell[:32_767])
    workbook.close()
    return count
