"""Making and destroying sample data (CS-97), in pieces that each commit on their own.

A piece that a crash interrupts is done again from its beginning, and nothing is made twice:
how far a set has come is written in the transaction of the piece itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, transaction
from psycopg import Cursor, sql

from afterclose.accounts import at_risk
from afterclose.accounts.models import AT_RISK_ELIGIBLE, Account
from afterclose.accounts.reasons import add_default_reasons
from afterclose.billing.actions import refresh_account_billing
from afterclose.businesses import actors, audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require
from afterclose.health import telling
from afterclose.health.actions import keep_comparisons, take_snapshots, total_days
from afterclose.health.models import DayTotal
from afterclose.kit import clock
from afterclose.notifications.actions import Message, notify_many
from afterclose.notifications.kinds import IMPORT_FINISHED
from afterclose.notifications.models import Notification
from afterclose.ops.models import SampleSet
from afterclose.ops.sample import destroying, writing
from afterclose.ops.sample.custom import fill_samples
from afterclose.ops.sample.errors import (
    LARGEST,
    SMALLEST,
    BeingDestroyedError,
    HasSampleDataError,
    WrongSizeError,
)
from afterclose.ops.sample.frame import Frame, Member, detail_of
from afterclose.ops.sample.life import life_of
from afterclose.ops.sample.segments import make_segments
from afterclose.ops.sample.shelves import share_views
from afterclose.ops.sample.tagging import tag_samples
from afterclose.ops.sample.tickets import unmatched
from afterclose.ops.sample.todo import add_tasks

READY = "sample_set:"  # begins the key of the notification that a set is ready

Progress = Callable[[SampleSet], None]

#: Accounts per transaction while destroying; each can have thousands of rows hanging on it.
DESTROY_CHUNK = 2_000
#: Automatic flags of this many days back are still lines in their CSM's inbox.
INBOX_DAYS = 21


@transaction.atomic
def begin(*, actor: Actor, at: datetime, size: int, seed: int) -> SampleSet:
    """Ask for a set of ``size`` accounts; whoever calls then runs or defers ``go_on``.

    Raises WrongSizeError, HasSampleDataError.
    """
    require(actor, Right.SAMPLE_DATA)
    if not SMALLEST <= size <= LARGEST:
        raise WrongSizeError(size)
    if (known := SampleSet.objects.select_for_update().first()) is not None:
        raise HasSampleDataError(known.size)
    found = SampleSet.objects.create(
        size=size,
        seed=seed,
        on=clock.today_in(actor.settings.time_zone, at=at),
        begun_at=at,
        begun_by_id=actor.membership_id,
    )
    audit.record("sample_data.generated", actor=actor, at=at, subject=found, changes={"size": size})
    add_default_reasons(actor, at)  # flags name them; a business that has them keeps its own
    return found


def go_on(*, actor: Actor, at: datetime, tell: Progress | None = None) -> SampleSet | None:
    """Make the set that was asked for, from wherever it has come; None if there is none.

    Steps: accounts in chunks; health history day by day; flags from that history; today's
    scores. ``tell`` hears about every piece.
    """
    require(actor, Right.SAMPLE_DATA)
    while (found := _next_piece(actor, at)) is not None:
        if tell is not None:
            tell(found)
        if found.is_busy:
            continue
        return found
    return None


def _next_piece(actor: Actor, at: datetime) -> SampleSet | None:
    with transaction.atomic():
        found = SampleSet.objects.select_for_update().first()
        if found is None or found.destroying_since is not None:
            return None
        days = detail_of(found.size).score_days
        if found.accounts < found.size:
            _add_chunk(actor, found)
        elif found.scored_days < len(days):
            _score(actor, at, found, found.on - timedelta(days=days[found.scored_days]))
            found.scored_days += 1
        elif found.finished_at is None:
            if days:
                _flag_from_history(actor, found)
            _score(actor, at, found, clock.today_in(actor.settings.time_zone, at=at))
            keep_comparisons(actor=actors.system(actor.business_id))
            tag_samples(business_id=actor.business_id, at=found.begun_at, by_id=found.begun_by_id)
            fill_samples(actor=actor, at=at)
            make_segments(actor=actor, at=at)
            add_tasks(
                on=found.on,
                at=at,
                seed=found.seed,
                first=found.first_account_id or 0,
                last=found.last_account_id or 0,
                asked_by=found.begun_by_id,
            )
            found.finished_at = at
            share_views(at=at, member_id=found.begun_by_id)
            _tell_ready(actor, at, found)
        found.save()
        return found


def _tell_ready(actor: Actor, at: datetime, found: SampleSet) -> None:
    if found.begun_by_id is None:
        return
    message = Message(
        member_id=found.begun_by_id,
        kind=IMPORT_FINISHED,
        key=f"{READY}{found.pk}",
        title="The sample data is ready",
        body=f"{found.size:,} accounts with history up to {found.on:%d %B %Y}.",
        url="/settings/sample-data/",
        by_mail=False,
    )
    notify_many(actor=actor, at=at, messages=[message])


def frame_of(actor: Actor, found: SampleSet) -> Frame:
    """What the generators are told: the day, the seed, and who is on the team."""
    people = Membership.objects.filter(deactivated_at__isnull=True).select_related("person")
    team = tuple(
        Member(m.id, str(m.person), m.person.email.partition("@")[0])
        for m in people.order_by("id")[:12]
    )
    midnight = clock.start_of_day(found.on, actor.settings.time_zone)
    return Frame(found.on, midnight, found.seed, team, detail_of(found.size))


def _add_chunk(actor: Actor, found: SampleSet) -> None:
    frame = frame_of(actor, found)
    first = found.accounts
    last = min(found.size, first + frame.detail.chunk)
    lives = [life_of(number, frame) for number in range(first, last)]
    with Cursor(connection.connection) as cursor:
        ids = writing.write(cursor, actor.business_id, first, lives, "/accounts/{}/")
        if first == 0:
            writing.write_unmatched(cursor, actor.business_id, unmatched(frame))
    refresh_account_billing(actor=actor, account_ids=ids)
    found.accounts = last
    found.first_account_id = min(found.first_account_id or ids[0], *ids)
    found.last_account_id = max(found.last_account_id or 0, *ids)


def _score(actor: Actor, at: datetime, found: SampleSet, on: date) -> None:
    take_snapshots(
        actor=actors.system(actor.business_id),
        at=at,
        on=on,
        first_account_id=found.first_account_id or 0,
        last_account_id=found.last_account_id or 0,
    )
    total_days(actor=actors.system(actor.business_id), begin=on, end=on)


# The last time that the score fell to the threshold or under it, for the accounts that are
# still there: when the nightly run of that day would have flagged them.
_CROSSINGS = """
    WITH scores AS (
        SELECT s.account_id, s."on", s.score,
               lag(s.score) OVER (PARTITION BY s.account_id ORDER BY s."on") AS before
          FROM health_snapshot s
         WHERE s.business_id = %(business)s AND s.account_id BETWEEN %(first)s AND %(last)s
           AND s."on" BETWEEN %(begin)s AND %(on)s AND s.coverage > 0)
    SELECT DISTINCT ON (scores.account_id)
           scores."on", scores.account_id, scores.before, scores.score
      FROM scores
      JOIN accounts_account a ON a.business_id = %(business)s AND a.id = scores.account_id
      JOIN health_score h ON h.business_id = %(business)s AND h.account_id = a.id
     WHERE a.is_sample AND a.stage = ANY(%(eligible)s) AND h.score <= %(threshold)s
       AND scores.score <= %(threshold)s
       AND (scores.before IS NULL OR scores.before > %(threshold)s)
     ORDER BY scores.account_id, scores."on" DESC
"""


def _flag_from_history(actor: Actor, found: SampleSet) -> None:
    """Flag as the nightly runs of the past would have done, on the days they would have."""
    days = detail_of(found.size).score_days
    given = {
        "business": actor.business_id,
        "first": found.first_account_id,
        "last": found.last_account_id,
        "begin": found.on - timedelta(days=days[0]),
        "on": found.on,
        "eligible": [stage.value for stage in AT_RISK_ELIGIBLE],
        "threshold": float(actor.settings.at_risk_threshold),
    }
    by_day: dict[date, list[at_risk.Crossing]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_CROSSINGS, given)
        for on, *crossing in cursor.fetchall():
            by_day.setdefault(on, []).append(at_risk.Crossing(*crossing))
    system = actors.system(actor.business_id)
    for on, crossings in sorted(by_day.items()):
        at = datetime.combine(on, time(7, 30), UTC)
        flagged = at_risk.flag_by_score(actor=system, at=at, on=on, crossings=crossings)
        if on > found.on - timedelta(days=INBOX_DAYS):
            messages = [replace(each, by_mail=False) for each in telling.messages(flagged, on)]
            notify_many(actor=system, at=at, messages=messages)


@transaction.atomic
def begin_destroying(*, actor: Actor, at: datetime) -> SampleSet | None:
    """Say that the sample data is to go; nothing more is made from then on.

    Raises BeingDestroyedError where that was said already.
    """
    require(actor, Right.SAMPLE_DATA)
    found = SampleSet.objects.select_for_update().first()
    if found is not None and found.destroying_since is not None:
        raise BeingDestroyedError
    if found is not None:
        found.destroying_since = at
        found.save(update_fields=["destroying_since"])
    audit.record(
        "sample_data.destroyed",
        actor=actor,
        at=at,
        subject=found,
        subject_type="" if found else SampleSet._meta.label_lower,
    )
    return found


def destroy(*, actor: Actor, tell: Callable[[int], None] | None = None) -> dict[str, int]:
    """Delete all sample data of the business and what hangs on it; nothing else (CS-97).

    Returns how many rows of each kind went. Begun again, it goes on where it stopped.
    """
    require(actor, Right.SAMPLE_DATA)
    gone: dict[str, int] = {}
    after = 0
    while True:
        with transaction.atomic():
            chunk = list(
                Account.objects.filter(is_sample=True, id__gt=after)
                .order_by("id")
                .values_list("id", flat=True)[:DESTROY_CHUNK]
            )
            if not chunk:
                break
            where = sql.SQL("is_sample AND id BETWEEN {} AND {}").format(chunk[0], chunk[-1])
            _run(destroying.steps(Account, where), gone)
            after = chunk[-1]
        if tell is not None:
            tell(gone[Account._meta.label_lower])
    with transaction.atomic():
        for model in destroying.sample_models():
            _run(destroying.steps(model, sql.SQL("is_sample")), gone)
        Notification.objects.filter(key__startswith=READY).delete()
        _total_again(actor)
        SampleSet.objects.filter(destroying_since__isnull=False).delete()
    return gone


def _total_again(actor: Actor) -> None:
    """Count each day without the accounts that are gone; days that had no others go."""
    for on in DayTotal.objects.values_list("on", flat=True).order_by("on"):
        total_days(actor=actors.system(actor.business_id), begin=on, end=on)
    DayTotal.objects.filter(healthy=0, ok=0, at_risk=0, critical=0, no_data=0).delete()
    keep_comparisons(actor=actors.system(actor.business_id))


def _run(steps: Iterator[destroying.Step], gone: dict[str, int]) -> None:
    with Cursor(connection.connection) as cursor:
        for step in steps:
            rows = cursor.execute(step.statement).rowcount
            if not step.column:
                name = step.model._meta.label_lower
                gone[name] = gone.get(name, 0) + rows
