"""Reads of usage: viewer in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Max, QuerySet, Sum

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.usage.models import DailyUsage, LastUse

PANEL_DAYS = 90
TOP_FEATURES = 5


def daily_usage(viewer: Actor, account_id: int) -> QuerySet[DailyUsage]:
    """An account's use by day, feature and user."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return DailyUsage.objects.filter(account_id=account_id)


@dataclass(frozen=True, slots=True)
class AccountUsage:
    """An account's use: last day, each of the last days, the features used most."""

    last_used_on: date | None
    days: list[tuple[date, int]]
    features: list[tuple[str, int, date]]

    @property
    def total(self) -> int:
        """Events in the days shown."""
        return sum(count for _, count in self.days)


def account_usage(viewer: Actor, account_id: int, on: date) -> AccountUsage:
    """The usage panel: the ``PANEL_DAYS`` days up to and including ``on``."""
    first = on - timedelta(days=PANEL_DAYS - 1)
    recent = daily_usage(viewer, account_id).filter(used_on__gte=first, used_on__lte=on)
    by_day = dict(recent.values_list("used_on").annotate(Sum("count")).order_by())
    features = (
        recent.values("feature")
        .annotate(total=Sum("count"), last=Max("used_on"))
        .order_by("-total", "feature")[:TOP_FEATURES]
    )
    days = [first + timedelta(days=offset) for offset in range(PANEL_DAYS)]
    return AccountUsage(
        last_used_on=LastUse.objects.filter(account_id=account_id)
        .values_list("last_used_on", flat=True)
        .first(),
        days=[(day, by_day.get(day, 0)) for day in days],
        features=[(row["feature"], row["total"], row["last"]) for row in features],
    )
