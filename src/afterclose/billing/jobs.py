"""Background work of billing."""

from __future__ import annotations

from django.utils import timezone

from afterclose.billing import actions
from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business


@business_job("billing.advance_periods_of_business")
def advance_periods_of_business(business_id: int, timestamp: int = 0) -> None:
    """Move derived billing periods on to today in the business's time zone."""
    actor = actors.system(business_id)
    actions.advance_periods(actor=actor, on=timezone.localdate(timezone=actor.zone))


advance_periods = every_business("billing.advance_periods", advance_periods_of_business)
