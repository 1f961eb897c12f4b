"""Schedules, the queue and failed jobs, from procrastinate's own tables.

Each scheduled run leaves rows there: when it was due, when it began, how it ended. Jobs are
shared by all businesses; a viewer sees those of their own and of the installation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from croniter import croniter
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import (
    ProcrastinateEvent,
    ProcrastinateJob,
    ProcrastinatePeriodicDefer,
)

from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.jobs import PURPOSES
from afterclose.businesses.permissions import Right, require

SHOWN = 50
# Later than this and a run counts as missed: no worker was there when it was due.
MISSED_AFTER = timedelta(minutes=10)


class NoFailedJobError(LookupError):
    """The job does not exist, has not failed, or is another business's."""


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """One schedule and its last run; instants in UTC, None where it never ran."""

    job: str
    purpose: str
    cron: str
    last_due_at: datetime | None
    began_at: datetime | None
    ended_at: datetime | None
    outcome: str
    next_at: datetime
    is_missed: bool

    @property
    def seconds(self) -> float | None:
        """How long the last run took."""
        if self.began_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.began_at).total_seconds()


def schedules(now: datetime) -> list[ScheduleState]:
    """Every schedule, in the order of the table in ``config/schedule.py``."""
    last: dict[str, dict[str, Any]] = {
        row["task_name"]: dict(row)
        for row in ProcrastinatePeriodicDefer.objects.order_by("task_name", "-defer_timestamp")
        .distinct("task_name")
        .values("task_name", "defer_timestamp", "job_id", "job__status")
    }
    events = {
        row["job_id"]: row
        for row in ProcrastinateEvent.objects.filter(
            job_id__in=[row["job_id"] for row in last.values()]
        )
        .values("job_id")
        .annotate(
            began=Max("at", filter=Q(type="started")),
            ended=Max("at", filter=Q(type__in=("succeeded", "failed"))),
        )
    }
    crons = {
        periodic.task.name: periodic.cron
        for periodic in app.periodic_registry.periodic_tasks.values()
    }
    return [
        _state(job, crons[job], last.get(job, {}), events, now) for job in PURPOSES if job in crons
    ]


def _state(
    job: str,
    cron: str,
    last: dict[str, Any],
    events: dict[int, Any],
    now: datetime,
) -> ScheduleState:
    due = last.get("defer_timestamp")
    event = events.get(last.get("job_id", 0), {})
    previous = croniter(cron, now - MISSED_AFTER).get_prev(datetime)
    last_due = datetime.fromtimestamp(due, UTC) if isinstance(due, int) else None
    return ScheduleState(
        job=job,
        purpose=PURPOSES[job],
        cron=cron,
        last_due_at=last_due,
        began_at=event.get("began"),
        ended_at=event.get("ended"),
        outcome=str(last.get("job__status") or ""),
        next_at=croniter(cron, now).get_next(datetime),
        # A new installation has not missed what was due before it existed.
        is_missed=last_due is not None and last_due < previous,
    )


def queue(viewer: Actor) -> dict[str, int]:
    """Status to number of jobs that wait or run, of the viewer's business and the installation."""
    require(viewer, Right.OPS_VIEW)
    found = (
        _jobs(viewer)
        .filter(status__in=("todo", "doing"))
        .values_list("status")
        .annotate(count=Count("id"))
    )
    return {"todo": 0, "doing": 0, **dict(found)}


def failed_jobs(viewer: Actor) -> list[ProcrastinateJob]:
    """The last jobs that failed for good, with ``failed_at``; newest first."""
    require(viewer, Right.OPS_VIEW)
    failed = _jobs(viewer).filter(status="failed")
    when = Max("procrastinateevent__at", filter=Q(procrastinateevent__type="failed"))
    return list(failed.annotate(failed_at=when).order_by("-id")[:SHOWN])


def retry(*, actor: Actor, at: datetime, job_id: int) -> None:
    """Put a failed job back into the queue. Raises NoFailedJobError."""
    require(actor, Right.OPS_VIEW)
    with transaction.atomic():
        job = _jobs(actor).filter(id=job_id, status="failed").first()
        if job is None:
            raise NoFailedJobError("There is no such failed job.")
        app.job_manager.retry_job_by_id(job_id, retry_at=at)
        audit.record(
            "job.retried",
            actor=actor,
            at=at,
            subject_type="procrastinate.job",
            label=job.task_name,
            changes={"job": job_id},
        )


def _jobs(viewer: Actor) -> QuerySet[ProcrastinateJob]:
    mine = Q(args__business_id=viewer.business_id) | Q(args__business_id__isnull=True)
    found: QuerySet[ProcrastinateJob] = ProcrastinateJob.objects.filter(mine)
    return found
