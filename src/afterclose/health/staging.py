"""How scores reach their tables: COPY into a staging table, then one statement per table.

Row-level security allows no COPY into a tenant table, so the staging table is temporary; the
statements that move its rows are bound by the policy as any other (spec 00, hot paths).
"""

from datetime import date
from typing import Any, NamedTuple

from afterclose.health.signals import Range

_CREATE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS health_staging (
        account_id bigint NOT NULL, score double precision NOT NULL, coverage smallint NOT NULL,
        breakdown jsonb NOT NULL, held_score double precision
    ) ON COMMIT DROP
"""

# The lines come in the order of accounts, so the rows lie and are indexed in it without a sort.
_SNAPSHOTS = """
    INSERT INTO health_snapshot
           (business_id, account_id, "on", score, coverage, scorecard_version, breakdown)
    SELECT %(business)s, account_id, %(on)s, score, coverage, %(card)s, breakdown
      FROM health_staging
"""
_SNAPSHOTS_AGAIN = (
    _SNAPSHOTS
    + """
        ON CONFLICT (business_id, "on", account_id) DO UPDATE
       SET score = excluded.score, coverage = excluded.coverage,
           scorecard_version = excluded.scorecard_version, breakdown = excluded.breakdown
     WHERE (health_snapshot.score, health_snapshot.coverage, health_snapshot.scorecard_version,
            health_snapshot.breakdown)
           IS DISTINCT FROM (excluded.score, excluded.coverage, excluded.scorecard_version,
            excluded.breakdown)
"""
)
_HAS_SNAPSHOTS = """
    SELECT EXISTS (
        SELECT FROM health_snapshot
         WHERE business_id = %(business)s AND "on" = %(on)s
           AND account_id BETWEEN %(first)s AND %(last)s)
"""

# A score never gives way to one of an earlier day. The score that it was becomes the previous
# one when the day moves on, and stays what it is when the same day is computed again.
_CURRENT = """
    UPDATE health_score s
       SET score = CASE WHEN t.coverage > 0 THEN t.score END, coverage = t.coverage,
           "on" = %(on)s, scorecard_version = %(card)s,
           previous_score = CASE WHEN s."on" < %(on)s AND s.score IS NOT NULL
                                 THEN s.score ELSE s.previous_score END,
           previous_on = CASE WHEN s."on" < %(on)s AND s.score IS NOT NULL
                              THEN s."on" ELSE s.previous_on END,
           held_score = coalesce(t.held_score, s.held_score)
      FROM health_staging t
     WHERE s.business_id = %(business)s AND s.account_id = t.account_id
       AND s.account_id BETWEEN %(first)s AND %(last)s AND s."on" <= %(on)s
"""
_FIRST = """
    INSERT INTO health_score
           (business_id, account_id, score, coverage, "on", scorecard_version, held_score)
    SELECT %(business)s, t.account_id, CASE WHEN t.coverage > 0 THEN t.score END, t.coverage,
           %(on)s, %(card)s, t.held_score
      FROM health_staging t
     WHERE NOT EXISTS (SELECT FROM health_score s
                        WHERE s.business_id = %(business)s AND s.account_id = t.account_id
                          AND s.account_id BETWEEN %(first)s AND %(last)s)
     ORDER BY t.account_id
"""
# A day computed after a later one may be the day before it.
_PREVIOUS = """
    UPDATE health_score s
       SET previous_score = t.score, previous_on = %(on)s
      FROM health_staging t
     WHERE s.business_id = %(business)s AND s.account_id = t.account_id
       AND s.account_id BETWEEN %(first)s AND %(last)s
       AND s."on" > %(on)s AND (s.previous_on IS NULL OR s.previous_on <= %(on)s)
       AND t.coverage > 0
"""

# Whoever writes scores of a range of accounts holds its lock, so that two runs never wait for
# each other crosswise.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('health:' || %(key)s::text, 0))"


class Written(NamedTuple):
    """How many rows were handed over, and for how many it is the current score now."""

    snapshots: int
    current: int


def lock(cursor: Any, business_id: int, bucket: int) -> None:
    """Wait until nobody else writes scores of this range of accounts; held to the commit."""
    cursor.execute(_LOCK, {"key": f"{business_id}:{bucket}"})


def write(cursor: Any, accounts: Range, lines: list[str], *, card: int, is_past: bool) -> Written:
    """Write the snapshots, and the current scores unless those are of a later day.

    `lines` are rows of the staging table in COPY's text format; `is_past` says that a later day
    may have been computed already.
    """
    given = {**accounts.parameters, "card": card}
    cursor.execute(_CREATE)
    with cursor.copy("COPY health_staging FROM STDIN") as copy:
        copy.write("".join(lines))
    known = cursor.execute(_HAS_SNAPSHOTS, given).fetchone()[0]
    cursor.execute(_SNAPSHOTS_AGAIN if known else _SNAPSHOTS, given)
    current = cursor.execute(_CURRENT, given).rowcount
    if current < len(lines):
        current += cursor.execute(_FIRST, given).rowcount
    if is_past and current < len(lines):
        cursor.execute(_PREVIOUS, given)
    cursor.execute("DROP TABLE health_staging")
    return Written(len(lines), current)


# The bounds are those of scoring.BUCKETS; a test compares.
_TOTALS = """
    INSERT INTO health_daytotal
           (business_id, "on", healthy, ok, at_risk, critical, no_data)
    SELECT %(business)s, %(on)s,
           count(*) FILTER (WHERE coverage > 0 AND score >= 75),
           count(*) FILTER (WHERE coverage > 0 AND score >= 50 AND score < 75),
           count(*) FILTER (WHERE coverage > 0 AND score >= 25 AND score < 50),
           count(*) FILTER (WHERE coverage > 0 AND score < 25),
           count(*) FILTER (WHERE coverage = 0)
      FROM health_snapshot
     WHERE business_id = %(business)s AND "on" = %(on)s
        ON CONFLICT (business_id, "on") DO UPDATE
       SET healthy = excluded.healthy, ok = excluded.ok, at_risk = excluded.at_risk,
           critical = excluded.critical, no_data = excluded.no_data
"""


def total(cursor: Any, business_id: int, on: date) -> None:
    """Count the day's snapshots by bucket anew."""
    cursor.execute(_TOTALS, {"business": business_id, "on": on})
