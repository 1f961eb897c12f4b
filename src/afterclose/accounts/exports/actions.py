"""Asking for a file, writing it, letting go of it."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import datetime, timedelta
from typing import IO

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone

from afterclose.accounts import timeline
from afterclose.accounts.exports.models import AT_WORK, Export, ExportPiece, ExportState
from afterclose.businesses import actors, audit, context
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import require
from afterclose.ui import formats
from afterclose.ui.lists import ListContext
from afterclose.ui.lists.background import Wish, list_of
from afterclose.ui.lists.export import TooManyRowsError, write
from afterclose.ui.lists.page import ListPage

PIECE = 1024 * 1024
KEPT_FOR = timedelta(days=7)
FORGOTTEN_AFTER = timedelta(days=90)
# A job shows a sign of life every second; without one for so long it has died.
DEAD_AFTER = timedelta(minutes=5)
MOST_AT_ONCE = 5


class TooManyExportsError(PermissionDenied):
    """Somebody has asked for several files that are not written yet."""


@transaction.atomic
def ask(*, actor: Actor, at: datetime, wish: Wish) -> Export:
    """Ask for a list as a file; whoever calls then defers the job.

    Raises PermissionDenied when the actor may not take that list away.
    """
    if actor.membership_id is None:
        raise PermissionDenied("Only a member of the business can ask for a file.")
    export = Export(
        member_id=actor.membership_id,
        title=wish.title[:200],
        list_path=wish.list_path,
        address=wish.address[:300],
        query=wish.query,
        scope=dict(wish.scope),
        today=wish.today,
        kind=wish.kind,
        rows_total=wish.rows,
        asked_at=at,
        touched_at=at,
    )
    page_of(actor, export)
    if Export.objects.filter(member_id=actor.membership_id, state__in=AT_WORK).count() >= (
        MOST_AT_ONCE
    ):
        raise TooManyExportsError(
            f"{MOST_AT_ONCE} files of yours are not written yet. Ask again when they are there."
        )
    export.save()
    audit.record(
        "list.exported",
        actor=actor,
        at=at,
        subject=export,
        changes={"rows": wish.rows, "address": f"{wish.address}?{wish.query}"},
    )
    return export


def page_of(viewer: Actor, export: Export) -> ListPage:
    """The list that the file mirrors, with the rights that the viewer has now.

    Raises PermissionDenied without the right of the page, or of taking the list away.
    """
    try:
        right = getattr(resolve(export.address).func, "right", None)
        the_list = list_of(export.list_path)(ListContext(viewer, export.today, export.scope))
    except (Resolver404, ImportError) as gone:
        raise PermissionDenied("That list is not part of the product any more.") from gone
    if right is not None:
        require(viewer, right)
    if not the_list.may_export(viewer):
        raise PermissionDenied("Your role may not export this list. Ask an admin for the right.")
    return ListPage(the_list, QueryDict(export.query), export.address, strict=True)


def write_file(export_id: int) -> None:
    """Write the file and keep it; one that is there already, or failed, is left alone.

    The rows are read in one transaction, so the file is the list of one moment; nothing of it is
    kept before it is whole. Killed at any time and run again, it begins anew.
    """
    with transaction.atomic():
        export = Export.objects.select_for_update().get(id=export_id)
        if not export.is_at_work:
            return
        export.state, export.rows_done, export.touched_at = ExportState.WRITING, 0, timezone.now()
        export.save(update_fields=["state", "rows_done", "touched_at"])
        member = export.member
        viewer = actors.member(member)
        gone = member.deactivated_at is not None
    if gone:
        _fail(export_id, "Whoever asked for the file has left the business.")
        return
    with tempfile.TemporaryFile(prefix="afterclose-export-") as target:
        try:
            # In the language and time zone that the person sees the list in.
            with timezone.override(viewer.zone), transaction.atomic():
                page = page_of(viewer, export)
                if page.state.problems:
                    _fail(export_id, " ".join(problem.reason for problem in page.state.problems))
                    return
                with _Progress(export_id) as progress:
                    write(page, export.kind, target, tell=progress.tell)
        except (PermissionDenied, TooManyRowsError) as refusal:
            _fail(export_id, str(refusal))
            return
        _keep(viewer, export_id, target, progress.rows)


class _Progress:
    """Says how many rows are written, over a connection of its own: the transaction that reads
    them is not to be committed before the last."""

    EVERY = 1.0

    def __init__(self, export_id: int) -> None:
        self.export_id = export_id
        self.rows = 0
        self.said = time.monotonic()
        self.other = connection.copy()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_error: object) -> None:
        self.other.close()

    def tell(self, rows: int) -> None:
        """So many rows are written."""
        self.rows = rows
        if time.monotonic() - self.said < self.EVERY:
            return
        self.said = time.monotonic()
        self.other.ensure_connection()
        self.other.set_autocommit(False)
        try:
            context.apply(self.other)
            with self.other.cursor() as cursor:
                cursor.execute(
                    "UPDATE accounts_export SET rows_done = %s, touched_at = %s"
                    " WHERE business_id = %s AND id = %s",
                    [rows, timezone.now(), context.required_business_id(), self.export_id],
                )
            self.other.commit()
        finally:
            self.other.rollback()


@transaction.atomic
def _keep(viewer: Actor, export_id: int, target: IO[bytes], rows: int) -> None:
    export = Export.objects.select_for_update().get(id=export_id)
    if export.state != ExportState.WRITING:
        return  # another worker was here meanwhile
    size, number = target.seek(0, os.SEEK_END), 0
    target.seek(0)
    ExportPiece.objects.filter(export=export).delete()
    while piece := target.read(PIECE):
        ExportPiece.objects.create(export=export, number=number, content=piece)
        number += 1
    at = timezone.now()
    export.state, export.file_size, export.rows_done = ExportState.READY, size, rows
    export.finished_at = export.touched_at = at
    export.save()
    timeline.record(
        "export.finished",
        actor=viewer,
        at=at,
        title=f"{export.title}: the {export.get_kind_display()} file is ready",
        body=f"{formats.number(rows)} rows. It is kept until {kept_until(export):%d %B %Y}.",
        payload={"export": export.id, "member": export.member_id},
        key=f"export:{export.id}",
    )


@transaction.atomic
def _fail(export_id: int, message: str) -> None:
    at = timezone.now()
    export = Export.objects.select_for_update().select_related("member__person").get(id=export_id)
    if not export.is_at_work:
        return
    export.state, export.message, export.finished_at = ExportState.FAILED, message, at
    export.save(update_fields=["state", "message", "finished_at"])
    timeline.record(
        "export.finished",
        actor=actors.member(export.member),
        at=at,
        title=f"{export.title}: the file could not be written",
        body=message,
        payload={"export": export.id, "member": export.member_id},
        key=f"export:{export.id}",
    )


def kept_until(export: Export) -> datetime:
    """When the file is removed."""
    return (export.finished_at or export.asked_at) + KEPT_FOR


def open_file(viewer: Actor, export: Export) -> IO[bytes]:
    """The file's content as a temporary file, with the rights that the viewer has now.

    Raises PermissionDenied.
    """
    page_of(viewer, export)
    # Not closed here: the answer that streams it closes it.
    content: IO[bytes] = tempfile.TemporaryFile(prefix="afterclose-export-")  # noqa: SIM115
    pieces = ExportPiece.objects.filter(export=export).order_by("number")
    for piece in pieces.values_list("content", flat=True).iterator(chunk_size=1):
        content.write(piece)
    content.seek(0)
    return content


@transaction.atomic
def remove_old(*, at: datetime) -> int:
    """Let go of files that were kept for long enough; how many went. What was asked for stays
    on the page for three months."""
    old = Export.objects.filter(state=ExportState.READY, finished_at__lt=at - KEPT_FOR)
    ids = list(old.values_list("id", flat=True)[:1000])
    ExportPiece.objects.filter(export_id__in=ids).delete()
    Export.objects.filter(id__in=ids).update(state=ExportState.REMOVED)
    Export.objects.filter(asked_at__lt=at - FORGOTTEN_AFTER).exclude(state__in=AT_WORK).delete()
    return len(ids)
