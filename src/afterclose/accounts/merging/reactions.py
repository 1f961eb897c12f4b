"""What follows from a merge and from its undo; listed in ``config/reactions.py``."""

from __future__ import annotations

from afterclose.accounts.merging import rules
from afterclose.accounts.models import Account, Event
from afterclose.businesses import actors
from afterclose.kit import clock


def compute_anew(event_id: int) -> None:
    """Derived rows of the accounts, such as ARR and the health score, from what they have now."""
    fact = Event.objects.get(pk=event_id)
    there = Account.objects.filter(id__in=fact.payload["accounts"]).values_list("id", flat=True)
    if ids := sorted(there):
        rules.refresh(actors.system(fact.business_id), clock.now(), ids, at_once=False)
