"""Who moved most since a day: read from what the night kept, else by comparing the whole book."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet

from afterclose.accounts.models import Account, Stage
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.health.models import Comparison, Snapshot


@dataclass(frozen=True, slots=True)
class Mover:
    """An account whose score has changed."""

    account_id: int
    name: str
    score: float
    before: float

    @property
    def change(self) -> float:
        """Points, negative for a fall."""
        return self.score - self.before


def movers(
    viewer: Actor, on: date, days: int, most: int = 8, *, csm_id: int | None = None
) -> tuple[list[Mover], list[Mover]]:
    """The largest falls and rises of current scores against `days` before `on`; with `csm_id`
    only of that member's accounts."""
    since = on - timedelta(days=days)
    kept = _kept(viewer, since, csm_id)
    falls = _falls(kept, most) if kept else None
    rises = _rises(kept, most) if kept else None
    return (
        _compared_falls(viewer, since, most, csm_id) if falls is None else falls,
        _compared_rises(viewer, since, most, csm_id) if rises is None else rises,
    )


def largest_falls(
    viewer: Actor, on: date, days: int, most: int = 8, *, csm_id: int | None = None
) -> list[Mover]:
    """The falls alone, the largest first."""
    since = on - timedelta(days=days)
    kept = _kept(viewer, since, csm_id)
    falls = _falls(kept, most) if kept else None
    return _compared_falls(viewer, since, most, csm_id) if falls is None else falls


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a day, with the scores as they are now."""

    comparison: Comparison
    moved: list[Mover]


def _kept(viewer: Actor, since: date, csm_id: int | None) -> _Kept | None:
    require(viewer, Right.HEALTH_VIEW)
    comparison = Comparison.objects.filter(since=since).first()
    if comparison is None:
        return None
    before = dict(zip(comparison.account_ids, comparison.before, strict=True))
    rows = Account.objects.filter(pk__in=list(before), health__score__isnull=False)
    rows = _of(rows.exclude(stage=Stage.CHURNED), "csm_id", csm_id)
    found: Iterable[Any] = rows.values_list("pk", "name", "health__score")
    return _Kept(comparison, [Mover(pk, name, score, before[pk]) for pk, name, score in found])


def _falls(kept: _Kept, most: int) -> list[Mover] | None:
    """The largest falls, or None where one that is not kept may be among them."""
    fell = [each for each in kept.moved if each.change < 0]
    found = sorted(fell, key=lambda each: (each.change, each.account_id))[:most]
    last, last_id = kept.comparison.last_fall, kept.comparison.last_fall_id
    if last is None or last_id is None:
        return found
    sure = len(found) == most and (found[-1].change, found[-1].account_id) <= (last, last_id)
    return found if sure else None


def _rises(kept: _Kept, most: int) -> list[Mover] | None:
    rose = [each for each in kept.moved if each.change > 0]
    found = sorted(rose, key=lambda each: (-each.change, each.account_id))[:most]
    last, last_id = kept.comparison.last_rise, kept.comparison.last_rise_id
    if last is None or last_id is None:
        return found
    sure = len(found) == most and (-found[-1].change, found[-1].account_id) <= (-last, last_id)
    return found if sure else None


def _compared_falls(viewer: Actor, since: date, most: int, csm_id: int | None) -> list[Mover]:
    rows = _changes(viewer, since, csm_id).filter(change__lt=0)
    return _movers(rows.order_by("change", "account_id")[:most])


def _compared_rises(viewer: Actor, since: date, most: int, csm_id: int | None) -> list[Mover]:
    rows = _changes(viewer, since, csm_id).filter(change__gt=0)
    return _movers(rows.order_by("-change", "account_id")[:most])


def _changes(viewer: Actor, since: date, csm_id: int | None) -> QuerySet[Any]:
    require(viewer, Right.HEALTH_VIEW)
    rows = (
        Snapshot.objects.filter(on=since, coverage__gt=0, account__health__score__isnull=False)
        .exclude(account__stage=Stage.CHURNED)
        .annotate(change=F("account__health__score") - F("score"))
    )
    return _of(rows, "account__csm_id", csm_id)


def _of(rows: QuerySet[Any], path: str, csm_id: int | None) -> QuerySet[Any]:
    return rows if csm_id is None else rows.filter(**{path: csm_id})


def _movers(rows: QuerySet[Any]) -> list[Mover]:
    fields = ("account_id", "account__name", "account__health__score", "score")
    found: Iterable[Any] = rows.values_list(*fields)
    return [Mover(*row) for row in found]
