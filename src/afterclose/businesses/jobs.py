"""How a background job is declared: with a business, a transaction and a retry policy.

A job's arguments are ids; it checks again, does one action, and may run twice (spec 04, 12).
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from afterclose.businesses import audit_chain, invitations, letters
from afterclose.businesses.models import Business
from afterclose.businesses.settings import remember_settings
from afterclose.businesses.tenancy import business_context

logger = logging.getLogger(__name__)

# Ten tries over about a day, for what a restart or a slow neighbour breaks.
PATIENT = RetryStrategy(max_attempts=10, exponential_wait=4)

JOBS: dict[str, Callable[..., Any]] = {}
"""Every declared job by name, for the guards."""

PURPOSES: dict[str, str] = {}
"""What each scheduled job is for, filled from ``config/schedule.py`` for the page of operations."""


def business_job(
    name: str, *, atomic: bool = True, queue: str = "default", lock: str | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a job that works for one business; its first argument is ``business_id``.

    With ``atomic`` (the default) the whole job is one transaction. A long job that commits
    chunk by chunk says ``atomic=False`` and opens its own. Defer it with
    ``job.defer(business_id=..., ...)`` inside the transaction that caused it.
    """

    def declare(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def run(business_id: int, **arguments: Any) -> Any:
            with business_context(business_id), remember_settings():
                try:
                    with transaction.atomic() if atomic else nullcontext():
                        return function(business_id, **arguments)
                except PermissionDenied as refusal:
                    # The feature was switched off, or the person's right taken away, since it
                    # was asked for: it rests, and trying it again would not help.
                    logger.info("The job %s of business %s rests: %s", name, business_id, refusal)
                    return None

        JOBS[name] = run
        return app.task(name=name, queue=queue, retry=PATIENT, lock=lock, pass_context=False)(run)

    return declare


def every_business(name: str, job: Any) -> Any:
    """Declare a periodic job that defers ``job`` once for each business.

    The queueing lock keeps one waiting per business however long the workers were down.
    """

    def run(timestamp: int) -> None:
        for business_id in list(Business.objects.values_list("id", flat=True)):
            # One that still waits from last time is enough, and keeps no other business back.
            with suppress(AlreadyEnqueued), transaction.atomic():
                job.configure(queueing_lock=f"{name}:{business_id}").defer(
                    business_id=business_id, timestamp=timestamp
                )

    JOBS[name] = run
    return app.task(name=name, queue="default", retry=PATIENT)(run)


@business_job("businesses.send_invitation", atomic=False)
def send_invitation(business_id: int, membership_id: int, invited_by: str) -> None:
    """Mail one invitation; a member who was deactivated meanwhile gets none."""
    invitations.send(membership_id=membership_id, invited_by=invited_by)


@app.task(name="businesses.send_letter", queue="default", retry=PATIENT)
def send_letter(kind: str, person_id: int, to: str, facts: dict[str, str]) -> None:
    """Mail somebody about their own sign-in, which is of no business."""
    letters.send(kind=kind, person_id=person_id, to=to, facts=facts)


@business_job("businesses.seal_audit_of_business", atomic=False)
def seal_audit_of_business(business_id: int, timestamp: int = 0) -> None:
    """Seal the audit entries that were written since the last time (OP-7)."""
    audit_chain.seal(at=timezone.now())


seal_audit = every_business("businesses.seal_audit", seal_audit_of_business)


@business_job("businesses.verify_audit_of_business", atomic=False)
def verify_audit_of_business(business_id: int, timestamp: int = 0) -> None:
    """Look whether the whole audit log is as it was sealed; the page of operations tells."""
    name = Business.objects.values_list("slug", flat=True).get(id=business_id)
    audit_chain.verify(at=timezone.now(), name=name)


verify_audit = every_business("businesses.verify_audit", verify_audit_of_business)


# Kept beside the other files of API keys, but found with the jobs of this app.
from afterclose.businesses.api_keys.jobs import forget_answers as forget_answers  # noqa: E402
