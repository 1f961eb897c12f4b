"""Reads of billing: viewer in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Sum, Value, When

from afterclose.accounts.hierarchy.tree import group_ids
from afterclose.billing.models import LIVE, AccountBilling, Subscription
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.kit.money import Money

SHOWN_IN_PANEL = 6


def group_contract_value(viewer: Actor, account_id: int) -> list[Money]:
    """The ARR of an account's group, one sum per currency, the largest first.

    docs/numbers/hierarchy.md; [] where nothing in the group has a live subscription.
    """
    require(viewer, Right.ACCOUNTS_VIEW)
    sums = (
        AccountBilling.objects.filter(account_id__in=group_ids(account_id), arr__gt=0)
        .values("currency")
        .annotate(whole=Sum("arr"))
        .order_by("-whole", "currency")
    )
    return [Money(int(row["whole"]), row["currency"]) for row in sums]


def subscriptions(viewer: Actor) -> QuerySet[Subscription]:
    """Every subscription of the business, ended ones included."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Subscription.objects.all()


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """What an account has bought, in figures and rows (live ones first)."""

    arr: Money | None
    live: int
    seats: int
    period_ends_on: Any
    subscriptions: list[Subscription]
    more: int


def account_figures(viewer: Actor, account_id: int) -> AccountFigures:
    """The billing panel of an account page: current figures and the first subscriptions."""
    rows = subscriptions(viewer).filter(account_id=account_id)
    live_first = Case(
        When(status__in=LIVE, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    shown = list(rows.order_by(live_first, "current_period_end", "id")[: SHOWN_IN_PANEL + 1])
    total = rows.count() if len(shown) > SHOWN_IN_PANEL else len(shown)
    kept = AccountBilling.objects.filter(account_id=account_id).first()
    return AccountFigures(
        arr=Money(kept.arr, kept.currency) if kept and kept.live_subscriptions else None,
        live=kept.live_subscriptions if kept else 0,
        seats=kept.seats if kept else 0,
        period_ends_on=kept.period_ends_on if kept else None,
        subscriptions=shown[:SHOWN_IN_PANEL],
        more=max(0, total - SHOWN_IN_PANEL),
    )
