"""Merging two accounts, undoing it for 30 days, and forgetting the journal after that (CS-11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from afterclose.accounts import timeline
from afterclose.accounts.hierarchy import tree
from afterclose.accounts.merging import contacts, rules
from afterclose.accounts.merging.aliases import give
from afterclose.accounts.merging.custom import settle_custom
from afterclose.accounts.merging.engine import Engine, reverse
from afterclose.accounts.merging.fields import Side, chosen
from afterclose.accounts.merging.models import AccountAlias, Merge, MergeStep
from afterclose.accounts.merging.pairs import locked_pair
from afterclose.accounts.models import Account, Contact
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

UNDOABLE_FOR = timedelta(days=30)


@transaction.atomic
def merge_accounts(
    *,
    actor: Actor,
    at: datetime,
    winner_id: int,
    loser_id: int,
    sides: Mapping[str, Side] | None = None,
) -> Merge:
    """Make two accounts one: whatever points at the loser points at the winner, the loser goes.

    ``sides`` says for a fact (``fields.FIELDS``, ``cf_…``) whose value stays; without it the
    winner's, or the loser's where the winner has none. The loser's external id goes on finding the
    winner. Raises ValidationError for accounts that cannot be merged.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    rules.lock(actor, [winner_id, loser_id])
    winner, loser = locked_pair(Account, winner_id, loser_id)
    merge = Merge.objects.create(
        winner=winner,
        into_id=winner.id,
        loser_id=loser.id,
        loser_name=loser.name,
        at=at,
        by_id=actor.membership_id,
    )
    engine = Engine(merge)
    values = chosen(winner, loser, sides or {})
    _settle_parent(engine, winner, loser)
    custom = settle_custom(engine, winner, loser, sides or {})
    engine.absorb(Account, [(loser.id, winner.id)])
    engine.remove(Account, [loser.id])
    engine.change(Account, [winner.id], {**values, "updated_at": at})
    if wrong := tree.too_deep([winner.id]):
        raise ValidationError(
            f"A tree has at most {tree.MAX_LEVELS} levels, and {len(wrong)} would have more. "
            "Move the children first."
        )
    _remember_ids(engine, winner, loser, values)
    merge.rows = engine.moved
    merge.save(update_fields=["rows"])
    rules.refresh(actor, at, [winner.id], at_once=True)
    audit.record(
        "account.merged",
        actor=actor,
        at=at,
        subject=winner,
        changes={
            "from": loser.name,
            "from_id": loser.id,
            "rows": engine.moved,
            "values": values | custom,
        },
    )
    timeline.record(
        "account.merged",
        actor=actor,
        at=at,
        title=f"{loser.name} was merged into this account"[:300],
        account_id=winner.id,
        subject=merge,
        payload={"accounts": [winner.id], "from": loser.id},
    )
    return merge


@transaction.atomic
def undo_merge(*, actor: Actor, at: datetime, merge_id: int) -> Merge:
    """Take two accounts, or contacts, apart again, exactly as they were; what came since stays
    with the winner.

    Raises ValidationError where it is too late, or something newer stands in the way.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    into_id, loser_id, contact_id = Merge.objects.values_list(
        "into_id", "loser_id", "contact_id"
    ).get(id=merge_id)
    if contact_id is None:
        rules.lock(actor, (into_id, loser_id))
    merge = (
        Merge.objects.select_for_update(of=("self",))
        .select_related("winner", "contact")
        .get(id=merge_id)
    )
    if problem := why_not_undo(merge, at):
        raise ValidationError(problem)
    tree.lock()
    stays = merge.stays
    type(stays)._default_manager.select_for_update(of=("self",)).get(pk=stays.pk)
    merge.aliases.all().delete()
    merge.contact_aliases.all().delete()
    try:
        with transaction.atomic():
            reverse(merge)
    except IntegrityError as clash:
        raise ValidationError(
            "It cannot be undone: something that was added since has taken the place of a row "
            "that would come back, such as an id in its source."
        ) from clash
    if contact_id is None and tree.too_deep([merge.into_id, merge.loser_id]):
        raise ValidationError(
            "It cannot be undone: parents were changed since, and the tree would not fit together."
        )
    merge.steps.all().delete()
    merge.undone_at, merge.undone_by_id = at, actor.membership_id
    merge.save(update_fields=["undone_at", "undone_by"])
    audit.record(
        f"{merge.noun}.merge_undone",
        actor=actor,
        at=at,
        subject=stays,
        changes={"back": merge.loser_name, "back_id": merge.loser_id},
    )
    if isinstance(stays, Contact):
        contacts.tell_undone(actor, at, merge)
    else:
        _tell_undone(actor, at, merge)
    return merge


def _tell_undone(actor: Actor, at: datetime, merge: Merge) -> None:
    for account_id, other in (
        (merge.loser_id, merge.winner.name),
        (merge.into_id, merge.loser_name),
    ):
        timeline.record(
            "account.merge_undone",
            actor=actor,
            at=at,
            title=f"The merge with {other} was undone"[:300],
            account_id=account_id,
            subject=merge,
            payload={"accounts": [account_id]},
        )


def why_not_undo(merge: Merge, at: datetime) -> str:
    """Why a merge cannot be undone; empty where it can."""
    if merge.undone_at is not None:
        return "This merge was undone already."
    if merge.purged_at is not None or merge.at <= at - UNDOABLE_FOR:
        return f"A merge can be undone for {UNDOABLE_FOR.days} days, and this one is older."
    if merge.stays.pk != merge.into_id:
        return f"The {merge.noun} was merged into {merge.stays} since. Undo that merge first."
    later = Merge.objects.filter(
        contact__isnull=merge.contact_id is None,
        undone_at=None,
        purged_at=None,
        id__gt=merge.id,
    )
    if later.filter(into_id=merge.into_id).exists():
        return f"Another {merge.noun} was merged into the same one since. Undo that merge first."
    if merge.contact_id is not None:
        return contacts.why_not_undo(merge)
    return contacts.why_not_part(merge)


@transaction.atomic
def purge_journals(*, actor: Actor, at: datetime) -> int:
    """Forget the journals of merges that cannot be undone any more; how many merges."""
    require(actor, Right.ACCOUNTS_EDIT)
    old = list(
        Merge.objects.filter(at__lte=at - UNDOABLE_FOR, purged_at=None).values_list("id", flat=True)
    )
    MergeStep.objects.filter(merge_id__in=old).delete()
    return Merge.objects.filter(id__in=old).update(purged_at=at)


def _settle_parent(engine: Engine, winner: Account, loser: Account) -> None:
    """Where the winner stands under the loser, it takes the loser's place; where it has no
    parent, it gets the loser's, unless that is itself under the winner."""
    if loser.id in tree.above(winner):
        engine.change(Account, [winner.id], {"parent_id": loser.parent_id})
    elif winner.parent_id is None and loser.parent_id is not None:
        parent = Account.objects.get(id=loser.parent_id)
        if winner.id not in (parent.id, *tree.above(parent)):
            engine.change(Account, [winner.id], {"parent_id": parent.id})


def _remember_ids(engine: Engine, winner: Account, loser: Account, values: dict[str, Any]) -> None:
    """Every id that the merged account does not carry itself goes on finding it; also one that
    found another account until somebody gave it away anew."""
    own = values.get("external_id", winner.external_id)
    for external_id in {winner.external_id, loser.external_id} - {None, "", own}:
        give(engine, AccountAlias, {"account_id": winner.id}, {"external_id": external_id})
