"""What this app does when something became true; listed in ``config/reactions.py``."""

from __future__ import annotations

from afterclose.accounts.models import Event
from afterclose.segments.jobs import refresh_all_of_business


def refresh_after_import(event_id: int) -> None:
    """Find every segment's members anew after an import, which touches anything."""
    fact = Event.objects.get(pk=event_id)
    refresh_all_of_business.defer(business_id=fact.business_id)
