"""Reads of merging: the preview, merges made, possible duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import Http404

from afterclose.accounts.merging.actions import UNDOABLE_FOR, why_not_merge
from afterclose.accounts.merging.engine import conflicts
from afterclose.accounts.merging.fields import Compared, compare
from afterclose.accounts.merging.models import Merge
from afterclose.accounts.merging.references import references_to
from afterclose.accounts.merging.rules import Derived, rule_of
from afterclose.accounts.models import Account, Contact
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

#: Groups of possible duplicates on a page, and accounts shown of each.
GROUPS, SHOWN = 50, 5


@dataclass(frozen=True, slots=True)
class Follows:
    """How many rows of a table follow the winner, and how many meet one there already."""

    label: str
    rows: int
    meeting: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do."""

    winner: Account
    loser: Account
    facts: list[Compared]
    follows: list[Follows]
    same_contacts: int
    problem: str

    @property
    def rows(self) -> int:
        """How many rows follow in all."""
        return sum(each.rows for each in self.follows)


def preview(viewer: Actor, winner_id: int, loser_id: int) -> Preview:
    """What merging would do, table by table; raises Http404 for an account that is not there."""
    require(viewer, Right.ACCOUNTS_EDIT)
    rows = Account.objects.select_related("csm__person", "ae__person")
    found = {account.id: account for account in rows.filter(id__in={winner_id, loser_id})}
    if winner_id not in found or loser_id not in found:
        raise Http404("There is no such account.")
    winner, loser = found[winner_id], found[loser_id]
    follows: list[Follows] = []
    same_contacts = 0
    for reference in references_to(Account):
        if isinstance(rule_of(reference.model), Derived):
            continue
        manager: Any = reference.model._default_manager
        count = manager.filter(**{reference.field.attname: loser.id}).count()
        if not count:
            continue
        meeting = len(conflicts(reference, [(loser.id, winner.id)]))
        if reference.model is Contact:
            same_contacts = meeting
        follows.append(Follows(_label(reference.model, reference.field.name), count, meeting))
    follows.sort(key=lambda each: (-each.rows, each.label))
    problem = why_not_merge(winner, loser)
    return Preview(winner, loser, compare(winner, loser), follows, same_contacts, problem)


# Where a model's own name is not what a person would say.
_WORDS = {
    ("accounts.Event", "account"): "Timeline entries",
    ("accounts.Account", "parent"): "Accounts that are part of it",
    ("accounts.AtRiskFlag", "account"): "At-risk flags",
    ("accounts.AccountTag", "account"): "Tags",
    ("accounts.AccountValue", "subject"): "Custom fields",
    ("accounts.Merge", "winner"): "Earlier merges",
    ("accounts.AccountAlias", "account"): "Ids taken over before",
    ("usage.DailyUsage", "account"): "Days of use, by user and feature",
    ("usage.LastUse", "account"): "Dates of first and last use",
    ("health.Snapshot", "account"): "Health scores of past days",
}


def _label(model: Any, field: str) -> str:
    return (
        _WORDS.get((model._meta.label, field)) or str(model._meta.verbose_name_plural).capitalize()
    )


def merges(viewer: Actor) -> QuerySet[Merge]:
    """Every merge of the business."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Merge.objects.select_related("winner", "by__person")


def undoable(viewer: Actor, account_id: int, at: datetime) -> list[Merge]:
    """The merges into an account that can still be undone, the newest first."""
    return list(
        merges(viewer)
        .filter(winner_id=account_id, undone_at=None, purged_at=None, at__gt=at - UNDOABLE_FOR)
        .order_by("-id")[:5]
    )


def merge(viewer: Actor, merge_id: int) -> Merge:
    """One merge; raises Http404."""
    found = merges(viewer).filter(id=merge_id).first()
    if found is None:
        raise Http404("There is no such merge.")
    return found


def merged_into(viewer: Actor, account_id: int) -> int | None:
    """Where an account that is not there any more went, or None."""
    require(viewer, Right.ACCOUNTS_VIEW)
    found = Merge.objects.filter(loser_id=account_id, undone_at=None).order_by("-id").first()
    return found.winner_id if found else None


@dataclass(frozen=True, slots=True)
class Alike:
    """Accounts that may be the same customer, and what they have in common."""

    why: str
    value: str
    accounts: Sequence[Account]
    count: int

    @property
    def others(self) -> Sequence[Account]:
        """All shown but the first, which would stay: the oldest."""
        return self.accounts[1:]


def possible_duplicates(viewer: Actor, by: str, after: str = "") -> tuple[list[Alike], str]:
    """Groups of accounts with the same domain or (``by`` is ``name``) name, in order of it, and
    what the next page begins after. Each group is told from the index alone."""
    require(viewer, Right.ACCOUNTS_VIEW)
    column, why = ("name_key", "Same name") if by == "name" else ("domain", "Same e-mail domain")
    groups = list(
        Account.objects.filter(**{f"{column}__gt": after})
        .values_list(column)
        .annotate(many=Count("id"))
        .filter(many__gt=1)
        .order_by(column)[: GROUPS + 1]
    )
    shown = groups[:GROUPS]
    members: dict[str, list[Account]] = {}
    # Numbered in the database: one group may be half of all accounts (a provider of mailboxes).
    place = Window(RowNumber(), partition_by=F(column), order_by="id")
    rows = Account.objects.filter(**{f"{column}__in": [value for value, _ in shown]})
    first = rows.annotate(place=place).filter(place__lte=SHOWN)
    for account in first.select_related("csm__person").order_by(column, "id"):
        members.setdefault(getattr(account, column), []).append(account)
    found = [Alike(why, value, members.get(value, []), many) for value, many in shown]
    return found, shown[-1][0] if len(groups) > GROUPS else ""
