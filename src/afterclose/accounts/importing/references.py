"""How a row of any file names its account."""

from __future__ import annotations

from collections.abc import Collection

from afterclose.accounts.imports import bulk
from afterclose.accounts.imports.fields import Field, FieldType
from afterclose.accounts.merging.aliases import accounts_by_alias
from afterclose.accounts.models import Account

ACCOUNT_ID = Field(
    "account",
    "Account id",
    FieldType.REFERENCE,
    required=True,
    aliases=(
        "account_id",
        "account_external_id",
        "customer_id",
        "customer",
        "company_id",
        "client_id",
        "organization_id",
        "organisation_id",
        "org_id",
    ),
    help="The account's id in the system that the file comes from, or its name.",
)


def accounts_by_external_id(external_ids: Collection[str]) -> dict[str, int]:
    """External ids to account ids, one query; unknown ones are left out."""
    rows = Account.objects.filter(external_id__in=bulk.among(external_ids))
    found = {str(key): account_id for key, account_id in rows.values_list("external_id", "id")}
    # Ids that went to another account by a merge find that one.
    return found | accounts_by_alias([key for key in external_ids if key not in found])


def accounts_by_word(words: Collection[str]) -> dict[str, int]:
    """What a file calls accounts, to account ids: the external id, else the name where exactly one
    account has it, whatever the case. Unknown ones are left out."""
    found = accounts_by_external_id(words)
    rest = {word.lower(): [] for word in words if word not in found}  # type: dict[str, list[int]]
    if rest:
        rows = Account.objects.filter(name_key__in=bulk.among(rest))
        for key, account_id in rows.values_list("name_key", "id"):
            rest.setdefault(key, []).append(account_id)
    named = {word: rest.get(word.lower(), []) for word in words if word not in found}
    return found | {word: ids[0] for word, ids in named.items() if len(ids) == 1}
