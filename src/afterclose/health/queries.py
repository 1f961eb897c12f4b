"""Reads of health: viewer in, rows out. The formula is in docs/numbers/health.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    CharField,
    Count,
    Exists,
    F,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from afterclose.accounts.hierarchy.tree import group_ids
from afterclose.accounts.models import Account, AtRiskFlag, RiskReason, Stage
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.health import scoring
from afterclose.health.models import DayTotal, NightlyRun, RunPart, Score, Snapshot
from afterclose.health.rollup import GroupHealth, Scored, roll_up
from afterclose.health.scoring import BUCKETS, Bucket

#: How far back trends go.
TREND_DAYS = 90


def threshold(viewer: Actor) -> float:
    """The score at or under which an account is at risk; a float, because only that has an
    operator that may use the index under row-level security."""
    return float(viewer.settings.at_risk_threshold)


def in_bucket(bucket: Bucket) -> Q:
    """The accounts of a bucket, as a condition on accounts. Churned ones are in none."""
    if _has(bucket):
        # As ids, so that the scores alone say which accounts are meant.
        return _scored_in(bucket, "health__score") & ~Q(pk__in=_churned())
    # Those without data and those that no run has met, from indexes alone: nearly all have a
    # score, and the few others are looked up then, as an array.
    met = Score.objects.filter(account_id=OuterRef("pk"))
    never = Account.objects.filter(~Exists(met)).order_by().values("pk")
    empty = Score.objects.filter(score__isnull=True).order_by().values("account_id")
    return ~Q(stage=Stage.CHURNED) & Q(
        _IsAnyOf(F("pk"), ArraySubquery(empty.union(never, all=True)))
    )


class _IsAnyOf(Func):
    """A value is in an array."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def in_buckets(slugs: Iterable[str], _viewer: Actor) -> Q:
    """The accounts of any of the buckets, for a filter of the account list."""
    wanted = set(slugs)
    found = [in_bucket(bucket) for bucket in BUCKETS if bucket.slug in wanted]
    return reduce(or_, found) if found else Q(pk__in=[])


def distribution(viewer: Actor, *, csm_id: int | None = None) -> dict[str, int]:
    """How many accounts are in each bucket now, by the bucket's slug, the best first; with
    `csm_id` only those of that member.

    Over the whole book from the indexes of scores and stages alone; whoever is not in a bucket
    by score has no data.
    """
    require(viewer, Right.HEALTH_VIEW)
    scored = [bucket for bucket in BUCKETS if _has(bucket)]
    if csm_id is not None:
        own = Account.objects.filter(csm_id=csm_id).exclude(stage=Stage.CHURNED)
        live = own.count()
        counts = own.aggregate(
            **{each.slug: Count("pk", filter=_scored_in(each, "health__score")) for each in scored}
        )
    else:
        # Two counts of an index are faster than passing over it with a condition.
        live = Account.objects.count() - _churned().count()
        counts = (
            Score.objects.filter(score__isnull=False)
            .exclude(account_id__in=_churned())
            .aggregate(**{each.slug: Count("score", filter=_scored_in(each)) for each in scored})
        )
    without = live - sum(counts.values())
    return {bucket.slug: counts.get(bucket.slug, without) for bucket in BUCKETS}


def _churned() -> QuerySet[Any]:
    """The ids of accounts that have left, from the index of stages: few beside those that stay."""
    return Account.objects.filter(stage=Stage.CHURNED).values("pk")


def group_health(viewer: Actor, account_id: int) -> list[GroupHealth]:
    """The health of an account's group, by share of contract value (docs/numbers/hierarchy.md)."""
    require(viewer, Right.HEALTH_VIEW)
    scores = (
        Score.objects.filter(account_id__in=group_ids(account_id), score__isnull=False)
        .exclude(account__stage=Stage.CHURNED)
        .values_list("score", "account__billing__arr", "account__billing__currency")
    )
    return roll_up(
        Scored(score, arr or 0, currency or "")
        for score, arr, currency in scores
        if score is not None
    )


def _has(bucket: Bucket) -> bool:
    return bucket.low is not None or bucket.high is not None


def _scored_in(bucket: Bucket, score: str = "score") -> Q:
    found = Q()
    if bucket.low is not None:
        found &= Q(**{f"{score}__gte": bucket.low})
    if bucket.high is not None:
        found &= Q(**{f"{score}__lt": bucket.high})
    return found


def at_risk_accounts(viewer: Actor) -> QuerySet[Account]:
    """Accounts at or under the threshold, or flagged; churned ones are not at risk any more.

    As a set, found by the indexes of scores and of open flags: for counting and summing.
    """
    require(viewer, Right.HEALTH_VIEW)
    low = Score.objects.filter(score__lte=threshold(viewer)).values("account_id")
    flagged = AtRiskFlag.objects.filter(cleared_at__isnull=True).values("account_id")
    return Account.objects.filter(pk__in=low.union(flagged)).exclude(stage=Stage.CHURNED)


def at_risk_count(viewer: Actor, *, csm_id: int | None = None) -> int:
    """How many `at_risk_accounts` there are; with `csm_id` of that member.

    Over the whole book from the indexes of scores, flags and stages alone, without a visit to
    each account: low scores, and flags beyond those.
    """
    require(viewer, Right.HEALTH_VIEW)
    if csm_id is not None:
        return at_risk_accounts(viewer).filter(csm_id=csm_id).count()
    low, churned = Score.objects.filter(score__lte=threshold(viewer)), _churned()
    flagged = AtRiskFlag.objects.filter(cleared_at__isnull=True)
    also = flagged.exclude(account_id__in=low.values("account_id"))
    return (
        low.exclude(account_id__in=churned).count() + also.exclude(account_id__in=churned).count()
    )


def at_risk_rows(viewer: Actor) -> QuerySet[Account]:
    """`at_risk_accounts` with why and since when: `risk_reasons` (labels), `flagged_at`."""
    return _with_reasons(at_risk_accounts(viewer))


def at_risk_rows_to_read(viewer: Actor) -> QuerySet[Account]:
    """`at_risk_rows`, asked account by account: for reading the first of them along an index,
    where the set would have to be found whole."""
    require(viewer, Right.HEALTH_VIEW)
    flagged = AtRiskFlag.objects.filter(account_id=OuterRef("pk"), cleared_at__isnull=True)
    low_or_flagged = Q(health__score__lte=threshold(viewer)) | Exists(flagged)
    return _with_reasons(Account.objects.filter(low_or_flagged).exclude(stage=Stage.CHURNED))


def lowest_at_risk_rows(viewer: Actor) -> QuerySet[Account]:
    """`at_risk_rows` that have a score, the lowest first, for reading a few of them."""
    rows = at_risk_rows_to_read(viewer).filter(health__score__isnull=False)
    return rows.order_by("health__score", "pk")


def _with_reasons(accounts: QuerySet[Account]) -> QuerySet[Account]:
    keys = (
        AtRiskFlag.objects.filter(account_id=OuterRef(OuterRef("pk")), cleared_at__isnull=True)
        .annotate(key=Func("reasons", function="unnest", output_field=CharField()))
        .values("key")
    )
    labels = RiskReason.objects.filter(key__in=keys).order_by("order", "id").values("label")
    flag = AtRiskFlag.objects.filter(account_id=OuterRef("pk"), cleared_at__isnull=True)
    return accounts.annotate(
        risk_reasons=ArraySubquery(labels), flagged_at=Subquery(flag.values("set_at")[:1])
    )


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day that the current scores are of, and how far a run in progress has come."""

    on: date | None
    finished_at: datetime | None
    done: int
    total: int

    @property
    def is_running(self) -> bool:
        """Whether a run has begun and not finished."""
        return self.total > self.done


def as_of(viewer: Actor) -> AsOf:
    """How fresh the scores are."""
    require(viewer, Right.HEALTH_VIEW)
    run = NightlyRun.objects.order_by("-on").first()
    on = DayTotal.objects.aggregate(on=Max("on"))["on"]
    if run is None:
        return AsOf(on, None, 0, 0)
    if run.finished_at is not None:
        return AsOf(max(on or run.on, run.on), run.finished_at, 0, 0)
    parts = RunPart.objects.filter(run=run).aggregate(
        done=Count("pk", filter=Q(done_at__isnull=False)), total=Count("pk")
    )
    return AsOf(on, None, parts["done"], parts["total"])


def last_finished() -> datetime | None:
    """When the last nightly run of the business in context ended; for monitors, so no viewer
    asks."""
    found: datetime | None = NightlyRun.objects.aggregate(at=Max("finished_at"))["at"]
    return found


def day_totals(viewer: Actor, on: date) -> list[DayTotal]:
    """How many accounts were in each bucket on each of the days to `on`, the oldest first."""
    require(viewer, Right.HEALTH_VIEW)
    first = on - timedelta(days=TREND_DAYS)
    return list(DayTotal.objects.filter(on__gt=first, on__lte=on).order_by("on"))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind one score: the snapshot, the one before, and the days to it."""

    snapshot: Snapshot
    before: Snapshot | None
    trend: Sequence[tuple[date, float | None]]

    @property
    def score(self) -> float | None:
        """The score, None where there was no data."""
        return self.snapshot.score if self.snapshot.coverage else None

    @property
    def components(self) -> tuple[scoring.Component, ...]:
        """The components that had input."""
        return scoring.components_of(self.snapshot.breakdown)

    @property
    def card(self) -> scoring.Scorecard:
        """The scorecard that it was scored by."""
        return scoring.SCORECARDS[self.snapshot.scorecard_version]


def score_of(viewer: Actor, account_id: int) -> Score | None:
    """An account's current score."""
    require(viewer, Right.HEALTH_VIEW)
    return Score.objects.filter(account_id=account_id).first()


def explanation(viewer: Actor, account_id: int, on: date | None = None) -> Explanation | None:
    """The score of one account on a day (its current one unless told), or None without one.

    Reads the account's days by naming them, as the index wants it.
    """
    require(viewer, Right.HEALTH_VIEW)
    current = score_of(viewer, account_id)
    if on is None:
        if current is None:
            return None
        on = current.on
    days = [on - timedelta(days=back) for back in range(TREND_DAYS)]
    if current is not None and current.on == on and current.previous_on is not None:
        days.append(current.previous_on)
    found = {
        snapshot.on: snapshot
        for snapshot in Snapshot.objects.filter(on__in=days, account_id=account_id)
    }
    if on not in found:
        return None
    earlier = [day for day, each in found.items() if day < on and each.coverage]
    trend: list[tuple[date, float | None]] = []
    for day in sorted(day for day in days if day > on - timedelta(days=TREND_DAYS)):
        each = found.get(day)
        trend.append((day, each.score if each and each.coverage else None))
    return Explanation(found[on], found[max(earlier)] if earlier else None, trend)


def bucket_choices() -> list[tuple[str, str]]:
    """Slugs and words, for filters."""
    return [(bucket.slug, bucket.word.value) for bucket in BUCKETS]
