"""Accounts and contacts that may be the same, each group told from an index alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from afterclose.accounts.models import Account, Contact
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.kit.digits import whole_number

#: Groups of possible duplicates on a page, and rows shown of each.
GROUPS, SHOWN = 50, 5


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows that may be the same, and what they have in common; the first is the oldest."""

    value: str
    rows: Sequence[Any]
    count: int


def possible_duplicates(viewer: Actor, by: str, after: str = "") -> tuple[list[Alike], str]:
    """Groups of accounts with the same domain or (``by`` is ``name``) name, in order of it, and
    what the next page begins after."""
    require(viewer, Right.ACCOUNTS_VIEW)
    rows = Account.objects.select_related("csm__person")
    return _same(rows, "name_key" if by == "name" else "domain", after)


def possible_duplicate_contacts(viewer: Actor, by: str, after: str = "") -> tuple[list[Alike], str]:
    """The same for contacts: with the same e-mail address at any account, or (``by`` is
    ``name``) the same name at one account."""
    require(viewer, Right.ACCOUNTS_VIEW)
    rows = Contact.objects.select_related("account")
    return _same_at_account(rows, after) if by == "name" else _same(rows, "email", after)


def contacts_like(viewer: Actor, contact: Contact) -> list[Contact]:
    """Who may be the same person as a contact, the oldest first."""
    require(viewer, Right.ACCOUNTS_VIEW)
    same = Q(account_id=contact.account_id, name_key=contact.name_key)
    if contact.email:
        same |= Q(email=contact.email)
    rows = Contact.objects.filter(same).exclude(id=contact.id).select_related("account")
    return list(rows.order_by("id")[:SHOWN])


def _same(rows: QuerySet[Any], column: str, after: str) -> tuple[list[Alike], str]:
    groups = list(
        rows.model._default_manager.filter(**{f"{column}__gt": after})
        .values_list(column)
        .annotate(many=Count("*"))
        .filter(many__gt=1)
        .order_by(column)[: GROUPS + 1]
    )
    shown = groups[:GROUPS]
    members: dict[str, list[Any]] = {}
    # Numbered in the database: one group may be half of all accounts (a provider of mailboxes).
    place = Window(RowNumber(), partition_by=F(column), order_by="id")
    first = rows.filter(**{f"{column}__in": [value for value, _ in shown]}).annotate(place=place)
    for row in first.filter(place__lte=SHOWN).order_by(column, "id"):
        members.setdefault(getattr(row, column), []).append(row)
    found = [Alike(value, members.get(value, []), many) for value, many in shown]
    return found, shown[-1][0] if len(groups) > GROUPS else ""


def _same_at_account(rows: QuerySet[Contact], after: str) -> tuple[list[Alike], str]:
    number, _, name = after.partition(":")
    account_id = whole_number(number) or 0
    groups = list(
        Contact.objects.filter(account_id__gte=account_id)
        .exclude(account_id=account_id, name_key__lte=name)
        .values_list("account_id", "name_key")
        .annotate(many=Count("*"))
        .filter(many__gt=1)
        .order_by("account_id", "name_key")[: GROUPS + 1]
    )
    shown = groups[:GROUPS]
    members: dict[tuple[int, str], list[Contact]] = {}
    mine = rows.filter(
        account_id__in={account for account, _, _ in shown}, name_key__in={n for _, n, _ in shown}
    )
    place = Window(RowNumber(), partition_by=[F("account_id"), F("name_key")], order_by="id")
    for row in mine.annotate(place=place).filter(place__lte=SHOWN).order_by("id"):
        members.setdefault((row.account_id, row.name_key), []).append(row)
    found = [
        Alike(_name_of(members.get((account, name), [])), members.get((account, name), []), many)
        for account, name, many in shown
    ]
    return found, f"{shown[-1][0]}:{shown[-1][1]}" if len(groups) > GROUPS else ""


def _name_of(rows: Sequence[Contact]) -> str:
    """Whose name a group has, and where."""
    return f"{rows[0].name} at {rows[0].account}" if rows else ""
