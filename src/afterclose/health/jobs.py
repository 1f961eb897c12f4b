"""Background work of health: the nightly run, each range of accounts a job of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.health import actions
from afterclose.health.models import RunPart
from afterclose.kit import clock

ACTOR = "Nightly health"


@business_job("health.take_part", atomic=False)
def take_part(business_id: int, part_id: int) -> None:
    """Score one range of accounts; done once, however often it is begun."""
    actor = actors.system(business_id, ACTOR)
    actions.take_part(actor=actor, at=clock.now(), part_id=part_id)


@business_job("health.take_snapshots_of_business")
def take_snapshots_of_business(business_id: int, timestamp: int = 0) -> None:
    """Begin or continue today's run of one business: a job for each part that is not done.

    `timestamp` is when the run was due, in seconds; what a crash interrupted since goes on,
    what was done before then is done anew.
    """
    actor = actors.system(business_id, ACTOR)
    at = clock.now()
    run = actions.begin_run(
        actor=actor,
        at=at,
        on=clock.today_in(actor.settings.time_zone, at=at),
        redo_before=datetime.fromtimestamp(timestamp, UTC) if timestamp else at,
    )
    # One job per part, and none is lost: they are queued in the transaction that made the parts.
    for part_id in RunPart.objects.filter(run=run, done_at=None).values_list("id", flat=True):
        take_part.defer(business_id=business_id, part_id=part_id)
    actions.finish_run(actor=actor, at=at, run_id=run.pk)


take_snapshots = every_business("health.take_snapshots", take_snapshots_of_business)
