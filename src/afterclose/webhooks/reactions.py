"""What this app does with facts; listed in ``config/reactions.py`` for every kind."""

from __future__ import annotations

from django.db import connection

from afterclose.businesses.context import required_business_id
from afterclose.kit import clock
from afterclose.webhooks import jobs

# One statement for thousands of facts. The key makes a second run harmless; an endpoint gets
# what was recorded since it is there. Sample data is nobody's news.
_MAKE = """
    INSERT INTO webhooks_delivery
           (business_id, endpoint_id, event_id, kind, status, created_at, ready_at, due_at, tries,
            last_error)
    SELECT e.business_id, p.id, e.id, e.kind, 'waiting', %(at)s, %(at)s, %(at)s, 0, ''
      FROM accounts_event e
      JOIN webhooks_endpoint p ON p.business_id = e.business_id
       AND (p.all_kinds OR e.kind = ANY(p.kinds)) AND p.created_at <= e.recorded_at
     WHERE e.business_id = %(business)s AND e.id = ANY(%(events)s) AND NOT e.is_sample
     ORDER BY e.id, p.id
        ON CONFLICT (business_id, event_id, endpoint_id) DO NOTHING
    RETURNING endpoint_id
"""


def make_deliveries(event_ids: list[int]) -> None:
    """Store one delivery per fact and endpoint that wants it, and have them sent."""
    business_id = required_business_id()
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, {"business": business_id, "events": event_ids, "at": clock.now()})
        endpoints = {endpoint_id for (endpoint_id,) in cursor.fetchall()}
    for endpoint_id in sorted(endpoints):
        jobs.wake(business_id, endpoint_id)
