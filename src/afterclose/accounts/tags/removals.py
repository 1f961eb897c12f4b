"""Bringing back tags that were deleted or merged, for 30 days (CS-11).

A removal remembers the tags, their links with who put them and when, and what a merge did to the
links of the tag that stayed. Undone, everything is as it was but for what people changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.dateparse import parse_datetime

from afterclose.accounts import uses
from afterclose.accounts.tags.models import Tag, TagRemoval
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

UNDOABLE_FOR = timedelta(days=30)
_KEPT = ("id", "name", "key", "tone", "is_sample", "created_at")
_NOUNS = ("account", "contact")

# The statements below (S608) are put together from `_NOUNS` alone.
_HELD = """
    INSERT INTO accounts_removedlink (business_id, removal_id, tag_id, state, {noun}_id, at, by_id)
    SELECT business_id, %(removal)s, tag_id, 'held', {noun}_id, at, by_id
      FROM accounts_{noun}tag
     WHERE business_id = %(business)s AND tag_id = ANY(%(gone)s)
"""
# As `_Kind.merge` is about to make and change the links of the tag that stays.
_GIVEN = """
    INSERT INTO accounts_removedlink (business_id, removal_id, tag_id, state, {noun}_id, at, by_id)
    SELECT business_id, %(removal)s, %(into)s, CASE WHEN held THEN 'older' ELSE 'given' END,
           {noun}_id, at, by_id
      FROM (SELECT DISTINCT ON (g.{noun}_id) g.business_id, g.{noun}_id, s.id IS NOT NULL AS held,
                   CASE WHEN s.id IS NULL THEN g.at ELSE s.at END AS at,
                   CASE WHEN s.id IS NULL THEN g.by_id ELSE s.by_id END AS by_id,
                   g.at AS older
              FROM accounts_{noun}tag g
              LEFT JOIN accounts_{noun}tag s ON s.business_id = %(business)s
                    AND s.tag_id = %(into)s AND s.{noun}_id = g.{noun}_id
             WHERE g.business_id = %(business)s AND g.tag_id = ANY(%(gone)s)
             ORDER BY g.{noun}_id, g.at, g.id) firsts
     WHERE NOT held OR older < at
"""
_BACK = """
    INSERT INTO accounts_{noun}tag (business_id, {noun}_id, tag_id, at, by_id)
    SELECT business_id, {noun}_id, tag_id, at, by_id FROM accounts_removedlink
     WHERE business_id = %(business)s AND removal_id = %(removal)s AND state = 'held'
       AND {noun}_id IS NOT NULL
     ORDER BY {noun}_id, tag_id
        ON CONFLICT (business_id, {noun}_id, tag_id) DO NOTHING
"""
_TAKEN = """
    DELETE FROM accounts_{noun}tag l USING accounts_removedlink j
     WHERE l.business_id = %(business)s AND j.business_id = %(business)s
       AND j.removal_id = %(removal)s AND j.state = 'given'
       AND l.tag_id = j.tag_id AND l.{noun}_id = j.{noun}_id AND l.at = j.at
"""
_RESET = """
    UPDATE accounts_{noun}tag l SET at = j.at, by_id = j.by_id
      FROM accounts_removedlink j
     WHERE l.business_id = %(business)s AND j.business_id = %(business)s
       AND j.removal_id = %(removal)s AND j.state = 'older'
       AND l.tag_id = j.tag_id AND l.{noun}_id = j.{noun}_id AND l.at < j.at
"""


def remember(
    *, actor: Actor, at: datetime, tags: Sequence[Tag], into: Tag | None = None
) -> TagRemoval:
    """Keep what brings tags back; in the transaction that removes them, before it does."""
    removal = TagRemoval.objects.create(
        tags=[_row(tag) for tag in tags],
        into_id=into.pk if into is not None else None,
        into_name=into.name if into is not None else "",
        at=at,
        by_id=actor.membership_id,
        is_sample=all(tag.is_sample for tag in tags),
    )
    given = {
        "business": actor.business_id,
        "removal": removal.pk,
        "gone": [tag.pk for tag in tags],
        "into": removal.into_id,
    }
    _run((_HELD,) if into is None else (_HELD, _GIVEN), given)
    return removal


def _row(tag: Tag) -> dict[str, Any]:
    found = {name: getattr(tag, name) for name in _KEPT}
    return {**found, "created_at": tag.created_at.isoformat()}


@transaction.atomic
def undo(*, actor: Actor, at: datetime, removal_id: int) -> TagRemoval:
    """Bring back tags with everything that had them; of a merge, the tag that stayed gives back
    what it got by it, and so do segments that nobody changed since.

    Raises ValidationError where it is too late, a name is taken, or something newer stands in the
    way; TagRemoval.DoesNotExist.
    """
    require(actor, Right.SETTINGS_EDIT)
    removal = TagRemoval.objects.select_for_update(of=("self",)).get(id=removal_id)
    if problem := why_not(removal, at):
        raise ValidationError(problem)
    Tag.objects.bulk_create([_tag(row) for row in removal.tags])
    given = {"business": actor.business_id, "removal": removal.pk}
    _run((_BACK, _TAKEN, _RESET), given)
    if removal.into_id is not None:
        for bring_back in uses.when_merges_of_tags_are_undone:
            bring_back(actor=actor, at=at, notes=removal.notes)
    verb = "tag.restored" if removal.into_id is None else "tag.merge_undone"
    for tag in Tag.objects.filter(id__in=[row["id"] for row in removal.tags]).order_by("key"):
        changes = {"from": removal.into_name} if removal.into_id is not None else {}
        audit.record(verb, actor=actor, at=at, subject=tag, changes=changes)
    removal.delete()
    return removal


def why_not(removal: TagRemoval, at: datetime) -> str:
    """Why it cannot be undone; empty where it can."""
    if removal.at <= at - UNDOABLE_FOR:
        return f"Tags come back for {UNDOABLE_FOR.days} days, and this was longer ago."
    keys = [row["key"] for row in removal.tags]
    if taken := Tag.objects.filter(key__in=keys).order_by("key").first():
        return f"There is a tag “{taken.name}” again. Rename that one first."
    if removal.into_id is None:
        return ""
    if not Tag.objects.filter(id=removal.into_id).exists():
        return f"“{removal.into_name}” was merged or deleted since. Bring that one back first."
    later = TagRemoval.objects.filter(into_id=removal.into_id, id__gt=removal.pk)
    if later.filter(at__gt=at - UNDOABLE_FOR).exists():
        return "Another tag was merged into the same one since. Undo that merge first."
    return ""


def _tag(row: dict[str, Any]) -> Tag:
    created = parse_datetime(row["created_at"])
    return Tag(**{**row, "created_at": created})


@transaction.atomic
def purge(*, actor: Actor, at: datetime) -> int:
    """Forget what was removed over 30 days ago; how many removals."""
    require(actor, Right.SETTINGS_EDIT)
    old = TagRemoval.objects.filter(at__lte=at - UNDOABLE_FOR)
    ids = list(old.values_list("id", flat=True))
    with connection.cursor() as cursor:
        # Not by the model: that would load a link per account.
        cursor.execute(
            "DELETE FROM accounts_removedlink WHERE business_id = %s AND removal_id = ANY(%s)",
            [actor.business_id, ids],
        )
    TagRemoval.objects.filter(id__in=ids).delete()
    return len(ids)


def _run(statements: Sequence[str], given: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            for noun in _NOUNS:
                cursor.execute(statement.format(noun=noun), given)
