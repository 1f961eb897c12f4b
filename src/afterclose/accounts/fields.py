"""List columns and filters about accounts that the lists of other apps share."""

from __future__ import annotations

from afterclose.accounts.lists import account_labels, account_options
from afterclose.ui.lists import Column, RelationFilter, url_of


def account_column() -> Column:
    """The account that a row belongs to, leading to its page."""
    return Column(
        "account",
        "Account",
        path="account__name",
        needs=("account_id",),
        link=lambda row: (
            url_of("accounts:detail", row["account_id"]) if row["account_id"] else None
        ),
    )


def contact_column(*, optional: bool = False) -> Column:
    """The contact that a row is about, leading to their page."""
    return Column(
        "contact",
        "Contact",
        path="contact__name",
        needs=("contact_id",),
        link=lambda row: (
            url_of("accounts:contact", row["contact_id"]) if row["contact_id"] else None
        ),
        optional=optional,
    )


def account_filter(empty: str = "") -> RelationFilter:
    """Rows of chosen accounts; ``empty`` names the choice of rows without one."""
    return RelationFilter(
        "account",
        "Account",
        path="account_id",
        options=account_options,
        labels=account_labels,
        empty=empty,
        limit=20,
    )
