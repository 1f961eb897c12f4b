"""Sample data in the background."""

from __future__ import annotations

from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job
from afterclose.kit import clock
from afterclose.ops.sample import actions


@business_job("ops.generate_sample_data", atomic=False)
def generate_sample_data(business_id: int) -> None:
    """Make what was asked for; a second run goes on where the first one stopped."""
    actions.go_on(actor=actors.system(business_id), at=clock.now())


@business_job("ops.destroy_sample_data", atomic=False)
def destroy_sample_data(business_id: int) -> None:
    """Delete the sample data."""
    actions.destroy(actor=actors.system(business_id))
