"""What a file is: its kind, the sheet and the row with the headings, the mapping remembered for it.

`kit.tabular` tells how a file is read and guesses the row of its headings by the shape of the
rows; here what we know of headings speaks too: those of saved mappings, and those of importers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from afterclose.accounts.imports.guessing import guess_mapping, missing_fields, shape_of
from afterclose.accounts.imports.models import ImportProfile
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.imports.registry import importer_of, importers, recognise
from afterclose.kit.tabular import (
    Detection,
    Dialect,
    EmptyFile,
    detect,
    look_again,
    normalise_header,
)
from afterclose.kit.tabular.detecting import SHEETS_TRIED

ABOVE_SHOWN = 3
# Rows in which known headings are looked for; comparing one with every field takes 12 ms.
KNOWN_AMONG = 20


def look_at(
    stream: BinaryIO, *, size: int, kind: str = "", profile: ImportProfile | None = None
) -> Detection:
    """What a file is; of a workbook, by the first sheet that fits what it contains, since many
    begin with a cover. Where none fits, by the first that has rows."""
    found = _headed(stream, detect(stream, size=size), kind=kind, profile=profile)
    if _fits(found.headers, kind):
        return found
    for sheet in found.sheets[:SHEETS_TRIED]:
        with suppress(EmptyFile):
            other = look_again(stream, found, sheet=sheet)
            other = _headed(stream, other, kind=kind, profile=profile)
            if _fits(other.headers, kind):
                return other
    return found


def look_anew(stream: BinaryIO, dialect: Dialect, *, kind: str, is_told: bool) -> Detection:
    """A file read in another way: with its headings in the dialect's line, where somebody said
    so, else where they are found."""
    if not is_told:
        return _headed(stream, look_again(stream, Detection(dialect, [], [])), kind=kind)
    line = dialect.header_line
    try:
        return look_again(stream, Detection(dialect, [], []), header_line=line)
    except EmptyFile:
        raise ImportProblem(
            f"The file has no headings in row {line}: it ends before.", field="header_line"
        ) from None


def shown(found: Detection) -> dict[str, Any]:
    """What of a detection is kept with the file, to be shown for confirmation."""
    above = [cells for line, cells in found.opening if line < found.dialect.header_line]
    return {
        "headers": found.headers,
        "sample": found.sample,
        "above": [" ".join(cells)[:80] for cells in above[:ABOVE_SHOWN]],
    }


def remembered(rows: Sequence[Sequence[str]], kind: str) -> ImportProfile | None:
    """The mapping that was saved last for a file with the headings of one of the rows."""
    known = [kind] if kind else [importer.kind for importer in importers()]
    saved = ImportProfile.objects.filter(shape__in={shape_of(row) for row in rows})
    return saved.filter(kind__in=known).order_by("-saved_at", "-id").first()


def _headed(
    stream: BinaryIO, found: Detection, *, kind: str, profile: ImportProfile | None = None
) -> Detection:
    """The detection with the headings where a saved mapping or an importer knows them, first of
    all where they were guessed."""
    rows = sorted(found.opening, key=lambda row: row[0] != found.dialect.header_line)
    line = _known_line(rows, kind, profile)
    if line in (None, found.dialect.header_line):
        return found
    return look_again(stream, found, header_line=line)


def _known_line(
    rows: Sequence[tuple[int, list[str]]], kind: str, profile: ImportProfile | None
) -> int | None:
    if profile is not None:
        wanted = set(profile.mapping.values())
        having = (line for line, row in rows if wanted <= {normalise_header(each) for each in row})
        return next(having, None)
    shapes = [row for _, row in rows]
    if saved := remembered(shapes[:1], kind) or remembered(shapes, kind):
        return next(line for line, row in rows if shape_of(row) == saved.shape)
    first, *others = rows or [(0, [])]
    known = {first[0]: _known_fields(first[1], kind)}
    # A row of titles may fit too ("Account", over several columns), but little of it is known.
    if known[first[0]] * 2 < len(first[1]) or not known[first[0]]:
        known |= {line: _known_fields(row, kind) for line, row in others[:KNOWN_AMONG]}
    best = max(known, key=lambda line: known[line])
    return best if known[best] else None


def _known_fields(headers: Sequence[str], kind: str) -> int:
    """How many columns of a heading are known, of the kind that it fits; 0 where it fits none."""
    chosen = kind or recognise(headers)
    if chosen is None or not _fits(headers, chosen):
        return 0
    return len(set(guess_mapping(importer_of(chosen).fields, headers).values()))


def _fits(headers: Sequence[str], kind: str) -> bool:
    if not kind:
        return recognise(headers) is not None
    fields = importer_of(kind).fields
    return not missing_fields(fields, guess_mapping(fields, headers))
