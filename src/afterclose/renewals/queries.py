"""Reads of renewals: viewer in, rows out. The formula is in docs/numbers/renewals.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from afterclose.accounts.models import Account, AtRiskFlag, Stage
from afterclose.billing.models import Status
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.health.models import Score
from afterclose.kit.money import Money
from afterclose.renewals.models import Renewal
from afterclose.renewals.stages import DEFAULT_WINDOW, RenewalStage


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

    The signs are looked up by EXISTS in what is out of the ordinary (churned or expanding
    accounts, open flags, low scores), each from its own index, so that counting a window of
    many renewals does not join every account.
    """
    churned = Q(status=Status.CANCELLED) | Q(_account(Stage.CHURNED))
    cancels = Q(
        cancel_at_period_end=True,
        renews_on__gte=on,
        renews_on__lte=on + timedelta(days=window_days),
    )
    at_risk = Q(status=Status.PAST_DUE) | Q(_flagged()) | Q(_scored_below(threshold(viewer)))
    return Case(
        When(churned | cancels, then=Value(RenewalStage.CHURNING)),
        When(at_risk, then=Value(RenewalStage.AT_RISK)),
        When(Q(_account(Stage.EXPANDING)), then=Value(RenewalStage.EXPANDING)),
        default=Value(RenewalStage.ON_TRACK),
        output_field=CharField(),
    )


def pipeline(viewer: Actor, on: date, window_days: int = DEFAULT_WINDOW) -> QuerySet[Renewal]:
    """The renewals of the window with `stage` and `is_flagged`, the next one first (CS-40)."""
    return (
        in_window(renewals(viewer), on, window_days)
        .annotate(
            stage=stage_of(viewer, on, window_days),
            is_flagged=Case(
                When(_flagged(), then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
        )
        .order_by("renews_on", "id")
    )


def _account(stage: Stage) -> Exists:
    return Exists(Account.objects.filter(pk=OuterRef("account_id"), stage=stage))


def _flagged() -> Exists:
    return Exists(
        AtRiskFlag.objects.filter(account_id=OuterRef("account_id"), cleared_at__isnull=True)
    )


def _scored_below(score: float) -> Exists:
    return Exists(Score.objects.filter(account_id=OuterRef("account_id"), score__lt=score))


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


def of_account(viewer: Actor, account_id: int, on: date) -> list[Renewal]:
    """What renews next at one account, with `stage`; today's and later ones, ended ones not."""
    return list(
        renewals(viewer)
        .filter(account_id=account_id, renews_on__gte=on)
        .annotate(stage=stage_of(viewer, on, DEFAULT_WINDOW))
        .order_by("renews_on", "id")[:5]
    )
