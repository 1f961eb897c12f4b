"""Reads of merging: the preview, merges made, possible duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from afterclose.accounts.custom_fields.models import CustomValue
from afterclose.accounts.merging.actions import UNDOABLE_FOR
from afterclose.accounts.merging.custom import compare_custom
from afterclose.accounts.merging.engine import conflicts
from afterclose.accounts.merging.fields import Compared, compare
from afterclose.accounts.merging.kinds import Kind
from afterclose.accounts.merging.models import Merge
from afterclose.accounts.merging.pairs import why_not_merge
from afterclose.accounts.merging.references import Model, references_to
from afterclose.accounts.merging.rules import Derived, namings_of, rule_of
from afterclose.accounts.models import Account, Contact
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require


@dataclass(frozen=True, slots=True)
class Follows:
    """How many rows of a table point at the one that goes; those of them that meet a row of the
    winner's (``meeting``) become one with it, the others move."""

    label: str
    rows: int
    meeting: int

    @property
    def moving(self) -> int:
        """How many come to the winner as rows of their own."""
        return self.rows - self.meeting


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do."""

    winner: Account | Contact
    loser: Account | Contact
    facts: list[Compared]
    follows: list[Follows]
    problem: str

    @property
    def across(self) -> bool:
        """Whether these are contacts of two accounts."""
        return getattr(self.winner, "account_id", 0) != getattr(self.loser, "account_id", 0)

    @property
    def same_contacts(self) -> int:
        """How many contacts of two accounts become one with another."""
        return sum(each.meeting for each in self.follows if each.label == "Contacts")

    @property
    def moving(self) -> int:
        """How many rows move in all."""
        return sum(each.moving for each in self.follows)

    @property
    def meeting(self) -> int:
        """How many rows become one with a row of the winner's."""
        return sum(each.meeting for each in self.follows)


def preview(viewer: Actor, kind: Kind, winner_id: int, loser_id: int) -> Preview:
    """What merging would do, table by table; raises Http404 for a row that is not there."""
    require(viewer, Right.ACCOUNTS_EDIT)
    rows = kind.model._default_manager.select_related(*kind.related)
    found: dict[int, Any] = {row.pk: row for row in rows.filter(pk__in={winner_id, loser_id})}
    if winner_id not in found or loser_id not in found:
        raise Http404(f"There is no such {kind.noun}.")
    winner, loser = found[winner_id], found[loser_id]
    facts = [*compare(winner, loser), *compare_custom(winner, loser)]
    follows = _follows(kind.model, winner_id, loser_id)
    return Preview(winner, loser, facts, follows, why_not_merge(winner, loser))


def _follows(target: Model, winner_id: int, loser_id: int) -> list[Follows]:
    """How many rows of which tables point at the one that would go, the most first; custom fields
    are facts to choose."""
    follows: list[Follows] = []
    for reference in references_to(target):
        if isinstance(rule_of(reference.model), Derived) or issubclass(
            reference.model, CustomValue
        ):
            continue
        manager: Any = reference.model._default_manager
        count = manager.filter(**{reference.field.attname: loser_id}).count()
        if not count:
            continue
        meeting = len(conflicts(reference, [(loser_id, winner_id)]))
        follows.append(Follows(_label(reference.model, reference.field.name), count, meeting))
    named = ((naming.label, naming.count([loser_id])) for naming in namings_of(target))
    follows += [Follows(label, count, 0) for label, count in named if count]
    return sorted(follows, key=lambda each: (-each.rows, each.label))


# Where a model's own name is not what a person would say.
_WORDS = {
    ("accounts.Event", "account"): "Timeline entries",
    ("accounts.Account", "parent"): "Accounts that are part of it",
    ("accounts.AtRiskFlag", "account"): "At-risk flags",
    ("accounts.AccountTag", "account"): "Tags",
    ("accounts.Merge", "winner"): "Earlier merges",
    ("accounts.AccountAlias", "account"): "Ids taken over before",
    ("accounts.ContactAlias", "account"): "Addresses that contacts took over before",
    ("accounts.ContactAlias", "contact"): "Ids and addresses taken over before",
    ("accounts.ContactTag", "contact"): "Tags",
    ("accounts.Merge", "contact"): "Earlier merges",
    ("accounts.RemovedLink", "account"): "Tags deleted lately",
    ("accounts.RemovedLink", "contact"): "Tags deleted lately",
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
    return Merge.objects.select_related("winner", "contact", "by__person", "undone_by__person")


def latest(
    viewer: Actor,
    at: datetime,
    *,
    kind: str = "",
    state: str = "",
    before: int | None = None,
    limit: int,
) -> tuple[list[Merge], bool]:
    """The newest merges, of ids below `before`, and whether there are more. `kind` is account or
    contact, `state` undoable at `at` or undone; empty: any."""
    rows = merges(viewer).order_by("-id")
    if kind:
        rows = rows.filter(contact__isnull=kind == "account")
    if state == "undone":
        rows = rows.filter(undone_at__isnull=False)
    elif state:
        rows = rows.filter(_still_undoable(at))
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: limit + 1])
    return found[:limit], len(found) > limit


def _still_undoable(at: datetime) -> Q:
    return Q(undone_at=None, purged_at=None, at__gt=at - UNDOABLE_FOR)


def undoable(viewer: Actor, of: Account | Contact, at: datetime) -> list[Merge]:
    """The merges into an account or a contact that can still be undone, the newest first."""
    into = {"contact": of} if isinstance(of, Contact) else {"winner": of, "contact": None}
    return list(merges(viewer).filter(_still_undoable(at), **into).order_by("-id")[:5])


def merge(viewer: Actor, merge_id: int) -> Merge:
    """One merge; raises Http404."""
    found = merges(viewer).filter(id=merge_id).first()
    if found is None:
        raise Http404("There is no such merge.")
    return found


def merged_into(viewer: Actor, kind: Kind, row_id: int) -> int | None:
    """Where an account or contact that is not there any more went, or None."""
    require(viewer, Right.ACCOUNTS_VIEW)
    merges = Merge.objects.filter(contact__isnull=kind.model is Account, undone_at=None)
    last = merges.filter(loser_id=row_id).order_by("-id").first()
    return last.stays.pk if last else None
