"""On which day a churned account left, by its churn events."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from afterclose.accounts.imports.importers import Context


def date_churn(account_ids: Collection[int], context: Context) -> None:
    """Set `churned_on` of churned accounts to their latest churn event; others stay."""
    if not account_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_account AS account
            SET churned_on = latest.churned_on, updated_at = %(at)s
            FROM (
                SELECT account_id, max(churned_on) AS churned_on FROM accounts_churnevent
                WHERE business_id = %(business)s AND account_id = ANY(%(accounts)s)
                GROUP BY account_id
            ) AS latest
            WHERE account.business_id = %(business)s AND account.id = latest.account_id
              AND account.stage = 'churned'
              AND account.churned_on IS DISTINCT FROM latest.churned_on
            """,
            {
                "business": context.actor.business_id,
                "accounts": list(account_ids),
                "at": context.at,
            },
        )
