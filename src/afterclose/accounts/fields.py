"""List columns and filters about accounts that the lists of other apps share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from afterclose.accounts.models import Account
from afterclose.accounts.queries import prefix
from afterclose.ui.lists import Column, Option, RelationFilter


def account_column() -> Column:
    """The account that a row belongs to, leading to its page."""
    return Column(
        "account",
        "Account",
        path="account__name",
        needs=("account_id",),
        link=lambda row: (
            reverse("accounts:detail", args=[row["account_id"]]) if row["account_id"] else None
        ),
    )


def account_filter(empty: str = "") -> RelationFilter:
    """Rows of chosen accounts; ``empty`` names the choice of rows without one."""
    return RelationFilter(
        "account", "Account", path="account_id", options=_options, labels=_labels, empty=empty
    )


def _options(viewer: Any, text: str, limit: int) -> Sequence[Option]:
    rows = Account.objects.order_by("name_key", "id")
    if text:
        rows = rows.filter(prefix("name_key", text.casefold()))
    return [Option(str(key), name) for key, name in rows.values_list("id", "name")[:limit]]


def _labels(viewer: Any, values: Sequence[str]) -> Mapping[str, str]:
    rows = Account.objects.filter(id__in=[int(v) for v in values if v.isdigit()])
    return {str(key): name for key, name in rows.values_list("id", "name")}
