"""The jobs that send mails, write summaries and delete old mails (``config/schedule.py``)."""

from __future__ import annotations

from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock
from afterclose.notifications import delivery, summaries, tidying


@business_job("notifications.send_mails_of_business", atomic=False)
def send_mails_of_business(business_id: int, timestamp: int = 0) -> None:
    """Send what is due of one business."""
    delivery.send_due(actor=actors.system(business_id), at=clock.now())


send_mails = every_business("notifications.send_mails", send_mails_of_business)


@business_job("notifications.write_summaries_of_business", atomic=False)
def write_summaries_of_business(business_id: int, timestamp: int = 0) -> None:
    """Write the summaries that are due in one business."""
    summaries.write_due(actor=actors.system(business_id), at=clock.now())


write_summaries = every_business("notifications.write_summaries", write_summaries_of_business)


@business_job("notifications.tidy_of_business", atomic=False)
def tidy_of_business(business_id: int, timestamp: int = 0) -> None:
    """Delete the mails of one business that were sent long ago."""
    tidying.tidy(actor=actors.system(business_id), at=clock.now())


tidy = every_business("notifications.tidy", tidy_of_business)
