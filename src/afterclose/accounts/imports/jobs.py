"""Passes over files in the background, and the sweepers of what was left."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.accounts.imports import engine, passes
from afterclose.accounts.imports.models import AT_WORK, ImportRun, RunState
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock
from afterclose.kit.tabular import TabularError

logger = logging.getLogger(__name__)

# A job touches its run with every chunk; without a touch for so long it has died.
DEAD_AFTER = timedelta(minutes=2)
KEPT_FOR = timedelta(days=30)


# A million rows take a quarter of an hour: reminders, mails and reactions must not wait for them.
QUEUE = "imports"
# What procrastinate calls the states of a job.
WAITING, BEGUN = "todo", "doing"


@business_job("accounts.import_pass", atomic=False, queue=QUEUE)
def import_pass(business_id: int, run_id: int) -> None:
    """Preview or import a file from its checkpoint on, whichever its state asks for."""
    run_to_end(run_id)


def run_to_end(run_id: int) -> None:
    """The pass that the run's state asks for; a file that gives out marks the run as failed."""
    with transaction.atomic():
        state = ImportRun.objects.values_list("state", flat=True).filter(id=run_id).first()
    if state not in AT_WORK:
        return
    try:
        if state == RunState.PREVIEWING:
            passes.settle_shift(run_id=run_id, at=clock.now(), state=RunState.PREVIEWING)
        engine.work(run_id, state=RunState(state), at=clock.now())
    except engine.SupersededError:
        logger.info("Import %s is worked on elsewhere or was cancelled.", run_id)
    except TabularError as problem:
        passes.mark_failed(run_id=run_id, message=str(problem), at=clock.now())


def is_waiting(run: ImportRun) -> bool:
    """Whether the run's pass has a job that nobody has begun."""
    if not run.is_at_work or run.rows_done:
        return False
    given = _jobs(run.business_id).filter(args__run_id=run.id).values_list("status", flat=True)
    return set(given) == {WAITING}


def defer_pass(run: ImportRun) -> None:
    """Have a worker do the run's pass after commit; files of a business one after another."""
    import_pass.configure(lock=f"import:{run.business_id}").defer(
        business_id=run.business_id, run_id=run.id
    )


@business_job("accounts.sweep_imports_of_business")
def sweep_imports_of_business(business_id: int, timestamp: int = 0) -> None:
    """Go on with imports that nobody works on; let go of contents that nobody needs any more.

    A file that waits behind a long one is silent too, but has its job; starting it from here
    would let it overtake the file that it refers to.
    """
    waiting = _runs_with_a_job(business_id)
    silent = ImportRun.objects.select_for_update(of=("self",), skip_locked=True).filter(
        state__in=AT_WORK, touched_at__lt=clock.now() - DEAD_AFTER
    )
    for run in silent.exclude(id__in=waiting):
        logger.warning("Import %s had stopped at line %s; going on.", run.id, run.lines_done)
        run.touched_at = clock.now()
        run.save(update_fields=["touched_at"])
        defer_pass(run)
    passes.clean_up(before=clock.now() - KEPT_FOR)


def _runs_with_a_job(business_id: int) -> list[int]:
    """Runs whose pass waits, or is done right now. The job of a dead worker counts as well: it
    is given to another (`config.retry_stalled_jobs`) or ends as failed."""
    return [args["run_id"] for args in _jobs(business_id).values_list("args", flat=True)]


def _jobs(business_id: int) -> QuerySet[ProcrastinateJob]:
    found: QuerySet[ProcrastinateJob] = ProcrastinateJob.objects.filter(
        queue_name=QUEUE,
        task_name=import_pass.name,
        status__in=[WAITING, BEGUN],
        args__business_id=business_id,
    )
    return found


sweep_imports = every_business("accounts.sweep_imports", sweep_imports_of_business)
