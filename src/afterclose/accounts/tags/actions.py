"""Writes of tags: the words themselves, and putting them on many rows at once (CS-11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from afterclose.accounts import timeline, uses
from afterclose.accounts.models import Account, Contact
from afterclose.accounts.tags import removals
from afterclose.accounts.tags.models import AccountTag, ContactTag, Tag, Tone
from afterclose.accounts.tags.naming import BadTagError, clean_name, key_of
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require


@transaction.atomic
def create_tag(*, actor: Actor, at: datetime, name: str, tone: str = Tone.NEUTRAL) -> Tag:
    """Add a tag. Raises ValidationError for a name that is taken, whatever its case."""
    require(actor, Right.ACCOUNTS_EDIT)
    tag = Tag(created_at=at, tone=_tone(tone), **_named(name))
    tag.save()
    audit.record("tag.created", actor=actor, at=at, subject=tag)
    return tag


@transaction.atomic
def change_tag(
    *, actor: Actor, at: datetime, tag_id: int, name: str | None = None, tone: str | None = None
) -> Tag:
    """Rename or recolour a tag wherever it is. Raises ValidationError; Tag.DoesNotExist."""
    require(actor, Right.ACCOUNTS_EDIT)
    tag = Tag.objects.select_for_update().get(id=tag_id)
    values: dict[str, Any] = {} if name is None else _named(name, tag_id)
    if tone is not None:
        values["tone"] = _tone(tone)
    changes = audit.difference({field: getattr(tag, field) for field in values}, values)
    changes.pop("key", None)
    if changes:
        for field, value in values.items():
            setattr(tag, field, value)
        tag.save(update_fields=list(values))
        audit.record("tag.changed", actor=actor, at=at, subject=tag, changes=changes)
    return tag


@transaction.atomic
def merge_tags(*, actor: Actor, at: datetime, tag_ids: Collection[int], into_id: int) -> Tag:
    """Give everything that has one of the tags the tag ``into_id`` instead, and delete them;
    ``removals.undo`` takes it back for 30 days.

    Who put a tag and when stays; where both were, the older one counts. What asks for one of
    them, such as a segment, asks for the one that stays.
    """
    require(actor, Right.SETTINGS_EDIT)
    merged = [*Tag.objects.filter(id__in=set(tag_ids) - {into_id}).select_for_update()]
    into = Tag.objects.select_for_update().get(id=into_id)
    ids = [tag.id for tag in merged]
    if not ids:
        return into
    removal = removals.remember(actor=actor, at=at, tags=merged, into=into)
    with connection.cursor() as cursor:
        for kind in (ACCOUNTS, CONTACTS):
            cursor.execute(kind.merge, {"business": actor.business_id, "old": ids, "new": into_id})
    for follow in uses.when_tags_merge:
        removal.notes += follow(actor=actor, at=at, merged=ids, into_id=into_id)
    removal.save(update_fields=["notes"])
    Tag.objects.filter(id__in=ids).delete()
    names = sorted(tag.name for tag in merged)
    audit.record("tag.merged", actor=actor, at=at, subject=into, changes={"from": names})
    return into


@transaction.atomic
def delete_tags(*, actor: Actor, at: datetime, tag_ids: Collection[int]) -> int:
    """Delete tags and take them off everything that has them; how many tags there were.
    ``removals.undo`` brings each back for 30 days.

    Raises InUse where a segment asks for one.
    """
    require(actor, Right.SETTINGS_EDIT)
    gone = [*Tag.objects.filter(id__in=tag_ids).select_for_update()]
    uses.require_unused(actor, gone)
    for tag in gone:
        counts = {
            "accounts": AccountTag.objects.filter(tag=tag).count(),
            "contacts": ContactTag.objects.filter(tag=tag).count(),
        }
        removals.remember(actor=actor, at=at, tags=[tag])
        audit.record("tag.deleted", actor=actor, at=at, subject=tag, changes=counts)
    Tag.objects.filter(id__in=[tag.id for tag in gone]).delete()
    return len(gone)


def tag_accounts(
    *, actor: Actor, at: datetime, account_ids: Collection[int], tag_ids: Collection[int]
) -> int:
    """Put tags on accounts, all at once; how many accounts got one that they had not.

    Each of those has a fact on its timeline; rows or tags of nobody's are passed over.
    """
    return _put(ACCOUNTS, actor, at, account_ids, tag_ids)


def untag_accounts(
    *, actor: Actor, at: datetime, account_ids: Collection[int], tag_ids: Collection[int]
) -> int:
    """Take tags off accounts, all at once; how many accounts lost one."""
    return _take(ACCOUNTS, actor, at, account_ids, tag_ids)


def tag_contacts(
    *, actor: Actor, at: datetime, contact_ids: Collection[int], tag_ids: Collection[int]
) -> int:
    """Put tags on contacts, told on the timelines of their accounts; see ``tag_accounts``."""
    return _put(CONTACTS, actor, at, contact_ids, tag_ids)


def untag_contacts(
    *, actor: Actor, at: datetime, contact_ids: Collection[int], tag_ids: Collection[int]
) -> int:
    """Take tags off contacts; see ``untag_accounts``."""
    return _take(CONTACTS, actor, at, contact_ids, tag_ids)


@transaction.atomic
def set_account_tags(
    *,
    actor: Actor,
    at: datetime,
    account_id: int,
    tag_ids: Collection[int],
    new: Iterable[str] = (),
) -> None:
    """Leave an account with exactly these tags; ``new`` are names, created where unknown.

    Raises ValidationError for a name that cannot be a tag.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    Account.objects.select_for_update(of=("self",)).get(pk=account_id)
    _set(ACCOUNTS, actor, at, account_id, tag_ids, new)


@transaction.atomic
def set_contact_tags(
    *,
    actor: Actor,
    at: datetime,
    contact_id: int,
    tag_ids: Collection[int],
    new: Iterable[str] = (),
) -> None:
    """Leave a contact with exactly these tags; see ``set_account_tags``."""
    require(actor, Right.ACCOUNTS_EDIT)
    Contact.objects.select_for_update(of=("self",)).get(pk=contact_id)
    _set(CONTACTS, actor, at, contact_id, tag_ids, new)


@transaction.atomic
def ensure_tags(*, actor: Actor, at: datetime, names: Iterable[str]) -> dict[str, int]:
    """The ids of tags by key, creating those that are unknown. Raises ValidationError."""
    require(actor, Right.ACCOUNTS_EDIT)
    try:
        wanted = {key_of(name): clean_name(name) for name in names}
    except BadTagError as problem:
        raise ValidationError(str(problem)) from problem
    known = dict(Tag.objects.filter(key__in=wanted).values_list("key", "id"))
    missing = [
        Tag(name=name, key=key, created_at=at) for key, name in wanted.items() if key not in known
    ]
    if missing:
        # Somebody else may be adding the same one; then theirs serves.
        Tag.objects.bulk_create(missing, ignore_conflicts=True)
        known = {}
        for tag in Tag.objects.filter(key__in=wanted):
            known[tag.key] = tag.id
            if any(each.key == tag.key for each in missing):
                audit.record("tag.created", actor=actor, at=at, subject=tag)
    return known


# The statements below (S608) are put together from the names in ACCOUNTS and CONTACTS alone;
# every value of a request is a parameter.
@dataclass(frozen=True, slots=True)
class _Kind:
    """Accounts or contacts: the table of what is tagged, and of the links."""

    noun: str
    rows: str
    links: str
    account: str

    @property
    def put(self) -> str:
        """Links that are new, with the row's account and name."""
        return f"""
    WITH put AS (
        INSERT INTO {self.links} (business_id, {self.noun}_id, tag_id, at, by_id)
        SELECT %(business)s, r.id, t.id, %(at)s, %(by)s
          FROM {self.rows} r CROSS JOIN accounts_tag t
         WHERE r.business_id = %(business)s AND r.id = ANY(%(rows)s)
           AND t.business_id = %(business)s AND t.id = ANY(%(tags)s)
         ORDER BY r.id, t.id
            ON CONFLICT (business_id, {self.noun}_id, tag_id) DO NOTHING
        RETURNING {self.noun}_id AS row_id, tag_id)
    {self._told.format("put")}"""  # noqa: S608

    @property
    def take(self) -> str:
        """Links that were there, with the row's account and name."""
        return f"""
    WITH gone AS (
        DELETE FROM {self.links}
         WHERE business_id = %(business)s AND {self.noun}_id = ANY(%(rows)s)
           AND tag_id = ANY(%(tags)s)
        RETURNING {self.noun}_id AS row_id, tag_id)
    {self._told.format("gone")}"""  # noqa: S608

    @property
    def _told(self) -> str:
        return f"""
    SELECT r.{self.account}, r.id, r.name, array_agg(t.name ORDER BY t.key)
      FROM {{}} l
      JOIN {self.rows} r ON r.business_id = %(business)s AND r.id = l.row_id
      JOIN accounts_tag t ON t.business_id = %(business)s AND t.id = l.tag_id
     GROUP BY r.{self.account}, r.id, r.name ORDER BY r.id"""  # noqa: S608

    @property
    def merge(self) -> str:
        """Links to the old tags as links to the new one, the oldest of a row kept."""
        return f"""
    INSERT INTO {self.links} AS l (business_id, {self.noun}_id, tag_id, at, by_id)
    SELECT DISTINCT ON ({self.noun}_id) business_id, {self.noun}_id, %(new)s, at, by_id
      FROM {self.links}
     WHERE business_id = %(business)s AND tag_id = ANY(%(old)s)
     ORDER BY {self.noun}_id, at, id
        ON CONFLICT (business_id, {self.noun}_id, tag_id) DO UPDATE
       SET at = excluded.at, by_id = excluded.by_id WHERE excluded.at < l.at"""  # noqa: S608


ACCOUNTS = _Kind("account", "accounts_account", "accounts_accounttag", "id")
CONTACTS = _Kind("contact", "accounts_contact", "accounts_contacttag", "account_id")


@transaction.atomic
def _put(
    kind: _Kind, actor: Actor, at: datetime, rows: Collection[int], tags: Collection[int]
) -> int:
    require(actor, Right.ACCOUNTS_EDIT)
    return _change(kind, kind.put, "tagged", actor, at, rows, tags)


@transaction.atomic
def _take(
    kind: _Kind, actor: Actor, at: datetime, rows: Collection[int], tags: Collection[int]
) -> int:
    require(actor, Right.ACCOUNTS_EDIT)
    return _change(kind, kind.take, "untagged", actor, at, rows, tags)


def _change(
    kind: _Kind,
    statement: str,
    verb: str,
    actor: Actor,
    at: datetime,
    rows: Collection[int],
    tags: Collection[int],
) -> int:
    if not rows or not tags:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "business": actor.business_id,
                "at": at,
                "by": actor.membership_id,
                "rows": list(rows),
                "tags": list(tags),
            },
        )
        changed = cursor.fetchall()
    if not changed:
        return 0
    named = sorted({name for *_, names in changed for name in names})
    audit.record(
        f"{kind.noun}.{verb}",
        actor=actor,
        at=at,
        subject_type=Tag._meta.label_lower,
        label=", ".join(named),
        changes={f"{kind.noun}s": [row_id for _, row_id, *_ in changed]},
    )
    timeline.record_set(
        f"{kind.noun}.{verb}",
        actor=actor,
        at=at,
        subject_type=f"accounts.{kind.noun}",
        facts=[
            timeline.Fact(
                account_id=account_id,
                subject_id=row_id,
                title=_title(kind, verb, name, names),
                payload={"tags": names},
            )
            for account_id, row_id, name, names in changed
        ],
    )
    return len(changed)


def _title(kind: _Kind, verb: str, name: str, names: list[str]) -> str:
    tags = ", ".join(names)
    words = f"Tagged {tags}" if verb == "tagged" else f"No longer tagged {tags}"
    told = words if kind is ACCOUNTS else f"{name}: {words[0].lower()}{words[1:]}"
    return told[:300]


def _set(
    kind: _Kind,
    actor: Actor,
    at: datetime,
    row_id: int,
    tag_ids: Collection[int],
    new: Iterable[str],
) -> None:
    wanted = {*tag_ids, *ensure_tags(actor=actor, at=at, names=new).values()}
    links: Any = (AccountTag if kind is ACCOUNTS else ContactTag).objects
    held = set(links.filter(**{f"{kind.noun}_id": row_id}).values_list("tag_id", flat=True))
    _take(kind, actor, at, [row_id], held - wanted)
    _put(kind, actor, at, [row_id], wanted - held)


def _named(name: str, own_id: int = 0) -> dict[str, str]:
    try:
        clean = clean_name(name)
    except BadTagError as problem:
        raise ValidationError({"name": str(problem)}) from problem
    key = key_of(clean)
    if Tag.objects.filter(key=key).exclude(id=own_id).exists():
        raise ValidationError({"name": f"There is a tag “{clean}” already. Merge the two instead."})
    return {"name": clean, "key": key}


def _tone(tone: str) -> str:
    if tone not in Tone.values:
        raise ValidationError({"tone": f"Choose one of {', '.join(Tone.values)}."})
    return tone
