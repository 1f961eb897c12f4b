"""Who is in a segment, brought up to the data in one statement: no row leaves the database.

The statement runs the compiled condition once, closes the memberships of those who do not meet
it any more and opens one for those who do. Only for facts (who entered or left because of the
data) are ids read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import NamedTuple

from django.db import connection, transaction

from afterclose.accounts import timeline
from afterclose.businesses.actors import Actor
from afterclose.kit import clock
from afterclose.segments import naming, queries
from afterclose.segments.conditions import ConditionError
from afterclose.segments.models import Cause, Segment, Subject
from afterclose.segments.sql import Compiled

ENTERED, LEFT = "segment.entered", "segment.left"
FACTS_AT_ONCE = 5000


class Refreshed(NamedTuple):
    """How many came and went."""

    entered: int
    left: int


# Parameters come in the order of the text; {column} is account_id or contact_id. Who came and who
# went is found by grouping, which stays linear: for NOT EXISTS PostgreSQL takes nested loops as
# long as it has no statistics of a segment that has just been made.
_REFRESH = """
    WITH sides AS MATERIALIZED (
        SELECT u.id, max(u.membership) AS membership, bool_or(u.meets) AS meets
          FROM (SELECT members.id, NULL::bigint AS membership, true AS meets
                  FROM ({query}) members
                UNION ALL
                SELECT m.{column}, m.id, false
                  FROM {table} m
                 WHERE m.business_id = %s AND m.segment_id = %s AND m.left_at IS NULL {among}) u
         GROUP BY u.id),
    gone AS (
        UPDATE {table} m
           SET left_at = GREATEST(m.entered_at, %s), left_cause = %s
         WHERE m.business_id = %s AND m.id = ANY(ARRAY(
               SELECT sides.membership FROM sides WHERE NOT sides.meets))
     RETURNING m.{column} AS id),
    came AS (
        INSERT INTO {table}
               (business_id, segment_id, {column}, entered_at, cause, left_cause)
        SELECT %s, %s, sides.id, %s, %s, ''
          FROM sides
         WHERE sides.membership IS NULL
     RETURNING {column} AS id)
"""
_COUNTED = " SELECT (SELECT count(*) FROM came), (SELECT count(*) FROM gone)"
_LISTED = {
    Subject.ACCOUNT: " SELECT true, id, id FROM came UNION ALL SELECT false, id, id FROM gone",
    Subject.CONTACT: (
        " SELECT moved.came, c.id, c.account_id"
        " FROM (SELECT true AS came, id FROM came UNION ALL SELECT false, id FROM gone) moved"
        " JOIN accounts_contact c ON c.business_id = %s AND c.id = moved.id"
    ),
}
_COUNT_DAY = """
    INSERT INTO segments_daycount (business_id, segment_id, "on", members)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (business_id, segment_id, "on") DO UPDATE SET members = EXCLUDED.members
"""


@transaction.atomic
def refresh(
    *,
    actor: Actor,
    at: datetime,
    segment_id: int,
    cause: str = Cause.DATA,
    only: Sequence[int] | None = None,
) -> Refreshed:
    """Bring a segment's members up to the data; ``only`` these subjects, or all.

    A segment whose condition cannot be asked any more (a field is gone) keeps its members and
    says so in ``problem``. Twice at once is once: the segment's row is locked.
    """
    segment = Segment.objects.select_for_update(of=("self",)).get(pk=segment_id)
    if segment.is_counting:
        # Until it was once asked about everybody, it is the new condition that moves them.
        cause = Cause.DEFINITION
    today = clock.today_in(actor.settings.time_zone, at=at)
    try:
        query = queries.compiled(
            queries.node_of(segment),
            segment.subject,
            business_id=actor.business_id,
            today=today,
            only=only,
        )
    except ConditionError as error:
        segment.problem, segment.is_counting = naming.problem_of(segment, error), False
        segment.save(update_fields=["problem", "is_counting"])
        return Refreshed(0, 0)
    # What nobody else may see leaves no trace on the timeline that all see.
    is_told = cause == Cause.DATA and segment.is_shared and segment.refreshed_at is not None
    rows = _run(segment, query, at, cause, only, listed=is_told)
    found = Refreshed(*rows[0]) if not is_told else _told(actor, at, segment, rows)
    segment.members = segment.memberships.filter(left_at__isnull=True).count()
    segment.refreshed_at, segment.problem = at, ""
    segment.is_counting = segment.is_counting and only is not None
    # Not `updated_at`: nobody changed the segment.
    Segment.objects.filter(pk=segment.pk).update(
        members=segment.members, refreshed_at=at, problem="", is_counting=segment.is_counting
    )
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_DAY, [actor.business_id, segment.id, today, segment.members])
    return found


def _run(
    segment: Segment,
    query: Compiled,
    at: datetime,
    cause: str,
    only: Sequence[int] | None,
    *,
    listed: bool,
) -> list[tuple[int, ...]]:
    column = f"{segment.subject}_id"
    among = "" if only is None else f"AND m.{column} = ANY(%s::bigint[])"
    own = [segment.business_id, segment.id]
    sql = _REFRESH.format(
        query=query.sql, column=column, among=among, table=f"segments_{segment.subject}membership"
    )
    params = [
        *query.params,
        *own,
        *([] if only is None else [list(only)]),
        *(at, cause, segment.business_id),
        *(*own, at, cause),
    ]
    if not listed:
        sql += _COUNTED
    else:
        sql += _LISTED[Subject(segment.subject)]
        params += [segment.business_id] if segment.subject == Subject.CONTACT else []
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[int, ...]] = cursor.fetchall()
        return found


def _told(actor: Actor, at: datetime, segment: Segment, rows: list[tuple[int, ...]]) -> Refreshed:
    """Put who came and went on the timelines, and count them."""
    payload = {"segment": segment.id, "name": segment.name, "subject": segment.subject}
    counts = []
    for came, kind, word in ((True, ENTERED, "Entered"), (False, LEFT, "Left")):
        moved = [row for row in rows if bool(row[0]) is came]
        title = f"{word} segment “{segment.name}”"
        for batch in batched(moved, FACTS_AT_ONCE):
            timeline.record_set(
                kind,
                actor=actor,
                at=at,
                subject_type=Segment._meta.label_lower,
                facts=[
                    timeline.Fact(
                        account_id,
                        segment.id,
                        title,
                        payload
                        | (
                            {}
                            if subject_id == account_id and segment.subject == Subject.ACCOUNT
                            else {"contact": subject_id}
                        ),
                    )
                    for _, subject_id, account_id in batch
                ],
            )
        counts.append(len(moved))
    return Refreshed(*counts)
