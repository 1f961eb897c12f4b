"""Parts of a workbook as XML, read in pieces with limits: nothing in them is believed.

An XLSX file is a ZIP archive of XML. A small one can unpack to anything and say anything, so
sizes are checked before reading, entities are refused, and no token may grow without end.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Concatenate
from xml.parsers import expat

from afterclose.kit.tabular.errors import NotATable, PasswordProtected, TooLargeUnpacked

MEGABYTE = 1024 * 1024
PIECE = 64 * 1024
MAX_UNPACKED = 1024 * MEGABYTE
MAX_DIRECTORY = 4 * MEGABYTE  # of the archive; a workbook has some dozens of parts
MAX_SMALL_PART = 32 * MEGABYTE  # styles, list of sheets
MAX_TOKEN = 4 * MEGABYTE  # a tag with its attributes

DAMAGED = "a damaged or unknown workbook"

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def open_archive(stream: BinaryIO) -> zipfile.ZipFile:
    """The archive, once its directory says that it is of a bearable size.

    `zipfile` gives no more of a part than the directory says. Raises `TooLargeUnpacked` and
    `NotATable`.
    """
    _check_directory(stream)
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
    # What `zipfile` raises for a directory that lies: bad offsets, dates, kinds of archive.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise NotATable(DAMAGED) from None
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise TooLargeUnpacked(unpacked, MAX_UNPACKED)
    return archive


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


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part in pieces; nothing where the archive has none of that name."""
    try:
        with archive.open(name) as part:
            while piece := part.read(PIECE):
                yield piece
    except KeyError:
        return
    except RuntimeError:  # how `zipfile` says that a part is encrypted
        raise PasswordProtected from None
    # What it raises for contents that do: a wrong checksum, broken or unknown compression, an end.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
        raise NotATable(DAMAGED) from None


def small_part(archive: zipfile.ZipFile, name: str, start: Start) -> None:
    """Call `start` for every element of a part that a whole workbook has once."""
    if name in archive.NameToInfo and archive.NameToInfo[name].file_size > MAX_SMALL_PART:
        raise NotATable(DAMAGED)
    for _ in parsed(archive, name, start=start):
        pass


def parsed(
    archive: zipfile.ZipFile,
    name: str,
    *,
    start: Start,
    end: End | None = None,
    text: Text | None = None,
) -> Iterator[None]:
    """Parse a part, yielding after each piece. Names of elements come without prefix.

    Raises `NotATable` for what is not well-formed, has a document type, or never ends.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.CharacterDataHandler = text

    def first(tag: str, attributes: dict[str, str]) -> None:
        # Most files write no prefixes; then every call less counts, for there are millions.
        bare = ":" not in tag
        parser.StartElementHandler = start if bare else _unprefixed(start)
        parser.EndElementHandler = end if bare or end is None else _unprefixed(end)
        start(tag.rpartition(":")[2], attributes)

    parser.StartElementHandler = first
    parser.StartDoctypeDeclHandler = _refuse
    fed = 0
    try:
        for piece in pieces(archive, name):
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > MAX_TOKEN:
                raise NotATable(DAMAGED)
            yield
        if fed:
            parser.Parse(b"", True)
            yield
    except expat.ExpatError:
        raise NotATable(DAMAGED) from None


def _unprefixed[**P, R](handler: Callable[Concatenate[str, P], R]) -> Callable[..., R]:
    def called(tag: str, *rest: P.args, **named: P.kwargs) -> R:
        return handler(tag.rpartition(":")[2], *rest, **named)

    return called


def _refuse(*_: object) -> None:
    raise NotATable(DAMAGED)
