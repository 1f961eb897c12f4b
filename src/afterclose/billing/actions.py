"""Writes of billing: moving derived periods on, and each account's current figures."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from afterclose.billing.models import LIVE, Status, Subscription
from afterclose.billing.periods import derived_period
from afterclose.businesses.actors import Actor

# Rows per statement while periods move on; bounds memory, not correctness.
BATCH = 5000


@transaction.atomic
def advance_periods(*, actor: Actor, on: date) -> int:
    """Move every derived period that is over to the one that contains ``on``.

    Subscriptions whose period a system told us are left to that system. One that was to be
    cancelled at the end of its period is cancelled. Returns how many rows changed; a second
    run on the same day changes none.
    """
    over = Subscription.objects.filter(
        status__in=LIVE, period_is_derived=True, current_period_end__lte=on
    )
    changed = over.filter(cancel_at_period_end=True).update(
        status=Status.CANCELLED, ended_on=F("current_period_end")
    )
    due = over.filter(cancel_at_period_end=False).values_list("id", "started_on", "interval")
    while batch := list(due.order_by("id")[:BATCH]):
        moved = [(key, *derived_period(start, interval, on)) for key, start, interval in batch]
        _store_periods(moved)
        changed += len(moved)
    if changed:
        refresh_account_billing(actor=actor)
    return changed


def _store_periods(moved: list[tuple[int, date, date]]) -> None:
    """Write (id, start, end) in one statement."""
    keys, starts, ends = zip(*moved, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_subscription AS subscription
            SET current_period_start = moved.start, current_period_end = moved.end
            FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS moved (id, start, "end")
            WHERE subscription.id = moved.id
            """,
            [list(keys), list(starts), list(ends)],
        )


@transaction.atomic
def refresh_account_billing(*, actor: Actor, account_ids: Collection[int] | None = None) -> None:
    """Compute AccountBilling anew from the subscriptions: of some accounts, or of all.

    The currency is the one of the live subscriptions; where they have several, the account's
    own, then the one with the most ARR. ARR counts subscriptions in that currency alone;
    amounts of different currencies are never added.
    """
    only = "AND subscription.account_id = ANY(%(accounts)s)" if account_ids is not None else ""
    parameters: dict[str, Any] = {
        "business": actor.business_id,
        "live": [status.value for status in LIVE],
        "accounts": list(account_ids or ()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH.format(only=only), parameters)


_REFRESH = """
WITH by_currency AS (
    SELECT subscription.account_id,
           subscription.currency,
           coalesce(sum(arr) FILTER (WHERE status = ANY(%(live)s)), 0) AS arr,
           count(*) FILTER (WHERE status = ANY(%(live)s)) AS live,
           coalesce(sum(quantity) FILTER (WHERE status = ANY(%(live)s)), 0) AS seats,
           min(current_period_end) FILTER (WHERE status = ANY(%(live)s)) AS next_end,
           max(current_period_end) FILTER (WHERE status <> ALL(%(live)s)) AS last_end
    FROM billing_subscription AS subscription
    WHERE subscription.business_id = %(business)s {only}
    GROUP BY subscription.account_id, subscription.currency
)
INSERT INTO billing_accountbilling AS kept
    (business_id, account_id, arr, currency, live_subscriptions, seats, period_ends_on)
SELECT %(business)s,
       figures.account_id,
       (array_agg(arr ORDER BY live > 0 DESC, figures.currency = account.currency DESC,
                  arr DESC, figures.currency))[1],
       (array_agg(figures.currency ORDER BY live > 0 DESC,
                  figures.currency = account.currency DESC, arr DESC, figures.currency))[1],
       sum(live),
       sum(figures.seats),
       coalesce(min(next_end), max(last_end))
FROM by_currency AS figures
JOIN accounts_account AS account
  ON account.business_id = %(business)s AND account.id = figures.account_id
GROUP BY figures.account_id
ON CONFLICT (business_id, account_id) DO UPDATE
SET arr = excluded.arr, currency = excluded.currency,
    live_subscriptions = excluded.live_subscriptions, seats = excluded.seats,
    period_ends_on = excluded.period_ends_on
WHERE (kept.arr, kept.currency, kept.live_subscriptions, kept.seats, kept.period_ends_on)
   IS DISTINCT FROM (excluded.arr, excluded.currency, excluded.live_subscriptions,
                     excluded.seats, excluded.period_ends_on)
"""
