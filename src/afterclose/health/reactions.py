"""What this app does when something became true; listed in ``config/reactions.py``."""

from __future__ import annotations

from afterclose.accounts.models import Event
from afterclose.health.jobs import take_snapshots_of_business


def score_what_was_imported(event_id: int) -> None:
    """Take today's snapshots anew after an import, so that nobody waits a night for a score."""
    fact = Event.objects.get(pk=event_id)
    take_snapshots_of_business.defer(business_id=fact.business_id)
