"""The passes over a file: scan (rows and newest date), preview, commit.

Preview and commit are the same pass; only the commit writes. A pass works in chunks, each one
transaction that holds the rows, their outcomes and the checkpoint `lines_done`: whatever dies,
the next run goes on behind the last finished chunk, and nothing happens twice.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched

from django.db import DataError, IntegrityError, transaction

from afterclose.accounts.imports import bulk, policy, storage
from afterclose.accounts.imports.fields import Converter, Field, FieldType, Reading, Record
from afterclose.accounts.imports.guessing import split_currency
from afterclose.accounts.imports.importers import Context, Importer
from afterclose.accounts.imports.models import ImportRow, ImportRun, Outcome, RunState
from afterclose.accounts.imports.registry import importer_of
from afterclose.businesses import actors
from afterclose.businesses.actors import Actor
from afterclose.businesses.context import required_business_id
from afterclose.kit import clock
from afterclose.kit.tabular import (
    BadValue,
    Dialect,
    Row,
    Table,
    normalise_header,
    parse_date,
    read_table,
)

logger = logging.getLogger(__name__)

ROWS_PER_CHUNK = 2_000
ROWS_PER_SIGN_OF_LIFE = 20_000
CELLS_KEPT = 2_000  # characters of a cell that are shown and given back in the rejected file


class SupersededError(RuntimeError):
    """Somebody else works on this run, or it was cancelled; this worker stops quietly."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a pass needs that does not change while it runs."""

    run_id: int
    importer: Importer
    # Those of the business too, which only a transaction can read.
    fields: tuple[Field, ...]
    dialect: Dialect
    mapping: dict[str, str]
    reading: Reading
    context: Context

    def columns(self, headers: Sequence[str]) -> dict[str, int]:
        """Field name to position of its column."""
        positions = {header: position for position, header in enumerate(headers)}
        return {
            name: positions[header] for name, header in self.mapping.items() if header in positions
        }


def actor_of(run: ImportRun) -> Actor:
    """The member who started the run, or the system for the command line."""
    if run.created_by is None:
        return actors.system(required_business_id())
    return actors.member(run.created_by)


def job_of(run: ImportRun, *, at: datetime) -> Job:
    """A run's settings made ready; call it in a transaction."""
    actor = actor_of(run)
    settings = actor.settings
    importer = importer_of(run.kind)
    fields = importer.fields
    dialect = Dialect(**run.dialect)
    money = {field.name for field in fields if field.type == FieldType.MONEY}
    currencies = {
        name: split_currency(normalise_header(header))[1]
        for name, header in run.mapping.items()
        if name in money
    }
    return Job(
        run_id=run.id,
        importer=importer,
        fields=fields,
        dialect=dialect,
        mapping=dict(run.mapping),
        reading=Reading(
            date_order=dialect.date_order,
            decimal_comma=dialect.decimal_comma,
            time_zone=settings.time_zone,
            shift_days=run.shift_days,
            is_neutralised=dialect.format == "csv",
            values=run.options.get("values", {}),
        ),
        context=Context(
            actor=actor,
            at=at,
            today=clock.today_in(settings.time_zone, at=at),
            currency=run.options.get("currency") or settings.currency,
            column_currencies={name: code for name, code in currencies.items() if code},
            policy=run.options.get("policy") or policy.Policy.OVERWRITE,
        ),
    )


def scan(run: ImportRun, *, alive: Callable[[], None], with_dates: bool) -> tuple[int, date | None]:
    """Number of rows, and the newest date (before any shift) of what has happened.

    `alive` is called every now and then; it may raise to end the scan. Without `with_dates`
    only the rows are counted.
    """
    with transaction.atomic():
        fields = importer_of(run.kind).fields
    dialect = Dialect(**run.dialect)
    with storage.open_content(run.id) as content:
        table = read_table(content, dialect)
        telling = _telling(fields, run.mapping, table) if with_dates else []
        newest: date | None = None
        count = 0
        for row in table.rows:
            count += 1
            if count % ROWS_PER_SIGN_OF_LIFE == 0:
                alive()
            for day in _days(row, telling, dialect):
                if newest is None or day > newest:
                    newest = day
    return count, newest


def _telling(fields: Sequence[Field], mapping: dict[str, str], table: Table) -> list[int]:
    names = [field.name for field in fields if field.tells_newest and field.name in mapping]
    return [table.headers.index(mapping[n]) for n in names if mapping[n] in table.headers]


def _days(row: Row, telling: Sequence[int], dialect: Dialect) -> Iterator[date]:
    if row.error is not None:
        return
    for position in telling:
        try:
            day = parse_date(row.cells[position], order=dialect.date_order)
        except BadValue:
            continue  # a bad date is a row error later; it cannot be the newest
        if day is not None:
            yield day


def work(run_id: int, *, state: RunState, at: datetime, chunk: int = ROWS_PER_CHUNK) -> ImportRun:
    """Run the preview (`PREVIEWING`) or the commit (`COMMITTING`) to its end, from the
    checkpoint on. Raises `SupersededError`, and `TabularError` where the file gives out."""
    with transaction.atomic():
        run = ImportRun.objects.select_related("created_by__person").get(id=run_id)
        job = job_of(run, at=at)
    if run.state != state:
        raise SupersededError
    with storage.open_content(run_id) as content:
        table = read_table(content, job.dialect)
        converter = Converter(job.fields, job.columns(table.headers), job.reading)
        done = run.lines_done
        rows = (row for row in table.rows if row.line > done)
        for batch in batched(rows, chunk):
            _chunk(job, batch, converter, state=state, checkpoint=done)
            done = batch[-1].line
    return _finish(job, state=state, checkpoint=done)


def _claim(job: Job, *, state: RunState, checkpoint: int) -> ImportRun:
    """Lock the run and make sure that nobody else has moved it."""
    run = ImportRun.objects.select_for_update(of=("self",)).get(id=job.run_id)
    if run.state != state or run.lines_done != checkpoint:
        raise SupersededError
    return run


def _chunk(
    job: Job,
    rows: Sequence[Row],
    converter: Converter,
    *,
    state: RunState,
    checkpoint: int,
) -> None:
    """One transaction: the rows' effects, their outcomes, the checkpoint."""
    with transaction.atomic():
        run = _claim(job, state=state, checkpoint=checkpoint)
        records = [converter.convert(row) for row in rows]
        mark_repeats(job.importer, records, seen=_seen(job, records, checkpoint))
        if state == RunState.COMMITTING:
            _write(job, records)
        else:
            _plan(job, records)
        _keep_outcomes(job, records, checkpoint=checkpoint)
        counts = Counter(run.counts) + Counter(record.outcome for record in records)
        ImportRun.objects.filter(id=run.id).update(
            lines_done=rows[-1].line,
            rows_done=run.rows_done + len(rows),
            counts=dict(counts),
            touched_at=clock.now(),
        )


def mark_repeats(importer: Importer, records: Iterable[Record], *, seen: dict[str, int]) -> None:
    """The first good row with an id wins; later ones are told which line it was on."""
    for record in records:
        key = importer.key(record)
        if not key or not record.is_good:
            continue
        first = seen.setdefault(key, record.line)
        if first != record.line:
            record.repeats_line = first


def _seen(job: Job, records: Sequence[Record], checkpoint: int) -> dict[str, int]:
    keys = {key for record in records if (key := job.importer.key(record))}
    earlier = ImportRow.objects.filter(
        run_id=job.run_id,
        external_id__in=bulk.among(keys),
        line__lte=checkpoint,
        outcome__in=[Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED],
    )
    return dict(earlier.values_list("external_id", "line"))


def _plan(job: Job, records: Sequence[Record]) -> None:
    job.importer.plan(records, job.context)
    policy.hold_back(job.importer, records, job.context.policy)


def _write(job: Job, records: Sequence[Record]) -> None:
    """Plan and write; where the database refuses, halve until the row is found."""
    try:
        with transaction.atomic():
            _plan(job, records)
            job.importer.write([record for record in records if record.is_good], job.context)
    except (IntegrityError, DataError) as problem:
        if len(records) == 1:
            logger.warning(
                "Import %s: line %s was refused: %s", job.run_id, records[0].line, problem
            )
            records[0].reject(_refusal(problem))
            return
        middle = len(records) // 2
        _write(job, records[:middle])
        _write(job, records[middle:])


def _refusal(problem: Exception) -> str:
    diagnostics = getattr(problem.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    detail = f" ({name.replace('_', ' ')})" if name else ""
    return f"The row contradicts what is stored{detail}."


def _keep_outcomes(job: Job, records: Sequence[Record], *, checkpoint: int) -> None:
    for record in records:
        if record.repeats_line is not None:
            record.outcome = Outcome.REPEATED
            record.reasons = [
                f"The id “{job.importer.key(record)}” stands already on line "
                f"{record.repeats_line}; the first row counts."
            ]
        elif record.reasons:
            record.outcome = Outcome.ERROR
    last = records[-1].line
    fields = {target.name: target for target in job.fields}
    ImportRow.objects.filter(run_id=job.run_id, line__gt=checkpoint, line__lte=last).delete()
    bulk.insert(
        ImportRow,
        [
            {
                "run_id": job.run_id,
                "line": record.line,
                "external_id": job.importer.key(record)[:200],
                "outcome": record.outcome,
                "reason": " ".join(record.reasons),
                "field": record.fault,
                "changes": policy.side_by_side(job.importer, record, fields, job.context),
                "cells": [cell.replace("\x00", "\ufffd")[:CELLS_KEPT] for cell in record.cells],
            }
            for record in records
        ],
        at=job.context.at,
    )


def _finish(job: Job, *, state: RunState, checkpoint: int) -> ImportRun:
    """Mark the pass as done; after a commit, tell it on the timeline and in the audit log."""
    from afterclose.accounts.imports import passes  # actions start passes

    with transaction.atomic():
        run = _claim(job, state=state, checkpoint=checkpoint)
        # Read in another way, the file may have had more lines the last time.
        ImportRow.objects.filter(run=run, line__gt=checkpoint).delete()
        if state == RunState.COMMITTING:
            job.importer.finish(job.context)
            passes.mark_done(run, actor=job.context.actor, at=clock.now())
        else:
            run.state = RunState.PREVIEWED
            run.rows_total = run.rows_done
            run.touched_at = clock.now()
            run.save(update_fields=["state", "rows_total", "touched_at"])
    return run
