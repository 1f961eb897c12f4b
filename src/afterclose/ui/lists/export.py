"""The rows of a list as a file: same filters, sort and columns as on the screen (CS-8).

Rows are visible only inside the request's transaction, so the file is written there, to a
temporary file, from a server-side cursor; the answer then streams that file. Memory does not
grow with the number of rows.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from afterclose.kit.tabular import csv_bytes, write_xlsx
from afterclose.kit.tabular.values import Cell
from afterclose.ui.lists.keyset import ordered
from afterclose.ui.lists.page import ListPage

XLSX_ROWS = 1_048_575
_CHUNK = 64 * 1024
_BATCH = 2000
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooManyRowsError(ValueError):
    """More rows than the format holds; the message says what to do."""

    @classmethod
    def of(cls, page: ListPage) -> TooManyRowsError:
        """For a list that is longer than a worksheet."""
        return cls(
            f"A worksheet holds {XLSX_ROWS:,} rows and this list has {page.count_text}. "
            "Filter the list, or export it as CSV."
        )


def write(
    page: ListPage, kind: str, target: IO[bytes], *, tell: Callable[[int], None] | None = None
) -> None:
    """Write all rows found to `target` as `csv` or `xlsx`, and `tell` how many are written as it
    goes on. Raises TooManyRowsError."""
    rows = cells(page) if tell is None else _told(cells(page), tell)
    headers = [header for column in page.state.columns for header in column.headers()]
    if kind == "xlsx":
        if page.count > XLSX_ROWS:
            raise TooManyRowsError.of(page)
        write_xlsx(target, headers, rows, sheet=page.list.title or page.list.name)
        return
    for piece in csv_bytes(headers, rows):
        target.write(piece)


def _told(rows: Iterator[list[Cell]], tell: Callable[[int], None]) -> Iterator[list[Cell]]:
    count = 0
    for count, row in enumerate(rows, start=1):
        yield row
        if count % 500 == 0:
            tell(count)
    tell(count)


def cells(page: ListPage) -> Iterator[list[Cell]]:
    """The rows in the list's order, as typed cells."""
    rows = ordered(page.found, page.order).values(*dict.fromkeys(["pk", *page.paths]))
    columns = page.state.columns
    for row in rows.iterator(chunk_size=_BATCH):
        yield [_cell(value) for column in columns for value in column.cells(row)]


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | Decimal | datetime | date):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value) if not isinstance(value, UUID) else value.hex


def export_response(request: HttpRequest, page: ListPage, kind: str) -> HttpResponseBase:
    """The file as a download. Raises TooManyRowsError."""
    target = tempfile.TemporaryFile()  # noqa: SIM115  # the response closes it
    try:
        write(page, kind, target)
    except BaseException:
        target.close()
        raise
    return download(request, target, page.list.name, page.context.today, kind)


def download(
    request: HttpRequest, target: IO[bytes], title: str, on: date, kind: str
) -> HttpResponseBase:
    """A finished file as a download named after the list and the day; closes it when sent."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "list"
    return send(request, target, f"{stem}-{on.isoformat()}.{kind}", kind)


def send(request: HttpRequest, target: IO[bytes], name: str, kind: str) -> HttpResponseBase:
    """A finished file as a download of that name, never as a whole in memory; closes it."""
    target.seek(0, os.SEEK_END)
    size = target.tell()
    target.seek(0)
    response: FileResponse | StreamingHttpResponse
    if isinstance(request, ASGIRequest):
        # Under ASGI Django would read a synchronous iterator into memory as a whole.
        response = StreamingHttpResponse(_pieces(target), content_type=TYPES[kind])
    else:
        response = FileResponse(target, content_type=TYPES[kind])
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Content-Length"] = str(size)
    response["Cache-Control"] = "private, no-store"
    return response


async def _pieces(source: IO[bytes]) -> AsyncIterator[bytes]:
    # The file is local and its pages are in the cache, so reading does not hold up the loop.
    with source:
        while piece := source.read(_CHUNK):
            yield piece
