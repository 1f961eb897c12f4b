"""The job that reminds of renewals, each morning at 08:00 UTC (CS-44)."""

from __future__ import annotations

from afterclose.businesses import actors
from afterclose.businesses.jobs import business_job, every_business
from afterclose.businesses.permissions import Right
from afterclose.kit import clock
from afterclose.renewals import actions


@business_job("renewals.send_reminders_of_business", atomic=False)
def send_reminders_of_business(business_id: int, timestamp: int = 0) -> None:
    """Remind the people of one business, unless it has switched renewals off."""
    actor = actors.system(business_id)
    if actor.may(Right.RENEWALS_EDIT):
        at = clock.now()
        on = clock.today_in(actor.settings.time_zone, at=at)
        actions.send_reminders(actor=actor, at=at, on=on)


send_reminders = every_business("renewals.send_reminders", send_reminders_of_business)
