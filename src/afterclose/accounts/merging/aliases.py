"""Accounts and contacts by what they took over from others that were merged into them: external
ids, and the places of contacts (an account, and the e-mail address there)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from afterclose.accounts.imports import bulk
from afterclose.accounts.merging.models import AccountAlias, ContactAlias

if TYPE_CHECKING:
    from afterclose.accounts.merging.engine import Engine

Place = tuple[int, str]
"""(id of an account, e-mail address)"""


def accounts_by_alias(external_ids: Collection[str]) -> dict[str, int]:
    """External ids to account ids, of those that are aliases; one query."""
    if not external_ids:
        return {}
    rows = AccountAlias.objects.filter(external_id__in=bulk.among(external_ids))
    return {
        str(key): account_id for key, account_id in rows.values_list("external_id", "account_id")
    }


def contacts_by_alias(external_ids: Collection[str]) -> dict[str, int]:
    """External ids to contact ids, of those that are aliases; one query."""
    if not external_ids:
        return {}
    rows = ContactAlias.objects.filter(external_id__in=bulk.among(external_ids))
    return {
        str(key): contact_id for key, contact_id in rows.values_list("external_id", "contact_id")
    }


def contacts_by_place(places: Collection[Place]) -> dict[Place, int]:
    """Places to contact ids, of those that were a contact's which was merged into another one,
    wherever that one is now; one query."""
    if not places:
        return {}
    rows = ContactAlias.objects.filter(
        account_id__in=bulk.among_ids({account_id for account_id, _ in places}),
        email__in=bulk.among({email for _, email in places}),
    )
    found = {
        (account_id, email): contact_id
        for account_id, email, contact_id in rows.values_list("account_id", "email", "contact_id")
    }
    return {place: found[place] for place in places if place in found}


def give(engine: Engine, aliases: Any, owner: Mapping[str, Any], known_by: dict[str, Any]) -> None:
    """Have something that identified an account or contact find the one that stays; also where it
    found another one until somebody gave it away anew."""
    known = aliases.objects.filter(**known_by).first()
    if known is None:
        aliases.objects.create(**owner, **known_by, merge=engine.merge)
    elif any(getattr(known, name) != value for name, value in owner.items()):
        engine.change(aliases, [known.id], dict(owner))
