"""Reads of renewals: viewer in, rows out. The formula is in docs/numbers/renewals.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, cast

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.lookups import IsNull

from afterclose.accounts.models import Account, AtRiskFlag, Stage
from afterclose.billing.models import Status
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.health.models import Score
from afterclose.kit.money import Money
from afterclose.renewals import stages
from afterclose.renewals.models import Reminder, Renewal
from afterclose.renewals.stages import DEFAULT_WINDOW, RenewalStage, Signs


def threshold(viewer: Actor) -> float:
    """The score below which a renewal is at risk; a float, because only that has an operator
    that may use the index under row-level security."""
    return float(viewer.settings.at_risk_threshold)


def renewals(viewer: Actor) -> QuerySet[Renewal]:
    """Everything that renews or renewed at any time: each subscription, and each account with a
    date set by hand and no live subscription (CS-40)."""
    require(viewer, Right.RENEWALS_VIEW)
    return Renewal.objects.all()


def in_window(rows: QuerySet[Renewal], on: date, window_days: int) -> QuerySet[Renewal]:
    """Those with 0 to `window_days` days to go on the day `on`, both included."""
    return rows.filter(renews_on__gte=on, renews_on__lte=on + timedelta(days=window_days))


def stage_of(viewer: Actor, on: date, window_days: int) -> Case:
    """`stages.stage_of` in SQL, for annotating renewals.

    The signs are sets of accounts that are out of the ordinary (churned or expanding, open
    flags, low scores), each from its own index, so that counting a window of many renewals does
    not join every account. Sets and not EXISTS: of those PostgreSQL expects so much work that it
    sorts all renewals by stage to count them, and it looks flags and scores up one by one.
    """
    low = Score.objects.filter(score__lt=threshold(viewer)).values("account_id")
    flagged = AtRiskFlag.objects.filter(cleared_at__isnull=True).values("account_id")
    churned = Q(status=Status.CANCELLED) | Q(account_id__in=_accounts(Stage.CHURNED))
    cancels = Q(
        cancel_at_period_end=True,
        renews_on__gte=on,
        renews_on__lte=on + timedelta(days=window_days),
    )
    at_risk = Q(status=Status.PAST_DUE) | Q(account_id__in=flagged.union(low, all=True))
    return Case(
        When(churned | cancels, then=Value(RenewalStage.CHURNING)),
        When(at_risk, then=Value(RenewalStage.AT_RISK)),
        When(account_id__in=_accounts(Stage.EXPANDING), then=Value(RenewalStage.EXPANDING)),
        default=Value(RenewalStage.ON_TRACK),
        output_field=CharField(),
    )


def _accounts(stage: Stage) -> QuerySet[Any]:
    """The ids of the accounts in a stage, from the index of stages."""
    return Account.objects.filter(stage=stage).values("pk")


def pipeline(viewer: Actor, on: date, window_days: int = DEFAULT_WINDOW) -> QuerySet[Renewal]:
    """The renewals of the window as `seen` gives them, with `stage`, the next one first (CS-40)."""
    rows = seen(in_window(renewals(viewer), on, window_days), viewer, on, window_days)
    return rows.annotate(stage=stage_of(viewer, on, window_days)).order_by("renews_on", "id")


def seen(rows: QuerySet[Renewal], viewer: Actor, on: date, window_days: int) -> QuerySet[Renewal]:
    """Renewals with what the pure rules need beside their own columns: `is_flagged`, and the day,
    window and threshold that they are seen by, so that a row can be judged by itself."""
    flags = AtRiskFlag.objects.filter(account_id=OuterRef("account_id"), cleared_at__isnull=True)
    return rows.annotate(
        # Not EXISTS, for which all open flags would be read to show a few rows.
        is_flagged=IsNull(Subquery(flags.values("pk")[:1]), False),
        seen_on=Value(on, output_field=DateField()),
        window_days=Value(window_days, output_field=IntegerField()),
        threshold=Value(threshold(viewer), output_field=FloatField()),
    )


JUDGED_BY = (
    "renews_on",
    "status",
    "cancel_at_period_end",
    "account__stage",
    "account__health__score",
    "is_flagged",
    "seen_on",
    "window_days",
    "threshold",
)
"""The paths that `standing_of` reads."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a renewal stands: days to go, stage, and every reason for it."""

    days: int
    stage: RenewalStage
    reasons: Sequence[str]


def standing_of(row: Mapping[str, Any]) -> Standing:
    """A row of `seen` with the paths in `JUDGED_BY`, by the pure rules."""
    return _judged(*[row[path] for path in JUDGED_BY])


# A list asks for the stage, the reasons and the days of each row one by one.
@lru_cache(maxsize=1024)
def _judged(
    renews_on: date,
    status: str | None,
    cancels: bool,
    account_stage: str,
    score: float | None,
    is_flagged: bool,
    on: date,
    window_days: int,
    limit: float,
) -> Standing:
    signs = Signs(
        days=(renews_on - on).days,
        is_cancelled=status == Status.CANCELLED,
        cancels_at_period_end=cancels,
        is_past_due=status == Status.PAST_DUE,
        account_churned=account_stage == Stage.CHURNED,
        account_expanding=account_stage == Stage.EXPANDING,
        is_flagged=is_flagged,
        score=score,
    )
    return Standing(
        signs.days,
        stages.stage_of(signs, window_days=window_days, threshold=limit),
        stages.reasons(signs, window_days=window_days, threshold=limit),
    )


def of_stages(
    rows: QuerySet[Renewal],
    wanted: Sequence[str],
    viewer: Actor,
    on: date,
    window_days: int,
) -> QuerySet[Renewal]:
    """Only the renewals in one of the stages."""
    judged: QuerySet[Any] = rows.alias(renewal_stage=stage_of(viewer, on, window_days))
    found: QuerySet[Renewal] = judged.filter(renewal_stage__in=wanted)
    return found


@dataclass(frozen=True, slots=True)
class StageSum:
    """How many renewals are in a stage, and their ARR, one amount for each currency."""

    stage: RenewalStage | None
    count: int
    values: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The pipeline in numbers: all stages, worst first, and all of them together."""

    stages: tuple[StageSum, ...]
    total: StageSum

    def of(self, stage: RenewalStage) -> StageSum:
        """One stage's sums; zero when it has none."""
        return next(each for each in self.stages if each.stage is stage)


def summary(
    viewer: Actor, on: date, window_days: int = DEFAULT_WINDOW, *, csm_id: int | None = None
) -> Summary:
    """Count and value per stage and currency over the window, in one query (CS-41, CS-95).

    With `csm_id`, only over the accounts of that member.
    """
    rows = in_window(renewals(viewer), on, window_days)
    if csm_id is not None:
        rows = rows.filter(account__csm_id=csm_id)
    return summarise(rows, viewer, on, window_days)


def summarise(rows: QuerySet[Renewal], viewer: Actor, on: date, window_days: int) -> Summary:
    """The same over any renewals: those that a list has found."""
    groups = (
        rows.order_by()
        .values("currency", stage=stage_of(viewer, on, window_days))
        .annotate(count=Count("pk"), value=Sum("arr"))
    )
    found = [(RenewalStage(g["stage"]), g["currency"], g["count"], g["value"]) for g in groups]
    return Summary(
        stages=tuple(_sum(stage, [g for g in found if g[0] is stage]) for stage in RenewalStage),
        total=_sum(None, found),
    )


def _sum(
    stage: RenewalStage | None,
    groups: Iterable[tuple[RenewalStage, str | None, int, int | None]],
) -> StageSum:
    values: dict[str, int] = {}
    count = 0
    for _, currency, rows, value in groups:
        count += rows
        if currency is not None and value is not None:
            values[currency] = values.get(currency, 0) + int(value)
    amounts = tuple(Money(minor, code) for code, minor in sorted(values.items()))
    return StageSum(stage, count, amounts)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A renewal with its value and how it stands; `row` holds `SHOWN`."""

    row: Mapping[str, Any]
    value: Money | None
    standing: Standing


SHOWN_IN_PANEL = 5
LOOKED_THROUGH = 60
SHOWN = ("id", "account_id", "account__name", "plan", "arr", "currency")


def of_account(viewer: Actor, account_id: int, on: date) -> list[Upcoming]:
    """What renews next at one account, today or later (at most five)."""
    rows = renewals(viewer).filter(account_id=account_id, renews_on__gte=on)
    return _first(seen(rows, viewer, on, DEFAULT_WINDOW))


def next_at_risk(viewer: Actor, on: date, *, csm_id: int | None = None) -> list[Upcoming]:
    """The first renewals of the next 90 days that are at risk (at most five).

    They are nearly always among the first few renewals, which the pure rule judges; only if
    not, the database looks through the whole window.
    """
    rows = in_window(renewals(viewer), on, DEFAULT_WINDOW)
    rows = rows if csm_id is None else rows.filter(account__csm_id=csm_id)
    near = _first(seen(rows, viewer, on, DEFAULT_WINDOW), LOOKED_THROUGH)
    found = [each for each in near if each.standing.stage is RenewalStage.AT_RISK]
    if len(found) >= SHOWN_IN_PANEL or len(near) < LOOKED_THROUGH:
        return found[:SHOWN_IN_PANEL]
    rows = of_stages(rows, [RenewalStage.AT_RISK], viewer, on, DEFAULT_WINDOW)
    return _first(seen(rows, viewer, on, DEFAULT_WINDOW))


def worth(viewer: Actor, on: date, window_days: int, *, csm_id: int | None = None) -> StageSum:
    """Count and value of a window whatever the stage, from the index alone."""
    rows = in_window(renewals(viewer), on, window_days)
    if csm_id is not None:
        rows = rows.filter(account__csm_id=csm_id)
    groups = rows.order_by().values("currency").annotate(count=Count("pk"), value=Sum("arr"))
    found = [(g["currency"], g["count"], g["value"]) for g in groups]
    return _sum(None, [(RenewalStage.ON_TRACK, *group) for group in found])


def _first(rows: QuerySet[Renewal], most: int = SHOWN_IN_PANEL) -> list[Upcoming]:
    found = rows.order_by("renews_on", "id").values(*SHOWN, *JUDGED_BY)[:most]
    return [
        Upcoming(
            row,
            Money(row["arr"], row["currency"]) if row["arr"] is not None else None,
            standing_of(row),
        )
        for row in found
    ]


def to_remind(viewer: Actor, on: date) -> QuerySet[Renewal, dict[str, Any]]:
    """The renewals whose reminder is due on the day `on` (CS-44), as rows with `due` (the nearest
    threshold) and `told_id` (the CSM, else the AE, who are still members); grouped by who is
    told, the nearest first."""
    require(viewer, Right.RENEWALS_VIEW)
    thresholds = sorted(set(viewer.settings.renewal_reminder_days))
    if not thresholds:
        nothing: Any = Renewal.objects.none().values()
        return cast("QuerySet[Renewal, dict[str, Any]]", nothing)
    judged: QuerySet[Any] = seen(
        in_window(Renewal.objects.all(), on, thresholds[-1]), viewer, on, DEFAULT_WINDOW
    ).annotate(
        due=Case(
            *(When(renews_on__lte=on + timedelta(days=t), then=Value(t)) for t in thresholds),
            output_field=IntegerField(),
        ),
        told_id=Case(
            When(
                account__csm__isnull=False,
                account__csm__deactivated_at__isnull=True,
                then=F("account__csm_id"),
            ),
            When(
                account__ae__isnull=False,
                account__ae__deactivated_at__isnull=True,
                then=F("account__ae_id"),
            ),
            output_field=BigIntegerField(),
        ),
    )
    reminded = Reminder.objects.filter(
        # A date set by hand has no subscription on either side.
        Q(subscription_id=OuterRef("subscription_id"))
        | Q(IsNull(OuterRef("subscription_id"), True), subscription_id__isnull=True),
        account_id=OuterRef("account_id"),
        renews_on=OuterRef("renews_on"),
        threshold__lte=OuterRef("due"),
    )
    # Nothing is left to renew of what is cancelled or churned.
    due = judged.exclude(status=Status.CANCELLED).exclude(account__stage=Stage.CHURNED)
    return (
        due.filter(~Exists(reminded))
        .order_by(F("told_id").asc(nulls_last=True), "renews_on", "id")
        .values(*SHOWN, "subscription_id", "due", "told_id", *JUDGED_BY)
    )
