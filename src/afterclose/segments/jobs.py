"""Background work of segments."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.businesses.permissions import Right, require
from afterclose.kit import clock
from afterclose.segments import touched
from afterclose.segments.models import Segment
from afterclose.segments.refreshing import refresh


@business_job("segments.refresh_segment")
def refresh_segment(business_id: int, segment_id: int) -> None:
    """Bring one segment's members up to the data; one that was deleted since is none."""
    actor = actors.system(business_id)
    require(actor, Right.SEGMENTS_VIEW)
    if Segment.objects.filter(pk=segment_id).exists():
        refresh(actor=actor, at=clock.now(), segment_id=segment_id)


def hand_over(business_id: int, segment_id: int) -> None:
    """Have a job find the members; one that still waits will see today's data and condition
    too."""
    lock = f"segments.refresh:{business_id}:{segment_id}"
    with suppress(AlreadyEnqueued), transaction.atomic():
        refresh_segment.configure(queueing_lock=lock).defer(
            business_id=business_id, segment_id=segment_id
        )


@business_job("segments.refresh_all_of_business")
def refresh_all_of_business(business_id: int, timestamp: int = 0) -> None:
    """Hand each segment of the business a job of its own."""
    for segment_id in Segment.objects.order_by("id").values_list("id", flat=True):
        hand_over(business_id, segment_id)


@business_job("segments.refresh_touched_of_business")
def refresh_touched_of_business(business_id: int, timestamp: int = 0) -> None:
    """Ask again about the accounts and contacts that something happened to."""
    touched.refresh_touched(actor=actors.system(business_id), at=clock.now())


refresh_all = every_business("segments.refresh_all", refresh_all_of_business)
refresh_touched = every_business("segments.refresh_touched", refresh_touched_of_business)
