"""Taking snapshots: the one way in which scores come about, for one account or a million.

Steps, for a range of accounts and a day, in one transaction:

1. lock the range, so that a second run of it waits;
2. read the raw inputs, one query per signal (``signals``);
3. compute with the pure rules (``scoring``);
4. write snapshots and current scores (``staging``);
5. flag the accounts that crossed the threshold, if the day is today, and tell their CSMs
   (CS-58).

Doing it again changes nothing: rows are keyed by account and day, and a score that was held
against the threshold is not held against it a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg import Cursor

from afterclose.accounts import at_risk
from afterclose.accounts.models import AT_RISK_ELIGIBLE, Account
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.health import comparisons, scoring, staging, telling
from afterclose.health.models import NightlyRun, RunPart
from afterclose.health.signals import Known, Range, known
from afterclose.kit import clock, periods
from afterclose.notifications.actions import notify_many

#: Accounts per transaction. Ranges are cut at multiples of it, so that two runs of whatever
#: extent lock the same ranges; memory is that of one range.
RANGE = 20_000

_ELIGIBLE = [stage.value for stage in AT_RISK_ELIGIBLE]


class FutureDayError(ValueError):
    """A score was asked for a day that has not come yet."""


class Taken(NamedTuple):
    """What one range came to: accounts scored, and those that crossed the threshold."""

    accounts: int
    flagged: int


def take_snapshots(
    *,
    actor: Actor,
    at: datetime,
    on: date,
    first_account_id: int,
    last_account_id: int,
) -> Taken:
    """Score the accounts of a range of ids (both included) for the day `on` (CS-50 to CS-58).

    Only today's run (in the business's time zone) flags; a past day never does, and never
    replaces a current score of a later day. Raises FutureDayError.
    """
    require(actor, Right.HEALTH_EDIT)
    with transaction.atomic():
        taken = _take_ranges(actor, at, on, first_account_id, last_account_id)
        if taken.accounts and first_account_id == last_account_id:
            comparisons.add(actor.business_id, first_account_id)
        elif taken.accounts:
            comparisons.drop(actor.business_id)
    return taken


def _take_ranges(actor: Actor, at: datetime, on: date, first: int, last: int) -> Taken:
    taken = Taken(0, 0)
    for begin, end in _cut(first, last):
        part = _take(actor, at, on, begin, end)
        taken = Taken(taken.accounts + part.accounts, taken.flagged + part.flagged)
    return taken


def take_snapshot(*, actor: Actor, at: datetime, on: date, account_id: int) -> Taken:
    """Score one account for one day; the same as its share of the nightly run."""
    return take_snapshots(
        actor=actor, at=at, on=on, first_account_id=account_id, last_account_id=account_id
    )


def lock_ranges(*, actor: Actor, account_ids: Collection[int]) -> None:
    """Wait until nobody scores these accounts, and keep others from it until the commit.

    No key of the database holds a snapshot to its account, so a merge that deletes the account
    takes this first: else a score that was read before and written after would be nobody's.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    with connection.cursor() as cursor:
        for bucket in sorted({account_id // RANGE for account_id in account_ids}):
            staging.lock(cursor, actor.business_id, bucket)


def _cut(first: int, last: int) -> Iterator[tuple[int, int]]:
    while first <= last:
        end = min(last, first - first % RANGE + RANGE - 1)
        yield first, end
        first = end + 1


def _take(actor: Actor, at: datetime, on: date, first: int, last: int) -> Taken:
    settings = actor.settings
    today = clock.today_in(settings.time_zone, at=at)
    if on > today:
        raise FutureDayError(f"{on} has not come yet: today is {today}. Choose a day up to today.")
    accounts = Range(actor.business_id, first, last, on, settings.time_zone)
    with Cursor(connection.connection) as cursor:
        staging.lock(cursor, actor.business_id, first // RANGE)
        lines, crossings = _score(
            known(cursor, accounts, _ELIGIBLE),
            threshold=float(settings.at_risk_threshold),
            is_live=on == today,
        )
        if not lines:
            return Taken(0, 0)
        card = scoring.DEFAULT.version
        staging.write(cursor, accounts, lines, card=card, is_past=on < today)
    flagged = at_risk.flag_by_score(actor=actor, at=at, on=on, crossings=crossings)
    notify_many(actor=actor, at=at, messages=telling.messages(flagged, on))
    return Taken(len(lines), len(flagged))


def _score(
    accounts: Iterable[Known], *, threshold: float, is_live: bool
) -> tuple[list[str], list[at_risk.Crossing]]:
    """The rows for the staging table, and who crossed. Runs a million times a night."""
    lines: list[str] = []
    crossings: list[at_risk.Crossing] = []
    overall, crosses = scoring.overall, scoring.crosses
    for account_id, can_be_flagged, before, components in accounts:
        score, coverage = overall(components)
        breakdown = ",".join([component[4] for component in components])
        if is_live and can_be_flagged and coverage:
            held = repr(score)
            if score <= threshold and crosses(score, coverage, before, threshold):
                crossings.append(at_risk.Crossing(account_id, before, score))
        else:
            held = r"\N"
        lines.append(f"{account_id}\t{score!r}\t{coverage}\t{{{breakdown}}}\t{held}\n")
    return lines, crossings


def begin_run(*, actor: Actor, at: datetime, on: date, redo_before: datetime) -> NightlyRun:
    """The run over all accounts for `on`, cut into parts; one that a crash left is continued.

    Parts done before the instant `redo_before` are due again, so that what has come in since
    counts; those done after it stay done. Safe to call twice.
    """
    require(actor, Right.HEALTH_EDIT)
    with transaction.atomic():
        NightlyRun.objects.bulk_create([NightlyRun(on=on, started_at=at)], ignore_conflicts=True)
        run = NightlyRun.objects.select_for_update().get(on=on)
        RunPart.objects.bulk_create(
            [
                RunPart(run=run, first_account_id=first, last_account_id=last)
                for first, last in account_ranges()
            ],
            ignore_conflicts=True,
        )
        run.parts.filter(done_at__lt=redo_before).update(done_at=None)
        if run.finished_at is not None and run.parts.filter(done_at__isnull=True).exists():
            run.started_at, run.finished_at = at, None
            run.save(update_fields=["started_at", "finished_at"])
        if run.finished_at is None:
            comparisons.drop(actor.business_id)
    return run


def take_part(*, actor: Actor, at: datetime, part_id: int) -> Taken:
    """Do one part of a run, unless it is done; its scores and its mark commit together."""
    require(actor, Right.HEALTH_EDIT)
    with transaction.atomic():
        part = (
            RunPart.objects.select_for_update(of=("self",))
            .select_related("run")
            .filter(pk=part_id)
            .first()
        )
        if part is None:
            return Taken(0, 0)
        if part.done_at is None:
            taken = _take_ranges(
                actor, at, part.run.on, part.first_account_id, part.last_account_id
            )
            # Nothing is kept while the newest run goes on; an older one may end late.
            if NightlyRun.objects.filter(on__gt=part.run.on).exists():
                comparisons.drop(actor.business_id)
            part.done_at, part.accounts, part.flagged = at, taken.accounts, taken.flagged
            part.save(update_fields=["done_at", "accounts", "flagged"])
    finish_run(actor=actor, at=at, run_id=part.run_id)
    return Taken(part.accounts, part.flagged)


def finish_run(*, actor: Actor, at: datetime, run_id: int) -> bool:
    """Mark a run as finished once all its parts are, and total the day; True for the call that did.

    In a transaction of its own, after the part's: of two parts that end together, the later
    one sees the other.
    """
    require(actor, Right.HEALTH_EDIT)
    with transaction.atomic():
        run = (
            NightlyRun.objects.select_for_update()
            .filter(pk=run_id, finished_at__isnull=True)
            .exclude(pk__in=RunPart.objects.filter(done_at__isnull=True).values("run_id"))
            .first()
        )
        if run is None:
            return False
        total_days(actor=actor, begin=run.on, end=run.on)
        run.finished_at = at
        run.save(update_fields=["finished_at"])
    keep_comparisons(actor=actor)
    return True


def keep_comparisons(*, actor: Actor) -> None:
    """Keep who moved most since each day that pages compare with, for current scores.

    In a transaction of its own where it can be: a book of a million takes seconds. Whoever does
    not come to it leaves pages slower, not wrong.
    """
    require(actor, Right.HEALTH_EDIT)
    with transaction.atomic():
        comparisons.keep(actor.business_id)


def total_days(*, actor: Actor, begin: date, end: date) -> None:
    """Count the accounts by bucket for each day from `begin` to `end` (both included)."""
    require(actor, Right.HEALTH_EDIT)
    with transaction.atomic(), connection.cursor() as cursor:
        for day in periods.each_day(begin, end + timedelta(days=1)):
            staging.total(cursor, actor.business_id, day)


def take_days(
    *,
    actor: Actor,
    at: datetime,
    begin: date,
    end: date,
    first_account_id: int,
    last_account_id: int,
) -> Taken:
    """Score a range of accounts for each day from `begin` to `end` (both included), in order.

    Each day is a transaction of its own; begun again, it goes through all days again and
    changes nothing on those that are done. Returns what all days came to.
    """
    require(actor, Right.HEALTH_EDIT)
    total = Taken(0, 0)
    for day in periods.each_day(begin, end + timedelta(days=1)):
        taken = take_snapshots(
            actor=actor,
            at=at,
            on=day,
            first_account_id=first_account_id,
            last_account_id=last_account_id,
        )
        total = Taken(total.accounts + taken.accounts, total.flagged + taken.flagged)
    return total


def account_ranges() -> list[tuple[int, int]]:
    """The ranges of ids in which the business in context has accounts, cut at RANGE."""
    ranges: list[tuple[int, int]] = []
    ids = Account.objects.order_by("id").values_list("id", flat=True)
    found: Any = ids.first()
    while found is not None:
        first = found - found % RANGE
        ranges.append((first, first + RANGE - 1))
        found = ids.filter(id__gte=first + RANGE).first()
    return ranges
