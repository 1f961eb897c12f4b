"""Writes of usage: the daily roll-up and each account's last use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction

from afterclose.businesses.actors import Actor


@transaction.atomic
def roll_up(*, actor: Actor, account_ids: Collection[int]) -> None:
    """Bring DailyUsage and LastUse of these accounts in line with their usage records.

    Idempotent: each day, feature and user that has records gets their sum, however often it
    runs. Call it after records were written, once per batch of accounts.
    """
    parameters: dict[str, Any] = {"business": actor.business_id, "accounts": list(account_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_DAILY, parameters)
    refresh_last_use(actor=actor, account_ids=account_ids)


@transaction.atomic
def refresh_last_use(*, actor: Actor, account_ids: Collection[int] | None = None) -> None:
    """Take each account's first and last day of use from its daily roll-up."""
    only = "AND account_id = ANY(%(accounts)s)" if account_ids is not None else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _LAST_USE.format(only=only),
            {"business": actor.business_id, "accounts": list(account_ids or ())},
        )


_DAILY = """
INSERT INTO usage_dailyusage AS kept
    (business_id, account_id, used_on, feature, user_key, count, seconds, is_sample)
SELECT business_id, account_id, used_on, feature, user_key, sum(count), sum(seconds),
       bool_and(is_sample)
FROM usage_usagerecord
WHERE business_id = %(business)s AND account_id = ANY(%(accounts)s)
GROUP BY business_id, account_id, used_on, feature, user_key
ON CONFLICT (business_id, account_id, used_on, feature, user_key) DO UPDATE
SET count = excluded.count, seconds = excluded.seconds
WHERE (kept.count, kept.seconds) IS DISTINCT FROM (excluded.count, excluded.seconds)
"""

_LAST_USE = """
INSERT INTO usage_lastuse AS kept (business_id, account_id, first_used_on, last_used_on)
SELECT business_id, account_id, min(used_on), max(used_on)
FROM usage_dailyusage
WHERE business_id = %(business)s AND count > 0 {only}
GROUP BY business_id, account_id
ON CONFLICT (business_id, account_id) DO UPDATE
SET first_used_on = excluded.first_used_on, last_used_on = excluded.last_used_on
WHERE (kept.first_used_on, kept.last_used_on)
   IS DISTINCT FROM (excluded.first_used_on, excluded.last_used_on)
"""
