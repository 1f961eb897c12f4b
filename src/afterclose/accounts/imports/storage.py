"""The file's bytes: kept in the database in pieces, so that any worker can read them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import BinaryIO, cast

from django.db import transaction

from afterclose.accounts.imports.models import ImportPiece, ImportRun
from afterclose.kit.tabular import TooLarge
from afterclose.kit.tabular.detecting import LIMIT

PIECE = 1024 * 1024


def pieces_of(stream: BinaryIO) -> Iterable[bytes]:
    """The stream from its start in pieces of a megabyte; more than the limit is `TooLarge`."""
    stream.seek(0)
    seen = 0
    while piece := stream.read(PIECE):
        seen += len(piece)
        if seen > LIMIT:
            raise TooLarge(seen, LIMIT)
        yield piece


def keep(run: ImportRun, stream: BinaryIO) -> None:
    """Store the content of a new run; in the caller's transaction."""
    for number, piece in enumerate(pieces_of(stream)):
        ImportPiece.objects.create(run=run, number=number, content=piece)


def open_content(run_id: int) -> BinaryIO:
    """The file again, as a temporary file on this machine: readers seek, and a long import
    must not hold a transaction (or 200 MB of memory) for its content."""
    content = tempfile.TemporaryFile(prefix="afterclose-import-")  # noqa: SIM115  # given away
    number = 0
    while True:
        with transaction.atomic():
            piece = (
                ImportPiece.objects.filter(run_id=run_id, number=number)
                .values_list("content", flat=True)
                .first()
            )
        if piece is None:
            break
        content.write(piece)
        number += 1
    content.seek(0)
    return cast(BinaryIO, content)
