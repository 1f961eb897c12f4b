"""Background work: sending, in a queue of its own, and what is tidied up at night.

A receiver may be slow, so nobody else's work waits behind it: sending has workers of its own
(``kit.supervisor``), each pass is of one endpoint and ends after some seconds.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock
from afterclose.webhooks import delivery, queries, tidying

logger = logging.getLogger(__name__)

QUEUE = "webhooks"
#: So many passes of one endpoint run side by side when there is much to send and the receiver
#: took at least QUICK in one pass.
LANES, QUICK = 4, 40
#: What is due later than this, the sweep of the minute finds.
SOON = 60


@business_job("webhooks.send", atomic=False, queue=QUEUE)
def send(business_id: int, endpoint_id: int, lane: int = 0) -> None:
    """Send what waits for one endpoint, for some seconds, and say when to go on."""
    try:
        left = delivery.send_pass(endpoint_id=endpoint_id)
    except Exception:
        # A job that waits for its own retry would keep the endpoint's other jobs waiting; the
        # sweep of the minute wakes the endpoint again.
        logger.exception("Sending to the webhook %s broke off", endpoint_id)
        return
    if left.more:
        # Only who answers quickly gets more than one of the places that all share.
        for each in range(LANES) if left.sent >= QUICK else (lane,):
            wake(business_id, endpoint_id, each)
    elif left.next_at is not None and (left.next_at - clock.now()).total_seconds() < SOON:
        wake(business_id, endpoint_id, 0, at=left.next_at)


def wake(business_id: int, endpoint_id: int, lane: int = 0, at: datetime | None = None) -> None:
    """Have an endpoint's deliveries sent, now or at an instant; once, however often it is asked.

    In the caller's transaction: nothing is sent when that is rolled back.
    """
    name = f"webhooks:{endpoint_id}:{lane}"
    if at is None:
        job = send.configure(queueing_lock=name, lock=name)
    else:
        # Without the lock: a job of later would hold back those of now.
        job = send.configure(queueing_lock=f"{name}:later", schedule_at=at)
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(business_id=business_id, endpoint_id=endpoint_id, lane=lane)


@business_job("webhooks.send_due_of_business")
def send_due_of_business(business_id: int, timestamp: int = 0) -> None:
    """Wake the endpoints that have something due, and those that a crash left."""
    for endpoint_id in queries.to_send(clock.now()):
        wake(business_id, endpoint_id)


@business_job("webhooks.tidy_of_business", atomic=False)
def tidy_of_business(business_id: int, timestamp: int = 0) -> None:
    """Forget what was settled long ago; bring secrets under the newest key."""
    tidying.tidy(actor=actors.system(business_id), at=clock.now())


send_due = every_business("webhooks.send_due", send_due_of_business)
tidy = every_business("webhooks.tidy", tidy_of_business)
