"""The nightly purge of what was deleted over 30 days ago."""

from __future__ import annotations

from afterclose.accounts.custom_fields import actions
from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock


@business_job("accounts.purge_custom_fields_of_business", atomic=False)
def purge_custom_fields_of_business(business_id: int, timestamp: int = 0) -> None:
    """Purge one business's deleted fields and choices, batch by batch."""
    actions.purge(actor=actors.system(business_id), at=clock.now())


purge_custom_fields = every_business(
    "accounts.purge_custom_fields", purge_custom_fields_of_business
)
