"""Forgetting the journals of old merges."""

from __future__ import annotations

from afterclose.accounts.merging import actions
from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock


@business_job("accounts.purge_merges_of_business")
def purge_merges_of_business(business_id: int, timestamp: int = 0) -> None:
    """Remove what undoes merges of more than 30 days ago."""
    actions.purge_journals(actor=actors.system(business_id), at=clock.now())


purge_merges = every_business("accounts.purge_merges", purge_merges_of_business)
