"""Merging two contacts, of one account or of two (CS-11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from afterclose.accounts import timeline
from afterclose.accounts.merging import rules
from afterclose.accounts.merging.aliases import give
from afterclose.accounts.merging.custom import settle_custom
from afterclose.accounts.merging.engine import Engine, Pairs
from afterclose.accounts.merging.fields import Side, chosen
from afterclose.accounts.merging.models import ContactAlias, Merge, StepKind
from afterclose.accounts.merging.pairs import locked_pair
from afterclose.accounts.models import Account, Contact, Event
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

TABLE = Contact._meta.db_table
LABEL = Contact._meta.label_lower


@transaction.atomic
def merge_contacts(
    *,
    actor: Actor,
    at: datetime,
    winner_id: int,
    loser_id: int,
    sides: Mapping[str, Side] | None = None,
) -> Merge:
    """Make two contacts one: whatever points at the loser points at the winner, the loser goes.

    ``sides`` says for a fact (``fields.CONTACT_FIELDS``, the account among them, ``cf_…``) whose
    value stays; without it the winner's, or the loser's where the winner has none. What identified
    either goes on finding the winner. Raises ValidationError for contacts that cannot be merged.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    winner, loser = locked_pair(Contact, winner_id, loser_id)
    values = chosen(winner, loser, sides or {})
    _check_place(winner, loser, values)
    merge = Merge.objects.create(
        winner_id=values.get("account_id", winner.account_id),
        contact=winner,
        into_id=winner.id,
        loser_id=loser.id,
        loser_name=loser.name,
        at=at,
        by_id=actor.membership_id,
    )
    engine = Engine(merge)
    custom = settle_custom(engine, winner, loser, sides or {})
    engine.absorb(Contact, [(loser.id, winner.id)])
    engine.remove(Contact, [loser.id])
    engine.change(Contact, [winner.id], {**values, "updated_at": at})
    _remember(engine, winner, loser)
    rules.settle(engine, winner.id)
    merge.rows = engine.moved
    merge.save(update_fields=["rows"])
    said = {name: str(value) if name == "left_on" else value for name, value in values.items()}
    audit.record(
        "contact.merged",
        actor=actor,
        at=at,
        subject=winner,
        changes={
            "from": loser.name,
            "from_id": loser.id,
            "rows": engine.moved,
            "values": said | custom,
        },
    )
    for account_id in sorted({winner.account_id, loser.account_id}):
        is_there = account_id == merge.winner_id  # once on the page of the contact
        timeline.record(
            "contact.merged",
            actor=actor,
            at=at,
            title=_title(winner, loser)[:300],
            account_id=account_id,
            subject=winner if is_there else None,
            payload={"into": winner.id, "from": loser.id, "accounts": [account_id]},
        )
    return merge


def _title(winner: Contact, loser: Contact) -> str:
    if winner.account_id != loser.account_id:
        places = Account.objects.in_bulk((winner.account_id, loser.account_id))
        return (
            f"{loser.name} of {places[loser.account_id]} was merged into "
            f"{winner.name} of {places[winner.account_id]}"
        )
    if winner.name == loser.name:
        return f"{winner.name} was merged with a duplicate"
    return f"{loser.name} was merged into {winner.name}"


def tell_undone(actor: Actor, at: datetime, merge: Merge) -> None:
    """The fact that two contacts are apart again, at each of them."""
    rows = Contact.objects.filter(id__in=(merge.into_id, merge.loser_id))
    for contact in rows.select_related("account").order_by("id"):
        other = merge.loser_name if contact.id == merge.into_id else merge.contact.name
        timeline.record(
            "contact.merge_undone",
            actor=actor,
            at=at,
            title=f"The merge of {contact.name} with {other} was undone"[:300],
            account_id=contact.account_id,
            subject=contact,
            payload={"contact": contact.id, "accounts": [contact.account_id]},
        )


def why_not_undo(merge: Merge) -> str:
    """Why this merge of contacts cannot be undone for what became of their accounts since."""
    needed: set[int] = set()
    for step in merge.steps.filter(table=TABLE, kind__in=(StepKind.REMOVED, StepKind.CHANGED)):
        needed.update(image["account_id"] for image in step.before)
    there = Account.objects.filter(id__in=needed).values_list("id", flat=True)
    for account_id in sorted(needed - set(there)):
        went = Merge.objects.filter(contact=None, loser_id=account_id, undone_at=None).last()
        if went is None:
            return "The account that one of the two was at is not there any more."
        return f"The account {went.loser_name} was merged since. Undo that merge first."
    return ""


def why_not_part(merge: Merge) -> str:
    """Why this merge of accounts cannot be undone for what became of their contacts since."""
    touched: set[int] = set()
    for step in merge.steps.filter(table=TABLE):
        touched.update(step.ids, (image["id"] for image in step.before))
    later = Merge.objects.filter(
        Q(into_id__in=touched) | Q(loser_id__in=touched),
        contact__isnull=False,
        id__gt=merge.id,
        undone_at=None,
        purged_at=None,
    )
    if first := later.order_by("-id").first():
        return f"Its contact {first.loser_name} was merged since. Undo that merge first."
    return ""


def remember_ids(engine: Engine, pairs: Pairs, images: Sequence[Mapping[str, Any]]) -> None:
    """Have the ids of contacts that became one with others, as their accounts were merged, find
    those from now on."""
    own = dict(Contact.objects.filter(id__in=dict(pairs).values()).values_list("id", "external_id"))
    into = dict(pairs)
    for image in images:
        winner_id = into[image["id"]]
        if image["external_id"] and image["external_id"] != own[winner_id]:
            known_by = {"external_id": image["external_id"]}
            give(engine, ContactAlias, {"contact_id": winner_id}, known_by)


def accounts_of(contact_ids: Collection[int]) -> set[int]:
    """Where contacts are, and where those were that became one with them: only there are facts
    about them, and an index finds facts by their account alone."""
    now = Contact.objects.filter(id__in=contact_ids).values_list("account_id", flat=True)
    places = ContactAlias.objects.filter(contact_id__in=contact_ids, account__isnull=False)
    return {*now, *places.values_list("account_id", flat=True)}


def count_facts(contact_ids: Collection[int]) -> int:
    """How many facts on the timelines are about some contacts."""
    about = Q(subject_type=LABEL, subject_id__in=contact_ids)
    named = Q(payload__contact__in=list(contact_ids))
    return Event.objects.filter(about | named, account_id__in=accounts_of(contact_ids)).count()


def follow_facts(engine: Engine, pairs: Pairs) -> None:
    """Have the facts about contacts that go be about those that stay."""
    accounts = list(accounts_of([each for pair in pairs for each in pair]))
    only = "t.subject_type = %s AND t.account_id = ANY(%s)"
    engine.move(Event, "subject_id", pairs, only, [LABEL, accounts])
    for loser, winner in pairs:
        naming = Event.objects.filter(account_id__in=accounts, payload__contact=loser)
        ids = sorted(naming.values_list("id", flat=True))
        sets = "payload = jsonb_set(payload, '{contact}', to_jsonb(%s::bigint))"
        engine.update(Event, ids, sets, [winner])


FACTS = rules.Naming("Timeline entries", count_facts, follow_facts)


def _check_place(winner: Contact, loser: Contact, values: Mapping[str, Any]) -> None:
    account_id = values.get("account_id", winner.account_id)
    email = values.get("email", winner.email)
    if not email:
        return
    third = (
        Contact.objects.filter(account_id=account_id, email=email)
        .exclude(id__in=(winner.id, loser.id))
        .select_related("account")
        .first()
    )
    if third is not None:
        raise ValidationError(
            f"{third.name} at {third.account} has the e-mail address {email} already. Choose the "
            f"other address or account, or merge with {third.name} first."
        )


def _remember(engine: Engine, winner: Contact, loser: Contact) -> None:
    """What identified either of the two before goes on finding the one that stays."""
    stays = Contact.objects.get(id=winner.id)
    owner = {"contact_id": winner.id}
    for external_id in _told((winner.external_id, loser.external_id), stays.external_id):
        give(engine, ContactAlias, owner, {"external_id": external_id})
    for each in (winner, loser):
        has_own = each.email in ("", stays.email)
        if each.account_id == stays.account_id and has_own:
            continue
        place = {"account_id": each.account_id, "email": each.email}
        if each.email:
            give(engine, ContactAlias, owner, place)
        else:  # many have none, so it tells nobody apart; the facts of that account are theirs
            ContactAlias.objects.create(**owner, **place, merge=engine.merge)


def _told(ids: Iterable[str | None], own: str | None) -> list[str]:
    return sorted({each for each in ids if each} - {own})
