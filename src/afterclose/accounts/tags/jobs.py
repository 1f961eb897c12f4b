"""Forgetting tags that were removed long ago."""

from __future__ import annotations

from afterclose.accounts.tags import removals
from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock


@business_job("accounts.purge_tags_of_business")
def purge_tags_of_business(business_id: int, timestamp: int = 0) -> None:
    """Forget tags that were deleted or merged more than 30 days ago."""
    removals.purge(actor=actors.system(business_id), at=clock.now())


purge_tags = every_business("accounts.purge_tags", purge_tags_of_business)
