"""Accounts by external ids that they took over from accounts merged into them."""

from __future__ import annotations

from collections.abc import Collection

from afterclose.accounts.imports import bulk
from afterclose.accounts.merging.models import AccountAlias


def accounts_by_alias(external_ids: Collection[str]) -> dict[str, int]:
    """External ids to account ids, of those that are aliases; one query."""
    if not external_ids:
        return {}
    rows = AccountAlias.objects.filter(external_id__in=bulk.among(external_ids))
    return {
        str(key): account_id for key, account_id in rows.values_list("external_id", "account_id")
    }
