"""Keeping who moved most: written after a run, added to when one account is scored anew.

A comparison has the accounts that moved most, and the change beyond which nobody else is. What
may become untrue is dropped; readers then compare the whole book until the next run.

1. A run, or scores of many accounts, drop what is kept.
2. The end of a run, and of whatever else scores many, keeps it anew, unless a run is going on.
3. One account that is scored outside of a run is added, whatever its change: readers look at
   the scores as they are, so one too many does no harm.

All three hold one lock to the commit, after those of `staging`, so that nobody keeps what
another is about to change.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection
from django.db.models import Max

from afterclose.health.models import Comparison, DayTotal, NightlyRun, Snapshot
from afterclose.kit.periods import last_monday

#: Over how many days pages compare; the dashboard compares with the last Monday beside.
PERIODS = (1, 7, 30, 90)
#: Falls, and rises, that are kept: a few dozen times as many as a page shows, for accounts that
#: have left since are among them and a CSM looks for their own.
KEPT = 200

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('health.compared:' || %s::text, 0))"

# Compared once for falls and rises. Whoever has left is in it, because they may come back.
_MOST = """
    WITH compared AS MATERIALIZED (
        SELECT s.account_id, s.score AS before, n.score - s.score AS change
          FROM health_snapshot s
          JOIN health_score n ON n.business_id = s.business_id AND n.account_id = s.account_id
         WHERE s.business_id = %(business)s AND s."on" = %(since)s AND s.coverage > 0
           AND n.business_id = %(business)s AND n.score IS NOT NULL)
    (SELECT * FROM compared WHERE change < 0 ORDER BY change, account_id LIMIT %(kept)s)
     UNION ALL
    (SELECT * FROM compared WHERE change > 0 ORDER BY change DESC, account_id LIMIT %(kept)s)
"""


def drop(business_id: int) -> None:
    """Forget what is kept: many scores are about to change, or have."""
    _lock(business_id)
    Comparison.objects.all().delete()


def keep(business_id: int) -> None:
    """Compare the current scores with each day that pages ask for, unless a run goes on."""
    drop(business_id)
    on = DayTotal.objects.aggregate(on=Max("on"))["on"]
    run = NightlyRun.objects.order_by("-on").first()
    if on is None or (run is not None and run.finished_at is None):
        return
    Comparison.objects.bulk_create(_compared(business_id, since) for since in days(on))


def days(on: date) -> list[date]:
    """The days that scores of the day `on` are compared with."""
    return sorted({last_monday(on), *(on - timedelta(days=back) for back in PERIODS)})


def add(business_id: int, account_id: int) -> None:
    """Have one account in all that is kept: its score, or one of its past, is another now."""
    _lock(business_id)
    kept = list(Comparison.objects.all())
    scores = Snapshot.objects.filter(
        on__in=[each.since for each in kept], account_id=account_id, coverage__gt=0
    )
    before = dict(scores.values_list("on", "score"))
    for each in kept:
        pairs = dict(zip(each.account_ids, each.before, strict=True))
        pairs.pop(account_id, None)
        if each.since in before:
            pairs[account_id] = before[each.since]
        each.account_ids, each.before = list(pairs), list(pairs.values())
    Comparison.objects.bulk_update(kept, ["account_ids", "before"])


def _compared(business_id: int, since: date) -> Comparison:
    with connection.cursor() as cursor:
        cursor.execute(_MOST, {"business": business_id, "since": since, "kept": KEPT})
        rows = cursor.fetchall()
    found = Comparison(
        since=since, account_ids=[row[0] for row in rows], before=[row[1] for row in rows]
    )
    falls = [(change, account_id) for account_id, _, change in rows if change < 0]
    rises = [(change, account_id) for account_id, _, change in rows if change > 0]
    if len(falls) == KEPT:
        found.last_fall, found.last_fall_id = falls[-1]
    if len(rises) == KEPT:
        found.last_rise, found.last_rise_id = rises[-1]
    return found


def _lock(business_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [business_id])
