"""What a person does with files: take in, map, check, import, cancel, save a profile.

Every action checks the right first; the passes themselves run in jobs (`jobs.py`) or, for
small files and the command line, in the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import PurePath
from typing import Any, BinaryIO

from django.db import transaction

from afterclose.accounts.imports import looking, profiles, storage
from afterclose.accounts.imports.guessing import guess_mapping, missing_fields
from afterclose.accounts.imports.models import (
    ImportProfile,
    ImportRun,
    ImportSet,
    RunState,
    ShiftMode,
)
from afterclose.accounts.imports.policy import Policy, offered
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.imports.registry import importer_of, importers, recognise
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.tabular import Dialect
from afterclose.kit.tabular.detecting import LAST_HEADER_LINE
from afterclose.kit.tabular.values import ORDER_WORDS

CHANGEABLE = (RunState.MAPPING, RunState.PREVIEWED, RunState.FAILED, RunState.CANCELLED)
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Pipe"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with byte-order mark",
    "cp1252": "Windows-1252 (Western Europe)",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
}


@transaction.atomic
def start_set(
    *,
    actor: Actor,
    at: datetime,
    shift_mode: str = ShiftMode.NONE,
    shift_days: int | None = None,
    shift_newest_to: date | None = None,
) -> ImportSet:
    """Begin a set of files whose dates move together.

    `shift_days` is for the mode "days"; the mode "newest" finds it out when the first file is
    checked, from all files of the set that are there by then.
    """
    require(actor, Right.ACCOUNTS_IMPORT)
    if shift_mode == ShiftMode.DAYS and shift_days is None:
        raise ImportProblem("Say by how many days the dates move.", field="shift_days")
    if shift_days is not None and abs(shift_days) > 36_525:
        raise ImportProblem("Dates can move by at most a hundred years.", field="shift_days")
    return ImportSet.objects.create(
        created_at=at,
        created_by_id=actor.membership_id,
        shift_mode=shift_mode,
        shift_days={ShiftMode.NONE: 0, ShiftMode.DAYS: shift_days}.get(ShiftMode(shift_mode)),
        shift_newest_to=shift_newest_to,
    )


@transaction.atomic
def take_in(
    *,
    actor: Actor,
    at: datetime,
    import_set: ImportSet,
    file_name: str,
    stream: BinaryIO,
    size: int,
    kind: str = "",
    profile: ImportProfile | None = None,
) -> ImportRun:
    """Store a file and look at it. `kind` "" means: recognise it by its headings.

    Raises the `TabularError`s of `kit.tabular`, or `ImportProblem` when no kind fits.
    """
    require(actor, Right.ACCOUNTS_IMPORT)
    found = looking.look_at(stream, size=size, kind=kind, profile=profile)
    profile = profile or looking.remembered([found.headers], kind)
    chosen = kind or (profile.kind if profile else recognise(found.headers))
    if chosen is None:
        kinds = ", ".join(importer.noun[1] for importer in importers())
        raise ImportProblem(
            f"“{file_name}” has the columns {_listed(found.headers)}; that fits none of {kinds}. "
            "Choose what it contains.",
            field="kind",
        )
    importer = importer_of(chosen)
    saved = profile.mapping if profile else None
    run = ImportRun.objects.create(
        import_set=import_set,
        kind=chosen,
        file_name=PurePath(file_name).name[:255],
        file_size=size,
        dialect=asdict(found.dialect),
        detection={
            **looking.shown(found),
            "sheets": found.sheets,
            "byte_order_mark": found.byte_order_mark,
            "date_order_certain": found.date_order_certain,
            "decimal_certain": found.decimal_certain,
            "date_example": found.date_example,
        },
        mapping=guess_mapping(importer.fields, found.headers, profile=saved),
        options=dict(profile.options) if profile else {},
        profile_name=profile.name if profile else "",
        created_at=at,
        created_by_id=actor.membership_id,
        touched_at=at,
    )
    storage.keep(run, stream)
    return run


def _listed(headers: list[str]) -> str:
    shown = ", ".join(f"“{header}”" for header in headers[:8])
    return f"{shown} and {len(headers) - 8} more" if len(headers) > 8 else shown


@transaction.atomic
def change_reading(
    *, actor: Actor, run_id: int, kind: str = "", dialect: Mapping[str, Any] | None = None
) -> ImportRun:
    """Correct what was detected: kind, encoding, delimiter, date order, decimal sign, sheet, the
    line of the headings.

    Headings are read anew where that changed, and looked for anew where nobody says their line;
    the mapping is then the saved one of a file with such headings, else it is guessed anew.
    """
    require(actor, Right.ACCOUNTS_IMPORT)
    run = changeable(run_id)
    before = Dialect(**run.dialect)
    wanted = replace(before, **(dialect or {}))
    if (
        wanted.delimiter not in DELIMITERS
        or wanted.encoding not in ENCODINGS
        or wanted.date_order not in ORDER_WORDS
    ):
        raise ImportProblem("Choose one of the offered ways to read the file.")
    if not 0 <= wanted.header_line <= LAST_HEADER_LINE:
        raise ImportProblem(
            f"Headings are looked for in the first {LAST_HEADER_LINE:,} rows.", field="header_line"
        )
    new_kind = bool(kind) and kind != run.kind
    if new_kind:
        run.kind = importer_of(kind).kind
    said = wanted.header_line != before.header_line
    reread = said or (wanted.encoding, wanted.delimiter, wanted.sheet) != (
        before.encoding,
        before.delimiter,
        before.sheet,
    )
    if reread:
        with storage.open_content(run.id) as content:
            found = looking.look_anew(content, wanted, kind=run.kind, is_told=said)
        run.detection = {**run.detection, **looking.shown(found)}
        wanted = replace(wanted, header_line=found.dialect.header_line)
    if reread or new_kind:
        headers = run.detection["headers"]
        profile = looking.remembered([headers], run.kind)
        saved = profile.mapping if profile else None
        run.mapping = guess_mapping(importer_of(run.kind).fields, headers, profile=saved)
        run.options = {**run.options, **(profile.options if profile else {})}
        run.profile_name = profile.name if profile else ""
    run.dialect = asdict(wanted)
    _back_to_mapping(run)
    return run


@transaction.atomic
def confirm_mapping(
    *,
    actor: Actor,
    run_id: int,
    mapping: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
) -> ImportRun:
    """Set which column is which field. Raises `ImportProblem` for what cannot be."""
    require(actor, Right.ACCOUNTS_IMPORT)
    run = changeable(run_id)
    importer = importer_of(run.kind)
    headers = set(run.detection["headers"])
    names = {field.name for field in importer.fields}
    for name, header in mapping.items():
        if name not in names:
            raise ImportProblem(f"{importer.label} have no field “{name}”.")
        if header not in headers:
            raise ImportProblem(f"The file has no column “{header}”.", field=f"map_{name}")
    chosen = {name: header for name, header in mapping.items() if header}
    missing = missing_fields(importer.fields, chosen)
    if missing:
        labels = ", ".join(field.label for field in missing)
        raise ImportProblem(
            f"Choose a column for: {labels}. Without it no row can be imported.",
            field=f"map_{missing[0].name}",
        )
    currency = (options or {}).get("currency", "")
    if currency and currency not in EXPONENTS:
        raise ImportProblem(f"“{currency}” is not a currency code.", field="currency")
    wanted = (options or {}).get("policy") or Policy.OVERWRITE
    if wanted not in offered(importer):
        raise ImportProblem("Choose what happens to rows that are there already.", field="policy")
    run.mapping = chosen
    run.options = {**run.options, **(options or {})}
    _back_to_mapping(run)
    return run


def changeable(run_id: int) -> ImportRun:
    """The run, locked, while its columns and reading may still change; else `ImportProblem`."""
    run = ImportRun.objects.select_for_update(of=("self",)).get(id=run_id)
    if run.state not in CHANGEABLE:
        raise ImportProblem("This file is being worked on or has been imported already.")
    if run.content_deleted_at is not None:
        raise ImportProblem("The file's content is no longer kept. Upload it again.")
    if run.state in (RunState.FAILED, RunState.CANCELLED) and run.lines_done and run.finished_at:
        raise ImportProblem("A part of this file was imported. Upload the file again instead.")
    return run


def _back_to_mapping(run: ImportRun) -> None:
    run.state, run.message = RunState.MAPPING, ""
    run.counts, run.rows_done, run.lines_done = {}, 0, 0
    run.rows_total, run.newest_on = None, None
    run.save()


@transaction.atomic
def teach_words(*, actor: Actor, run_id: int, values: Mapping[str, Mapping[str, str]]) -> ImportRun:
    """Say what words of a file mean: field to normalised word to one of the field's choices.

    They hold for this file, and for files of a mapping that is saved with them.
    """
    require(actor, Right.ACCOUNTS_IMPORT)
    run = changeable(run_id)
    fields = {field.name: field for field in importer_of(run.kind).fields}
    known = {name: dict(words) for name, words in run.options.get("values", {}).items()}
    for name, words in values.items():
        for word, choice in words.items():
            if name not in fields or choice not in fields[name].choices.values():
                raise ImportProblem(f"“{choice}” is not a choice of {name}.")
            known.setdefault(name, {})[word] = choice
    run.options = {**run.options, "values": known}
    _back_to_mapping(run)
    if run.profile_name:
        saved = ImportProfile.objects.filter(kind=run.kind, name=run.profile_name).first()
        if saved is not None:
            saved.options = {**saved.options, "values": profiles.both(saved.options, run.options)}
            saved.save(update_fields=["options"])
    return run
