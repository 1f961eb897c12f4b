"""What stands between an uploaded workbook and the library that reads it: limits.

An XLSX file is a ZIP archive of XML. A small one can unpack to anything and say anything, and
openpyxl holds whatever one row (or one shared text) contains, keeps a little of every row, and
believes its numbers. So every part passes a second expat parser, piece by piece, just before
openpyxl sees the piece: sizes, elements held at once and row numbers stay within bounds there.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import IO, BinaryIO, Literal, cast
from xml.parsers import expat

from openpyxl.xml.constants import SHEET_MAIN_NS

from afterclose.kit.tabular.errors import (
    NotATable,
    PasswordProtected,
    TabularError,
    TooLargeUnpacked,
)

MEGABYTE = 1024 * 1024
MAX_UNPACKED = 1024 * MEGABYTE
MAX_DIRECTORY = 4 * MEGABYTE  # of the archive; a workbook has some dozens of parts
MAX_WHOLE_PART = 16 * MEGABYTE  # styles, list of sheets: parts that are read at once
MAX_TOKEN = MEGABYTE  # a tag with its attributes; an unfinished one is read anew with each piece
MAX_RECORD = 16 * MEGABYTE  # of XML in one row or one shared text
MAX_ELEMENTS = 200_000  # in one row; 16,384 cells with formula and value are 50,000
MAX_DEPTH = 64
MAX_ROWS = 1_048_576  # as many as a sheet has
MAX_TEXTS = 200 * MEGABYTE  # of memory for the texts that cells share
TEXT_COST = 130  # bytes that a shared text takes beside its letters

DAMAGED = "a damaged or unknown workbook"

_ROW = f"{SHEET_MAIN_NS}}}row"
_SHEET = f"{SHEET_MAIN_NS}}}sheetData"
_TEXT = f"{SHEET_MAIN_NS}}}si"


class TooMuchText(TabularError):
    def __init__(self) -> None:
        super().__init__(
            "The workbook holds more text than can be read at once. Save the sheet as CSV."
        )


class SheetOver(Exception):
    """Raised by reading on behind the last row: what follows is of no interest, and openpyxl
    is stricter about it (rules for colours, pictures) than those who write it."""


class Archive(zipfile.ZipFile):
    """A ZIP archive of bearable size, all of whose parts are looked at as they are read.

    `zipfile` gives no more of a part than the directory says. Raises `TooLargeUnpacked`,
    `NotATable`.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.texts = ""  # the part of the texts that cells share
        _check_directory(stream)
        stream.seek(0)
        try:
            super().__init__(stream)
        # What `zipfile` raises for a directory that lies: bad offsets, dates, kinds of archive.
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise NotATable(DAMAGED) from None
        unpacked = sum(entry.file_size for entry in self.infolist())
        if unpacked > MAX_UNPACKED:
            raise TooLargeUnpacked(unpacked, MAX_UNPACKED)

    def open(
        self,
        name: str | zipfile.ZipInfo,
        mode: Literal["r", "w"] = "r",
        pwd: bytes | None = None,
        *,
        force_zip64: bool = False,
    ) -> IO[bytes]:
        """A part as a stream, for openpyxl to read row by row or text by text."""
        record = _TEXT if name == self.texts else _ROW
        return cast(IO[bytes], _Watched(self._part(name), _Watch(record)))

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """A part at once, which the whole workbook has once."""
        if self.getinfo(name if isinstance(name, str) else name.filename).file_size > (
            MAX_WHOLE_PART
        ):
            raise NotATable(DAMAGED)
        with _Watched(self._part(name), _Watch(None)) as part:
            return part.read()

    def _part(self, name: str | zipfile.ZipInfo) -> IO[bytes]:
        try:
            return super().open(name)
        except RuntimeError:  # how `zipfile` says that a part is encrypted
            raise PasswordProtected from None


def _check_directory(stream: BinaryIO) -> None:
    """Refuse a directory of millions of entries before it is read into memory."""
    end = stream.seek(0, 2)
    stream.seek(max(0, end - 66_000))  # the longest comment, and the record before it
    tail = stream.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) < found + 20:
        raise NotATable(DAMAGED)
    size = int.from_bytes(tail[found + 12 : found + 16], "little")
    # All ones mean "see the longer record", which no workbook of 50 MB needs.
    if size > MAX_DIRECTORY:
        raise NotATable(DAMAGED)


class _Watched(io.RawIOBase):
    """A part whose pieces are watched before they are given out."""

    def __init__(self, part: IO[bytes], watch: _Watch) -> None:
        self._part, self._watch = part, watch

    def read(self, size: int = -1) -> bytes:
        if self._watch.is_over:
            raise SheetOver
        piece = self._part.read(size)
        seen = self._watch.look(piece, is_last=size < 0 or not piece)
        if seen <= 0 < len(piece):
            raise SheetOver
        return piece[:seen]

    def close(self) -> None:
        self._part.close()
        super().close()


class _Watch:
    """Counts what openpyxl will hold. Raises `NotATable`, `TooMuchText`.

    `record` is the element that it lets go of as it ends: a row, a text, or none.
    """

    def __init__(self, record: str | None) -> None:
        self.is_over = False  # the last row has been seen
        self._record = record
        self._end = 0
        self._depth = self._elements = self._line = self._texts = 0
        self._fed = self._began = 0  # bytes so far; where the row or text that is open began
        self._parser = parser = expat.ParserCreate(namespace_separator="}")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._finish
        parser.StartDoctypeDeclHandler = self._refuse

    def look(self, piece: bytes, *, is_last: bool) -> int:
        """How many bytes of the piece may be given out: all, or those before the end of rows."""
        before = self._fed
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError:
            raise NotATable(DAMAGED) from None
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > MAX_TOKEN and not is_last:
            self._refuse()
        if self._record and self._fed - self._began > MAX_RECORD and not self.is_over:
            raise TooMuchText if self._record == _TEXT else NotATable(DAMAGED)
        return self._end - before if self.is_over else len(piece)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            self._refuse()
        if tag == self._record == _ROW and not self.is_over:
            number = attributes.get("r", "")
            if number and not (number.isascii() and number.isdigit() and len(number) < 9):
                self._refuse()
            line = int(number) if number else self._line + 1
            # Lines always rise: they are what an import remembers its place by.
            if not self._line < line <= MAX_ROWS:
                self._refuse()
            self._line = line

    def _finish(self, tag: str) -> None:
        self._depth -= 1
        if tag == self._record:
            here = self._parser.CurrentByteIndex
            if tag == _ROW and self._depth == 2:
                self._elements, self._began = 0, here
            elif tag == _TEXT and self._depth == 1:
                self._texts += TEXT_COST + here - self._began
                if self._texts > MAX_TEXTS:
                    raise TooMuchText
                self._elements, self._began = 0, here
        elif tag == _SHEET and self._record == _ROW and self._depth == 1 and not self.is_over:
            self.is_over, self._end = True, self._parser.CurrentByteIndex

    def _refuse(self, *_: object) -> None:
        raise NotATable(DAMAGED)
