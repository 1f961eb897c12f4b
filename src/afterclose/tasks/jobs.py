"""The daily sweep of tasks, at 08:40 UTC (CS-91)."""

from __future__ import annotations

from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock
from afterclose.tasks import many


@business_job("tasks.sweep_business", atomic=False)
def sweep_business(business_id: int, timestamp: int = 0) -> None:
    """Close what is over and tell what is overdue, in one business."""
    actor = actors.system(business_id)
    at = clock.now()
    many.sweep(actor=actor, at=at, on=clock.today_in(actor.settings.time_zone, at=at))


sweep = every_business("tasks.sweep", sweep_business)
