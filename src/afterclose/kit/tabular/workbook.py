"""XLSX workbooks: their sheets, and the rows of a sheet one by one.

A sheet is read as a stream: of the file, only its shared texts are held in memory, and those
up to a limit. A sheet that claims a cell in its last corner costs what its few cells cost.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from afterclose.kit.tabular.errors import EmptyFile, NotATable, TabularError
from afterclose.kit.tabular.sheet_cells import Cells, DateFormats, plain_text
from afterclose.kit.tabular.values import Cell
from afterclose.kit.tabular.xml_parts import DAMAGED, MEGABYTE, open_archive, parsed, small_part

MAX_SHEETS = 1_000
MAX_TEXTS = 200 * MEGABYTE  # of memory for the texts that cells share

# Parts that tell what else an archive is.
_OTHERS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "a binary Excel workbook (XLSB)"),
    ("content.xml", "an OpenDocument file"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("Index/Document.iwa", "a Numbers or Pages file"),
)


class Workbook:
    """An opened workbook; raises `NotATable`, `TooLarge`, `PasswordProtected`, `EmptyFile`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._archive = open_archive(stream)
        try:
            self._main = self._related("", "/officeDocument").get("", "xl/workbook.xml")
            self._refuse_others()
            self._is_1904 = False
            self.sheets = self._sheets()
        except KeyError:
            raise NotATable(DAMAGED) from None
        if not self.sheets:
            raise EmptyFile("The workbook has no sheet.")

    def _refuse_others(self) -> None:
        names = self._archive.NameToInfo
        if self._main in names and self._main.endswith(".xml") and "/xl/" in f"/{self._main}":
            return
        for part, what in _OTHERS:
            if part in names:
                raise NotATable(what)
        raise NotATable("a compressed archive (ZIP)" if "_rels/.rels" not in names else DAMAGED)

    def _related(self, part: str, suffix: str) -> dict[str, str]:
        """Relation id (for the package itself: "") to part, of the relations of one type."""
        folder, name = posixpath.split(part)
        found: dict[str, str] = {}

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "Relationship" and attributes.get("Type", "").endswith(suffix):
                target = attributes.get("Target", "")
                whole = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[attributes.get("Id", "") if part else ""] = whole

        small_part(self._archive, posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def _sheets(self) -> dict[str, str]:
        """Name to part, in the workbook's order; sheets that are only a chart are left out."""
        parts = self._related(self._main, "/worksheet")
        sheets: dict[str, str] = {}

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "workbookPr":
                self._is_1904 = attributes.get("date1904") in ("1", "true")
            elif tag == "sheet" and len(sheets) < MAX_SHEETS:
                ids = [value for key, value in attributes.items() if key.endswith(":id")]
                name = attributes.get("name", "")
                if name and ids and ids[0] in parts:
                    sheets[name] = parts[ids[0]]

        small_part(self._archive, self._main, start)
        return sheets

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell], str | None]]:
        """Row number (from 1, always rising), cells, and what is wrong with the row if anything
        is. Rows without any cell are passed over."""
        cells = Cells(self._texts(), self._date_formats(), is_1904=self._is_1904)
        part = self.sheets[sheet]
        if part not in self._archive.NameToInfo:
            raise NotATable(DAMAGED)
        reading = parsed(
            self._archive, part, start=cells.start, end=cells.end, text=cells.characters
        )
        for _ in reading:
            yield from cells.take()
            if cells.is_over:
                return

    def _texts(self) -> list[str]:
        """The texts that cells refer to by number."""
        shared = _SharedTexts()
        for name in self._related(self._main, "/sharedStrings").values():
            for _ in parsed(
                self._archive,
                name,
                start=shared.start,
                end=shared.end,
                text=shared.characters,
            ):
                if shared.size > MAX_TEXTS:
                    raise TooMuchText
        return shared.texts

    def _date_formats(self) -> DateFormats:
        formats = DateFormats()
        for name in self._related(self._main, "/styles").values():
            small_part(self._archive, name, formats.start)
        return formats


class _SharedTexts:
    """Handlers for the part of shared texts; `size` is what they take in memory, in bytes."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.size = 0
        self._said: list[str] = []
        self._is_text = self._is_phonetic = False

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        if tag == "t":
            self._is_text = not self._is_phonetic
        elif tag == "rPh":
            self._is_phonetic = True

    def end(self, tag: str) -> None:
        if tag == "t":
            self._is_text = False
        elif tag == "si":
            text = plain_text("".join(self._said))
            self._said.clear()
            self.texts.append(text)
            self.size += sys.getsizeof(text) + 8
        elif tag == "rPh":
            self._is_phonetic = False

    def characters(self, text: str) -> None:
        if self._is_text:
            self._said.append(text)
            self.size += len(text)


class TooMuchText(TabularError):
    def __init__(self) -> None:
        super().__init__(
            "The workbook holds more text than can be read at once. Save the sheet as CSV."
        )


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
