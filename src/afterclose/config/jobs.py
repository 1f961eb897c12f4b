"""The jobs that make the assembly run: reactions, their sweeper, stalled jobs."""

from __future__ import annotations

import logging
from datetime import timedelta

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from afterclose.accounts.models import Event, Reaction
from afterclose.businesses.jobs import business_job, every_business
from afterclose.config.reactions import REACTIONS, REACTIONS_TO_ALL

logger = logging.getLogger(__name__)

# A reaction that is older than this and not done was left by a crash; younger ones have a job.
SWEEP_AFTER = timedelta(minutes=2)
SWEEP_BATCH = 1000
# A running job whose worker sent no heartbeat for this long belongs to a dead worker.
STALLED_AFTER = timedelta(seconds=60)
# As many as an ordinary failure gets, see businesses.jobs.PATIENT.
MOST_ATTEMPTS = 10


@business_job("config.run_reactions", atomic=False)
def run_reactions(business_id: int, event_ids: list[int]) -> None:
    """Run whatever reactions the facts have, each in a transaction of its own."""
    with transaction.atomic():
        due = list(
            Event.objects.filter(id__in=event_ids, reacted_at__isnull=True).values_list(
                "id", "kind"
            )
        )
    everything = [event_id for event_id, _ in due]
    for path in REACTIONS_TO_ALL.values() if due else ():
        with transaction.atomic():
            import_string(path)(everything)
    quiet = [event_id for event_id, kind in due if kind not in REACTIONS]
    with transaction.atomic():
        Event.objects.filter(id__in=quiet).update(reacted_at=timezone.now())
    for event_id, kind in due:
        for name, path in REACTIONS.get(kind, {}).items():
            _run_once(event_id, name, path)
        if kind in REACTIONS:
            with transaction.atomic():
                Event.objects.filter(id=event_id).update(reacted_at=timezone.now())


def _run_once(event_id: int, name: str, path: str) -> None:
    """Run one reaction unless it ran before; claim and effect commit together."""
    with transaction.atomic():
        claim = Reaction(event_id=event_id, name=name, ran_at=timezone.now())
        if Reaction.objects.filter(event_id=event_id, name=name).exists():
            return
        claim.save()  # the unique key makes a concurrent second claim fail and retry
        import_string(path)(event_id)


@business_job("config.sweep_reactions_of_business")
def sweep_reactions_of_business(business_id: int, timestamp: int = 0) -> None:
    """Run again the reactions that a crash left."""
    left = list(
        Event.objects.filter(
            reacted_at__isnull=True, recorded_at__lt=timezone.now() - SWEEP_AFTER
        ).values_list("id", flat=True)[:SWEEP_BATCH]
    )
    if left:
        run_reactions.defer(business_id=business_id, event_ids=left)


sweep_reactions = every_business("config.sweep_reactions", sweep_reactions_of_business)


# A queue of its own: behind a long job of the default one it would rescue nobody for its length.
@app.task(name="config.retry_stalled_jobs", queue="rescue")
def retry_stalled_jobs(timestamp: int) -> None:
    """Give the jobs of a killed worker to another (procrastinate leaves them `doing`).

    A worker that starts prunes the dead ones, which leaves their jobs without a worker; those
    whose worker is not pruned yet are known by its old heartbeat.
    """
    silent_since = timezone.now() - STALLED_AFTER
    stalled = ProcrastinateJob.objects.filter(
        Q(worker__isnull=True) | Q(worker__last_heartbeat__lt=silent_since), status="doing"
    )
    for job_id, name, attempts in stalled.order_by("id").values_list("id", "task_name", "attempts"):
        if attempts >= MOST_ATTEMPTS:
            # It may be what kills the workers; a person looks at it and retries it by hand.
            _give_up(job_id, name, "was interrupted too often")
            continue
        try:
            with transaction.atomic():
                app.job_manager.retry_job_by_id(job_id, retry_at=timezone.now())
        except UniqueViolation:
            _give_up(job_id, name, "has a successor that waits")
        else:
            logger.warning("Retried the stalled job %s (%s)", job_id, name)


def _give_up(job_id: int, name: str, why: str) -> None:
    async_to_sync(app.job_manager.finish_job_by_id_async)(
        job_id=job_id, status=Status.FAILED, delete_job=False
    )
    logger.error("The stalled job %s (%s) %s", job_id, name, why)


@app.task(name="config.forget_old_jobs", queue="default")
def forget_old_jobs(timestamp: int) -> None:
    """Remove what ended well a week ago, and what failed three months ago."""
    forget = async_to_sync(app.job_manager.delete_old_jobs)
    forget(nb_hours=7 * 24)
    forget(nb_hours=90 * 24, include_failed=True, include_cancelled=True, include_aborted=True)
