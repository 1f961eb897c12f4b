"""Import from the command line and from code: the same steps as the screens, in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.db import transaction

from afterclose.accounts.imports import actions, engine, passes
from afterclose.accounts.imports.guessing import BUILT_IN_PROFILE
from afterclose.accounts.imports.models import (
    REJECTED,
    ImportProfile,
    ImportRun,
    ImportSet,
    Outcome,
    RunState,
    ShiftMode,
)
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.imports.registry import importer_of
from afterclose.businesses.actors import Actor
from afterclose.kit import clock
from afterclose.kit.tabular import TabularError, csv_bytes

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


@dataclass(frozen=True, slots=True)
class Wishes:
    """How files are to be imported; `mapping` (field to heading) goes over what is guessed."""

    kind: str = ""
    profile: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    policy: str = ""
    header_line: int | None = None
    shift_days: int | None = None
    shift_newest_to: date | None = None
    preview_only: bool = False


def import_files(
    paths: Sequence[Path],
    *,
    actor: Actor,
    wishes: Wishes,
    told: Callable[[ImportRun], None] | None = None,
) -> list[ImportRun]:
    """Import files as one set, those first that others refer to. Must run outside a
    transaction in production use: every chunk commits by itself.

    `told` is called with each finished run. Raises `TabularError` and `ImportProblem` (with
    the file's name in the message); files before the one at fault are imported by then.
    """
    mode = ShiftMode.NONE
    if wishes.shift_days is not None:
        mode = ShiftMode.DAYS
    elif wishes.shift_newest_to is not None:
        mode = ShiftMode.NEWEST
    whole = actions.start_set(
        actor=actor,
        at=clock.now(),
        shift_mode=mode,
        shift_days=wishes.shift_days,
        shift_newest_to=wishes.shift_newest_to,
    )
    taken = [_take(path, actor=actor, wishes=wishes, import_set=whole) for path in paths]
    taken.sort(key=lambda run: importer_of(run.kind).order)
    return [_run(run, actor=actor, wishes=wishes, told=told) for run in taken]


def _take(path: Path, *, actor: Actor, wishes: Wishes, import_set: ImportSet) -> ImportRun:
    try:
        with path.open("rb") as stream:
            run = actions.take_in(
                actor=actor,
                at=clock.now(),
                import_set=import_set,
                file_name=path.name,
                stream=stream,
                size=path.stat().st_size,
                kind=wishes.kind,
                profile=_profile(wishes),
            )
        if wishes.header_line is not None:
            run = actions.change_reading(
                actor=actor,
                run_id=run.id,
                kind=wishes.kind,
                dialect={"header_line": wishes.header_line},
            )
        wanted = {"currency": wishes.currency, "policy": wishes.policy}
        options = {name: value for name, value in wanted.items() if value}
        return actions.confirm_mapping(
            actor=actor,
            run_id=run.id,
            mapping={**run.mapping, **wishes.mapping},
            options=options,
        )
    except (TabularError, ImportProblem) as problem:
        raise ImportProblem(f"{path.name}: {problem}") from problem


def _profile(wishes: Wishes) -> ImportProfile | None:
    if not wishes.profile or wishes.profile == BUILT_IN_PROFILE:
        return None
    with transaction.atomic():
        found = ImportProfile.objects.filter(name=wishes.profile, kind=wishes.kind).first()
    if found is None:
        raise ImportProblem(
            f"There is no saved mapping “{wishes.profile}” for {wishes.kind or 'this kind'}."
        )
    return found


def _run(
    run: ImportRun, *, actor: Actor, wishes: Wishes, told: Callable[[ImportRun], None] | None
) -> ImportRun:
    passes.start_preview(actor=actor, at=clock.now(), run_id=run.id)
    if wishes.preview_only:
        passes.settle_shift(run_id=run.id, at=clock.now(), state=RunState.PREVIEWING)
        done = _work(run, RunState.PREVIEWING)
    else:
        passes.skip_preview(actor=actor, at=clock.now(), run_id=run.id)
        passes.start_commit(actor=actor, at=clock.now(), run_id=run.id)
        done = _work(run, RunState.COMMITTING)
    if told is not None:
        told(done)
    return done


def _work(run: ImportRun, state: RunState) -> ImportRun:
    try:
        return engine.work(run.id, state=state, at=clock.now())
    except TabularError as problem:
        passes.mark_failed(run_id=run.id, message=str(problem), at=clock.now())
        raise ImportProblem(f"{run.file_name}: {problem}") from problem


def summary(run: ImportRun) -> str:
    """One line about a run: "accounts.csv: 500 accounts: 500 created"."""
    parts = [
        f"{run.counts[outcome]:,} {outcome.label.lower()}"
        for outcome in Outcome
        if run.counts.get(outcome)
    ]
    noun = importer_of(run.kind).noun[1]
    return f"{run.file_name}: {run.rows_done:,} {noun}: {', '.join(parts) or 'nothing'}"


def rejected_rows(run: ImportRun) -> Iterator[list[str]]:
    """Rows that were kept out: line, what, why, and the cells as they came. Read in a
    transaction; page by page, each page would sort all that are left."""
    rows = run.rows.filter(outcome__in=REJECTED, line__lte=run.lines_done).order_by("line")
    found = rows.values_list("line", "outcome", "reason", "cells")
    for line, outcome, reason, cells in found.iterator(chunk_size=1_000):
        yield [str(line), str(Outcome(outcome).label), reason, *cells]


def rejected_csv(run: ImportRun) -> Iterator[bytes]:
    """The rejected rows as a CSV file, correctable and importable again: the added columns
    come first and are passed over by the mapping."""
    headers = ["Line", "Outcome", "Reason", *run.detection["headers"]]
    return csv_bytes(headers, rejected_rows(run))
