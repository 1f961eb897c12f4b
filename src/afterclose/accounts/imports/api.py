"""Imports in the API: a file in, checked, imported, and what was rejected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.utils import timezone
from ninja import File, Form, Path, Query
from ninja.files import UploadedFile
from pydantic import AfterValidator, Field

from afterclose.accounts.imports import actions, jobs, passes, queries
from afterclose.accounts.imports.models import ImportRun
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.imports.registry import importers
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import LEFT_OUT, AddressId, In, Out, Page, up_to
from afterclose.businesses.rest.router import ROOT, ApiRequest, ApiRouter, Created
from afterclose.kit.paging import BadCursor, decode_cursor, encode_cursor
from afterclose.kit.problems import Problem
from afterclose.kit.tabular import TabularError
from afterclose.kit.tabular.detecting import LAST_HEADER_LINE

router = ApiRouter()
KINDS = sorted(importer.kind for importer in importers())


class ImportOut(Out):
    """A file and how far it has come.

    `mapping` when its columns can be confirmed, `previewing`, `previewed` when its counts say what
    an import would do, `committing`, then `done`, `failed` or `cancelled`.
    """

    id: int
    kind: str
    state: Literal[
        "mapping", "previewing", "previewed", "committing", "done", "failed", "cancelled"
    ]
    file_name: str
    headers: list[str]
    header_line: int = Field(
        description="Line of the file (XLSX: row of the sheet) that has the headings; what stands "
        "above is passed over."
    )
    mapping: dict[str, str] = Field(description="Field to heading.")
    rows_total: int | None
    rows_done: int
    counts: dict[str, int] = Field(
        description="Rows by outcome: created, updated, unchanged, repeated, error."
    )
    message: str = Field(description="Why it stopped.")
    created_at: datetime
    finished_at: datetime | None


class ImportRowOut(Out):
    """What a row of the file led to, or would lead to."""

    line: int
    outcome: str
    field: str
    reason: str
    cells: list[str | None]


def _known(kind: str) -> str:
    if kind and kind not in KINDS:
        raise ValueError(f"must be one of {', '.join(KINDS)}")
    return kind


class ImportForm(In):
    """What comes with the file."""

    kind: Annotated[str, AfterValidator(_known)] = Field(
        "",
        description="What the rows are; empty: found out by the headings.",
        json_schema_extra={"enum": ["", *KINDS]},
    )
    profile_id: AddressId = Field(LEFT_OUT, description="A saved mapping.")


class Confirmed(In):
    """How to read the file."""

    header_line: int | None = Field(
        None, ge=1, le=LAST_HEADER_LINE, description="Where the headings are; empty: as guessed."
    )
    mapping: dict[Annotated[str, Field(max_length=60)], Annotated[str, up_to(500)]] | None = Field(
        None, max_length=200, description="Field to heading; empty: as it was guessed."
    )


class RowQuery(In):
    """Which rows."""

    outcome: list[Literal["created", "updated", "unchanged", "repeated", "error"]] = Field(
        [], description="Any of these; repeated and error are the rejected ones."
    )
    cursor: Annotated[str, up_to(200)] = Field(
        LEFT_OUT, description="`next_cursor` of the page before."
    )


IMPORT = {
    "id": 7, "kind": "accounts", "state": "previewed", "file_name": "customers.csv",
    "headers": ["Name", "Domain"], "header_line": 1,
    "mapping": {"name": "Name", "domain": "Domain"},
    "rows_total": 120, "rows_done": 120, "counts": {"created": 118, "error": 2}, "message": "",
    "created_at": "2026-03-02T09:00:00Z", "finished_at": None,
}  # fmt: skip


def import_out(run: ImportRun) -> ImportOut:
    """An import of the API from its row."""
    return ImportOut.model_construct(
        id=run.id,
        kind=run.kind,
        state=str(run.state),  # an action may have left the enum's member here
        file_name=run.file_name,
        headers=[str(each) for each in run.detection.get("headers", [])],
        header_line=run.dialect.get("header_line") or 1,
        mapping=run.mapping,
        rows_total=run.rows_total,
        rows_done=run.rows_done,
        counts=run.counts,
        message=run.message,
        created_at=run.created_at,
        finished_at=run.finished_at,
    )


@contextmanager
def _as_conflict() -> Iterator[None]:
    """What is wrong with a file is for the caller to put right."""
    try:
        yield
    except ImportProblem as problem:
        field = problem.field.replace("map_", "mapping.")
        raise ValidationError({field or "file": str(problem)}) from problem
    except TabularError as problem:
        raise ValidationError({"file": str(problem)}) from problem


def _run(request: ApiRequest, import_id: int) -> ImportRun:
    return queries.run(request.viewer, import_id)


@router.operation(
    "POST",
    "/imports",
    right=Right.ACCOUNTS_IMPORT,
    returns=ImportOut,
    status=201,
    example=IMPORT | {"state": "mapping", "counts": {}},
)
def start_import(
    request: ApiRequest,
    file: File[UploadedFile],
    form: Form[ImportForm],
) -> Created:
    """Upload a CSV or XLSX file.

    It is stored and looked at; nothing is imported yet. Encoding, delimiter and columns are found
    out; check it with /imports/{id}/preview.
    """
    viewer, at = request.viewer, timezone.now()
    profile = None
    if form.profile_id is not None:
        profile = queries.profiles(viewer).filter(id=form.profile_id).first()
        if profile is None:
            raise ValidationError({"profile_id": "There is no saved mapping with this id."})
    with _as_conflict():
        run = actions.take_in(
            actor=viewer,
            at=at,
            import_set=actions.start_set(actor=viewer, at=at),
            file_name=_printable(file.name or "file"),
            # Django's wrapper has all of a stream that is read, but is not typed as one.
            stream=file,  # type: ignore[arg-type]
            size=file.size or 0,
            kind=form.kind or (profile.kind if profile else ""),
            profile=profile,
        )
    return Created(import_out(run), f"{ROOT}/imports/{run.id}")


def _printable(name: str) -> str:
    return "".join(each for each in name if each.isprintable()) or "file"


@router.operation(
    "GET",
    "/imports/{import_id}",
    right=Right.ACCOUNTS_IMPORT,
    returns=ImportOut,
    example=IMPORT,
    cached=True,
)
def get_import(request: ApiRequest, import_id: Path[AddressId]) -> ImportOut:
    """Read how far an import has come."""
    return import_out(_run(request, import_id))


@router.operation(
    "POST",
    "/imports/{import_id}/preview",
    right=Right.ACCOUNTS_IMPORT,
    returns=ImportOut,
    status=202,
    example=IMPORT | {"state": "previewing"},
    takes={"mapping": {"name": "Name", "domain": "Domain"}},
)
def preview_import(request: ApiRequest, import_id: Path[AddressId], body: Confirmed) -> ImportOut:
    """Confirm the columns and have every row checked in the background."""
    _run(request, import_id)
    with _as_conflict():
        if body.header_line is not None:
            actions.change_reading(
                actor=request.viewer, run_id=import_id, dialect={"header_line": body.header_line}
            )
        if body.mapping is not None:
            actions.confirm_mapping(actor=request.viewer, run_id=import_id, mapping=body.mapping)
        run = passes.start_preview(actor=request.viewer, at=timezone.now(), run_id=import_id)
    jobs.defer_pass(run)
    return import_out(run)


@router.operation(
    "POST",
    "/imports/{import_id}/commit",
    right=Right.ACCOUNTS_IMPORT,
    returns=ImportOut,
    status=202,
    example=IMPORT | {"state": "committing"},
)
def commit_import(request: ApiRequest, import_id: Path[AddressId]) -> ImportOut:
    """Have a checked file imported in the background."""
    _run(request, import_id)
    with _as_conflict():
        run = passes.start_commit(actor=request.viewer, at=timezone.now(), run_id=import_id)
    jobs.defer_pass(run)
    return import_out(run)


@router.operation(
    "POST",
    "/imports/{import_id}/cancel",
    right=Right.ACCOUNTS_IMPORT,
    returns=ImportOut,
    example=IMPORT | {"state": "cancelled"},
)
def cancel_import(request: ApiRequest, import_id: Path[AddressId]) -> ImportOut:
    """Stop an import; what has been imported stays."""
    _run(request, import_id)
    return import_out(passes.cancel(actor=request.viewer, at=timezone.now(), run_id=import_id))


@router.operation(
    "GET",
    "/imports/{import_id}/rows",
    right=Right.ACCOUNTS_IMPORT,
    returns=Page[ImportRowOut],
    example={
        "items": [
            {"line": 4, "outcome": "error", "field": "name", "reason": "The name is missing.",
             "cells": ["", "globex.example"]}
        ],
        "next_cursor": None,
    },
)  # fmt: skip
def list_import_rows(
    request: ApiRequest, import_id: Path[AddressId], query: Query[RowQuery]
) -> Page[ImportRowOut]:
    """Read the rows of a checked or imported file, such as the rejected ones, 100 at a time."""
    run = _run(request, import_id)
    found = queries.rows(request.viewer, run, outcomes=query.outcome, after=_line(query.cursor))
    items = [
        ImportRowOut(
            line=row.line,
            outcome=row.outcome,
            field=row.field,
            reason=row.reason,
            cells=[None if cell is None else str(cell) for cell in row.cells],
        )
        for row in found.rows
    ]
    cursor = encode_cursor([found.next_after]) if found.next_after is not None else None
    return Page[ImportRowOut](items=items, next_cursor=cursor)


def _line(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        [line] = decode_cursor(cursor, length=1)
    except BadCursor:
        line = None
    if not isinstance(line, int) or isinstance(line, bool) or not 0 <= line < 2**31:
        raise Problem(404, "There is no such page. Start again without the cursor.")
    return line
