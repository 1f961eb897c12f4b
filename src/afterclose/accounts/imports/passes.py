"""Actions around the passes over a file: check, import, cancel, end, clean up.

`actions.py` takes files in and maps them; here a run begins and ends its preview and commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from afterclose.accounts import timeline
from afterclose.accounts.imports import engine
from afterclose.accounts.imports.actions import changeable
from afterclose.accounts.imports.guessing import missing_fields
from afterclose.accounts.imports.models import (
    REJECTED,
    ImportRun,
    ImportSet,
    Outcome,
    RunState,
)
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.imports.registry import importer_of
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.kit import clock
from afterclose.kit.tabular import TabularError


@transaction.atomic
def start_preview(*, actor: Actor, at: datetime, run_id: int) -> ImportRun:
    """Make a run ready to be checked; the pass writes over what an earlier one found.

    The caller then has `jobs.run_to_end` do the pass, here or by `jobs.defer_pass`.
    """
    require(actor, Right.ACCOUNTS_IMPORT)
    run = changeable(run_id)
    fields = importer_of(run.kind).fields
    if missing := missing_fields(fields, run.mapping):
        raise ImportProblem(f"Choose a column for: {', '.join(each.label for each in missing)}.")
    run.state, run.message = RunState.PREVIEWING, ""
    run.counts, run.rows_done, run.lines_done = {}, 0, 0
    run.touched_at = at
    run.save()
    return run


def settle_shift(*, run_id: int, at: datetime, state: RunState) -> ImportRun:
    """Count the run's rows, and fix by how many days the dates of its set move.

    In the mode "newest" all files of the set are looked at once; files that come later move
    by the same number of days, so that the set stays of one piece. A long file is counted
    outside a transaction, so that it can be cancelled meanwhile: `engine.SupersededError`
    where the run is no longer in the state `state`.
    """
    while (uncounted := _uncounted(run_id)) is not None:
        _count(uncounted, for_run=run_id, state=state)
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).get(id=run_id)
        whole = ImportSet.objects.select_for_update(of=("self",)).get(id=run.import_set_id)
        if whole.shift_days is None:
            known = whole.runs.filter(newest_on__isnull=False).values_list("newest_on", flat=True)
            zone = engine.actor_of(run).settings.time_zone
            target = whole.shift_newest_to or clock.today_in(zone, at=at) - timedelta(days=1)
            newest = max((day for day in known if day is not None), default=None)
            whole.shift_days = (target - newest).days if newest is not None else 0
            whole.save(update_fields=["shift_days"])
        run.shift_days = whole.shift_days
        run.save(update_fields=["shift_days"])
    return run


@transaction.atomic
def _uncounted(run_id: int) -> ImportRun | None:
    """The next file that must be counted first: the run's own, then the others of a set whose
    shift hangs on the newest date of all."""
    run = ImportRun.objects.select_related("import_set").get(id=run_id)
    if run.rows_total is None:
        return run
    if run.import_set.shift_days is not None:
        return None
    others = ImportRun.objects.filter(import_set_id=run.import_set_id, rows_total__isnull=True)
    return others.filter(content_deleted_at__isnull=True).select_related("import_set").first()


def _count(run: ImportRun, *, for_run: int, state: RunState) -> None:
    """Rows and newest date of a file, once per way of reading it."""

    def alive() -> None:
        with transaction.atomic():
            mine = ImportRun.objects.filter(id=for_run, state=state)
            if not mine.update(touched_at=clock.now()):
                raise engine.SupersededError

    rows, newest = 0, None
    try:
        rows, newest = engine.scan(run, alive=alive, with_dates=run.import_set.shift_days is None)
    except TabularError:
        if run.id == for_run:
            raise
        # Another file of the set gives out: it says so when its own turn comes.
    with transaction.atomic():
        now = ImportRun.objects.select_for_update(of=("self",)).get(id=run.id)
        if (now.dialect, now.mapping) == (run.dialect, run.mapping):
            now.rows_total, now.newest_on = rows, newest
            now.save(update_fields=["rows_total", "newest_on"])


def skip_preview(*, actor: Actor, at: datetime, run_id: int) -> ImportRun:
    """Go on without checking first, as the command line does; the shift is settled here."""
    require(actor, Right.ACCOUNTS_IMPORT)
    with transaction.atomic():
        run = ImportRun.objects.get(id=run_id)
        if run.state != RunState.PREVIEWING or run.lines_done:
            raise ImportProblem("This file is not waiting to be checked.")
    settle_shift(run_id=run_id, at=at, state=RunState.PREVIEWING)
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).get(id=run_id)
        if run.state != RunState.PREVIEWING or run.lines_done:
            raise ImportProblem("This file is not waiting to be checked.")
        run.state = RunState.PREVIEWED
        run.save(update_fields=["state"])
    return run


@transaction.atomic
def start_commit(*, actor: Actor, at: datetime, run_id: int) -> ImportRun:
    """Make a checked run ready to be imported; the rows' outcomes are decided anew as they
    are written. The caller defers `jobs.defer_pass`."""
    require(actor, Right.ACCOUNTS_IMPORT)
    run = ImportRun.objects.select_for_update(of=("self",)).get(id=run_id)
    if run.state != RunState.PREVIEWED:
        raise ImportProblem("Check the file first, then import it.")
    run.state = RunState.COMMITTING
    run.counts, run.rows_done, run.lines_done = {}, 0, 0
    run.touched_at = at
    run.save()
    audit.record(
        "import.started",
        actor=actor,
        at=at,
        subject=run,
        changes={"kind": run.kind, "file": run.file_name, "shift_days": run.shift_days},
    )
    return run


@transaction.atomic
def cancel(*, actor: Actor, at: datetime, run_id: int) -> ImportRun:
    """Stop a run. What has been imported stays; the job at work notices at its next chunk."""
    require(actor, Right.ACCOUNTS_IMPORT)
    run = ImportRun.objects.select_for_update(of=("self",)).get(id=run_id)
    if run.state in (RunState.DONE, RunState.CANCELLED):
        return run
    if run.state == RunState.COMMITTING:
        # Figures that hang on the rows written so far must agree with them.
        job = engine.job_of(run, at=at)
        job.importer.finish(job.context)
        run.finished_at = at
    run.state = RunState.CANCELLED
    run.touched_at = at
    run.save(update_fields=["state", "touched_at", "finished_at"])
    audit.record("import.cancelled", actor=actor, at=at, subject=run, changes=run.counts)
    return run


def mark_failed(*, run_id: int, message: str, at: datetime) -> None:
    """The file gave out in the middle: say why. What was imported stays."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).get(id=run_id)
        if run.state == RunState.COMMITTING:
            job = engine.job_of(run, at=at)
            job.importer.finish(job.context)
            run.finished_at = at
        run.state, run.message, run.touched_at = RunState.FAILED, message, at
        run.save(update_fields=["state", "message", "touched_at", "finished_at"])


def mark_done(run: ImportRun, *, actor: Actor, at: datetime) -> None:
    """After the last chunk, in its transaction: the state, one fact, one audit entry.

    Imported history is history: no row of it tells a fact of its own, so nothing reacts to
    events of last year as if they were news.
    """
    run.state, run.finished_at, run.touched_at = RunState.DONE, at, at
    run.rows_total = run.rows_done
    run.save(update_fields=["state", "finished_at", "touched_at", "rows_total"])
    importer = importer_of(run.kind)
    rejected = sum(run.counts.get(outcome, 0) for outcome in REJECTED)
    parts = [
        f"{run.counts.get(outcome, 0)} {outcome.label.lower()}"
        for outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)
    ]
    if rejected:
        parts.append(f"{rejected} rejected")
    timeline.record(
        "import.finished",
        actor=actor,
        at=at,
        title=f"{importer.label} imported from {run.file_name}: {', '.join(parts)}"[:300],
        subject=run,
        payload={
            "run": run.id,
            "kind": run.kind,
            "file": run.file_name,
            "counts": run.counts,
            "member": run.created_by_id,
        },
        key=f"import:{run.id}",
    )
    audit.record("import.finished", actor=actor, at=at, subject=run, changes={"counts": run.counts})


@transaction.atomic
def clean_up(*, before: datetime) -> int:
    """Let go of contents and row outcomes of runs that ended (or were left) before a moment.

    The runs themselves and their counts stay. Returns how many were cleaned.
    """
    old = list(
        ImportRun.objects.filter(content_deleted_at__isnull=True, touched_at__lt=before).exclude(
            state__in=[RunState.PREVIEWING, RunState.COMMITTING]
        )[:100]
    )
    for run in old:
        run.pieces.all().delete()
        run.rows.all().delete()
        run.content_deleted_at = clock.now()
        run.save(update_fields=["content_deleted_at"])
    return len(old)
