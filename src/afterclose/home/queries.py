"""Reads of the dashboard: only the span that it speaks of and rows of other apps put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from afterclose.accounts import queries as accounts
from afterclose.accounts.imports import queries as imports
from afterclose.accounts.imports.models import ImportRun, RunState
from afterclose.accounts.models import Account, AtRiskFlag, Stage
from afterclose.accounts.reasons import DEFAULT_REASONS, SCORE
from afterclose.businesses.actors import Actor
from afterclose.health import queries as health, scoring
from afterclose.health.models import Snapshot
from afterclose.home import reasons
from afterclose.kit.money import Money
from afterclose.renewals import queries as renewals
from afterclose.renewals.queries import StageSum

SCORE_LABEL = DEFAULT_REASONS[SCORE]
SHOWN = 6
SHOWN_AT_RISK = 8
#: A file that stopped or waits for a person: what the dashboard asks to look at.
NEEDS_A_PERSON = (RunState.MAPPING, RunState.PREVIEWED, RunState.FAILED)


def of_csm(rows: QuerySet[Account], csm_id: int | None) -> QuerySet[Account]:
    """Only the accounts of one member; all for None."""
    return rows if csm_id is None else rows.filter(csm_id=csm_id)


def churned_since(viewer: Actor, since: date, csm_id: int | None = None) -> QuerySet[Account]:
    """Accounts that left on or after a day, the latest first."""
    rows = accounts.accounts(viewer).filter(stage=Stage.CHURNED, churned_on__gte=since)
    return of_csm(rows, csm_id).order_by("-churned_on", "name_key")


def has_accounts(viewer: Actor) -> bool:
    """Whether there is anything to look at."""
    return accounts.accounts(viewer).exists()


def has_own_accounts(viewer: Actor) -> bool:
    """Whether the viewer is anybody's CSM."""
    return accounts.accounts(viewer).filter(csm_id=viewer.membership_id).exists()


def imports_to_look_at(viewer: Actor) -> list[ImportRun]:
    """Files that stopped or wait for somebody, the newest first; none without the right."""
    return list(imports.runs(viewer).filter(state__in=NEEDS_A_PERSON)[:SHOWN])


def newly_at_risk(viewer: Actor, since: datetime, csm_id: int | None = None) -> QuerySet[Account]:
    """Accounts whose open at-risk flag was set since then, churned ones left out."""
    rows = accounts.accounts(viewer).filter(pk__in=flags_since(since).values("account_id"))
    return of_csm(rows.exclude(stage=Stage.CHURNED), csm_id)


def newly_at_risk_count(viewer: Actor, since: datetime, csm_id: int | None = None) -> int:
    """How many `newly_at_risk` there are; over the whole book from the flags, without a visit
    to each account."""
    if csm_id is not None:
        return newly_at_risk(viewer, since, csm_id).count()
    churned = accounts.accounts(viewer).filter(stage=Stage.CHURNED).values("pk")
    return flags_since(since).exclude(account_id__in=churned).count()


def flags_since(since: datetime | None, until: datetime | None = None) -> QuerySet[AtRiskFlag]:
    """Open at-risk flags by when they were set, half-open."""
    flags = AtRiskFlag.objects.filter(cleared_at__isnull=True)
    if since is not None:
        flags = flags.filter(set_at__gte=since)
    return flags if until is None else flags.filter(set_at__lt=until)


def renewing_in_a_week(viewer: Actor, today: date, csm_id: int | None = None) -> StageSum:
    """What renews today or in the next seven days: count and value, whatever the stage."""
    return renewals.worth(viewer, today, 7, csm_id=csm_id)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """An account at risk: its score and the change since the last one, what costs it most (in
    sentences), and the reasons that people gave."""

    account_id: int
    name: str
    score: float | None
    before: float | None
    costs: Sequence[str]
    reasons: Sequence[str]
    csm: str | None
    arr: Money | None


LOWEST = (
    "id",
    "name",
    "health__score",
    "health__previous_score",
    "health__on",
    "risk_reasons",
    "csm__person__name",
    "csm__person__email",
    "billing__arr",
    "billing__currency",
    "billing__live_subscriptions",
)


def lowest_at_risk(viewer: Actor, csm_id: int | None = None) -> tuple[list[AtRisk], bool]:
    """The accounts at risk with the lowest health, and whether there are more.

    In two steps, those with a score first, so that the first one reads the index of scores.
    """
    rows = of_csm(health.at_risk_rows(viewer), csm_id)
    scored = of_csm(health.lowest_at_risk_rows(viewer), csm_id)
    found = list(scored.values(*LOWEST)[: SHOWN_AT_RISK + 1])
    if len(found) <= SHOWN_AT_RISK:
        others = rows.filter(health__score__isnull=True).order_by("pk")
        found += others.values(*LOWEST)[: SHOWN_AT_RISK + 1 - len(found)]
    shown = found[:SHOWN_AT_RISK]
    snapshots = _snapshots(shown)
    return [_at_risk(row, snapshots.get(row["id"])) for row in shown], len(found) > SHOWN_AT_RISK


def _snapshots(rows: Sequence[Mapping[str, Any]]) -> dict[int, Snapshot]:
    days = {row["id"]: row["health__on"] for row in rows if row["health__on"]}
    found = Snapshot.objects.filter(on__in=set(days.values()), account_id__in=list(days))
    return {each.account_id: each for each in found if each.on == days[each.account_id]}


def _at_risk(row: Mapping[str, Any], snapshot: Snapshot | None) -> AtRisk:
    costs: list[str] = []
    if snapshot is not None:
        card = scoring.SCORECARDS[snapshot.scorecard_version]
        components = scoring.components_of(snapshot.breakdown)
        costs = reasons.costliest(components, card, snapshot.on)
    has_arr = row["billing__live_subscriptions"]
    return AtRisk(
        account_id=row["id"],
        name=row["name"],
        score=row["health__score"],
        before=row["health__previous_score"],
        costs=costs,
        # That the score is low stands beside it already.
        reasons=[label for label in row["risk_reasons"] or () if label != SCORE_LABEL],
        csm=row["csm__person__name"] or row["csm__person__email"],
        arr=Money(row["billing__arr"], row["billing__currency"]) if has_arr else None,
    )
