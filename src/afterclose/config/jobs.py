"""The jobs that make the assembly run: reactions, their sweeper, stalled jobs."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app

from afterclose.accounts.models import Event, Reaction
from afterclose.businesses.jobs import business_job, every_business
from afterclose.config.reactions import REACTIONS

logger = logging.getLogger(__name__)

# A reaction that is older than this and not done was left by a crash; younger ones have a job.
SWEEP_AFTER = timedelta(minutes=2)
SWEEP_BATCH = 1000
# A running job whose worker sent no heartbeat for this long belongs to a dead worker.
STALLED_AFTER_SECONDS = 60


@business_job("config.run_reactions", atomic=False)
def run_reactions(business_id: int, event_ids: list[int]) -> None:
    """Run whatever reactions the facts have, each in a transaction of its own."""
    with transaction.atomic():
        due = list(
            Event.objects.filter(id__in=event_ids, reacted_at__isnull=True).values_list(
                "id", "kind"
            )
        )
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


@app.task(name="config.retry_stalled_jobs", queue="default")
def retry_stalled_jobs(timestamp: int) -> None:
    """Give the jobs of a killed worker to another (procrastinate leaves them `doing`)."""

    async def retry() -> list[Any]:
        stalled = list(
            await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS)
        )
        for job in stalled:
            await app.job_manager.retry_job(job)
        return stalled

    for job in async_to_sync(retry)():
        logger.warning("Retried the stalled job %s (%s)", job.id, job.task_name)
