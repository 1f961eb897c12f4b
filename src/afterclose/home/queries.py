"""Reads of the dashboard: only the span that it speaks of and rows of other apps put together."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from afterclose.accounts import queries as accounts
from afterclose.accounts.imports import queries as imports
from afterclose.accounts.imports.models import ImportRun, RunState
from afterclose.accounts.models import Account, AtRiskFlag, Stage
from afterclose.businesses.actors import Actor
from afterclose.health import queries as health
from afterclose.renewals import queries as renewals
from afterclose.renewals.models import Renewal

SHOWN = 6
SHOWN_AT_RISK = 8
#: A file that stopped or waits for a person: what the dashboard asks to look at.
NEEDS_A_PERSON = (RunState.MAPPING, RunState.PREVIEWED, RunState.FAILED)


def last_monday(today: date) -> date:
    """The Monday before today; on a Monday the one a week ago."""
    return today - timedelta(days=today.weekday() or 7)


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


def flags_since(since: datetime | None, until: datetime | None = None) -> QuerySet[AtRiskFlag]:
    """Open at-risk flags by when they were set, half-open."""
    flags = AtRiskFlag.objects.filter(cleared_at__isnull=True)
    if since is not None:
        flags = flags.filter(set_at__gte=since)
    return flags if until is None else flags.filter(set_at__lt=until)


def renewing_in_a_week(viewer: Actor, today: date, csm_id: int | None = None) -> QuerySet[Renewal]:
    """What renews today or in the next seven days."""
    rows = renewals.in_window(renewals.renewals(viewer), today, 7)
    return rows if csm_id is None else rows.filter(account__csm_id=csm_id)


LOWEST = (
    "id",
    "name",
    "health__score",
    "health__previous_score",
    "risk_reasons",
    "flagged_at",
    "csm__person__name",
    "billing__arr",
    "billing__currency",
    "billing__live_subscriptions",
)


def lowest_at_risk(viewer: Actor, csm_id: int | None = None) -> tuple[list[dict[str, Any]], bool]:
    """The accounts at risk with the lowest health, and whether there are more.

    In two steps, those with a score first, so that the first one reads the index of scores.
    """
    rows = of_csm(health.at_risk_rows(viewer), csm_id)
    scored = rows.filter(health__score__isnull=False).order_by("health__score", "pk")
    found = list(scored.values(*LOWEST)[: SHOWN_AT_RISK + 1])
    if len(found) <= SHOWN_AT_RISK:
        others = rows.filter(health__score__isnull=True).order_by("pk")
        found += others.values(*LOWEST)[: SHOWN_AT_RISK + 1 - len(found)]
    return found[:SHOWN_AT_RISK], len(found) > SHOWN_AT_RISK
