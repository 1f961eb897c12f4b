"""Writes of segments: made, changed, deleted; their members are written by ``refreshing``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.segments import conditions, queries, text, uses
from afterclose.segments.conditions import ConditionError
from afterclose.segments.models import Cause, Segment, Use
from afterclose.segments.refreshing import refresh
from afterclose.segments.searching import find_members_of

MOST_SEGMENTS = 500


class SegmentInUse(ValueError):
    """It cannot be deleted, or kept to oneself, while something else names it."""

    def __init__(self, segment: Segment, users: list[str], what: str = "deleted") -> None:
        named = ", ".join(users)
        super().__init__(
            f"“{segment.name}” cannot be {what}, because it is used by {named}."
            f" Change what uses it first."
        )


@transaction.atomic
def create_segment(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    condition: dict[str, Any],
    subject: str = "account",
    description: str = "",
    is_shared: bool = True,
    is_sample: bool = False,
) -> Segment:
    """Save a condition under a name and find its members (in a big book a job does that).

    Raises ConditionError for the condition, ValidationError for the rest.
    """
    require(actor, Right.SEGMENTS_EDIT)
    if Segment.objects.count() >= MOST_SEGMENTS:
        raise ValidationError(f"There can be {MOST_SEGMENTS} segments. Delete one first.")
    segment = Segment(
        name=name.strip(),
        subject=subject,
        description=description.strip(),
        is_shared=is_shared,
        owner_id=actor.membership_id,
        is_sample=is_sample,
    )
    _settle(actor, segment, condition)
    audit.record(
        "segment.created", actor=actor, at=at, subject=segment, changes={"text": segment.text}
    )
    find_members_of(actor=actor, at=at, segment=segment)
    segment.refresh_from_db()
    return segment


@transaction.atomic
def change_segment(
    *, actor: Actor, at: datetime, segment_id: int, revision: int | None = None, **values: Any
) -> Segment:
    """Change name, description, is_shared or condition; nothing is written when nothing differs.

    Members that a changed condition moves have the cause ``definition``, also in the segments
    that name this one. ``revision`` is the one that was edited: raises ValidationError when
    somebody else has changed the condition since. Raises ConditionError, SegmentInUse.
    """
    require(actor, Right.SEGMENTS_EDIT)
    segment = _changeable(actor, segment_id)
    if revision is not None and revision != segment.revision:
        raise ValidationError(
            "Somebody else has changed this segment meanwhile. Load it again and repeat your"
            " change."
        )
    condition = values.pop("condition", None)
    before = {key: getattr(segment, key) for key in (*values, "text")}
    for key, value in values.items():
        if key not in ("name", "description", "is_shared"):
            raise TypeError(f"A segment's {key} cannot be changed.")
        setattr(segment, key, value.strip() if isinstance(value, str) else value)
    users = [each.name for each in queries.segments_using(segment) if each.is_shared]
    if users and not segment.is_shared:
        raise SegmentInUse(segment, [f"the segment “{name}”" for name in users], "private")
    was = segment.condition
    # What is not edited may name a choice that has gone since, as when it is refreshed.
    _settle(actor, segment, was if condition is None else condition, strict=condition is not None)
    after = {key: getattr(segment, key) for key in before}
    changes = audit.difference(before, after)
    if segment.condition != was:
        segment.revision += 1
        segment.save(update_fields=["revision"])
        find_members_of(actor=actor, at=at, segment=segment)
        segment.refresh_from_db()
    if changes:
        audit.record("segment.changed", actor=actor, at=at, subject=segment, changes=changes)
    return segment


@transaction.atomic
def delete_segment(*, actor: Actor, at: datetime, segment_id: int) -> None:
    """Delete a segment with its history; raises SegmentInUse where something names it."""
    require(actor, Right.SEGMENTS_EDIT)
    segment = _changeable(actor, segment_id)
    if users := [use.label for use in uses.of(segment)]:
        raise SegmentInUse(segment, users)
    audit.record(
        "segment.deleted", actor=actor, at=at, subject=segment, changes={"text": segment.text}
    )
    segment.delete()


@transaction.atomic
def refresh_segment(*, actor: Actor, at: datetime, segment_id: int) -> Segment:
    """Find a segment's members anew, because somebody asks for it."""
    require(actor, Right.SEGMENTS_VIEW)
    queries.segment(actor, segment_id)
    refresh(actor=actor, at=at, segment_id=segment_id, cause=Cause.DATA)
    return Segment.objects.get(pk=segment_id)


def _changeable(actor: Actor, segment_id: int) -> Segment:
    queries.segment(actor, segment_id)  # 404 for what the actor may not even see
    segment = Segment.objects.select_for_update(of=("self",)).get(pk=segment_id)
    if not queries.may_change(actor, segment):
        raise PermissionDenied(
            "Only the owner of a segment and admins may change it, and an API key only what "
            "belongs to nobody, such as what it made. Make a copy to change that."
        )
    return segment


def _settle(
    actor: Actor, segment: Segment, condition: dict[str, Any], *, strict: bool = True
) -> None:
    """Check everything and save; the text is printed from the condition."""
    known = queries.catalog_for(actor, segment.subject)
    node = conditions.read(condition, known, strict=strict)
    named = queries.check_nesting(node, known, segment.pk)
    _only_shared(segment, named)
    segment.condition, segment.text = conditions.write(node), text.print_text(node, known)
    segment.full_clean(exclude=["condition"])
    segment.save()
    Use.objects.filter(user=segment).exclude(used_id__in=named).delete()
    there = set(Use.objects.filter(user=segment).values_list("used_id", flat=True))
    Use.objects.bulk_create(Use(user=segment, used_id=each) for each in sorted(named - there))


def _only_shared(segment: Segment, named: set[int]) -> None:
    """What everybody uses may not depend on what only one person sees."""
    if not segment.is_shared:
        return
    private = Segment.objects.filter(id__in=named, is_shared=False).values_list("name", flat=True)
    if found := sorted(private):
        raise ConditionError(
            f"The segment “{found[0]}” is private, so a shared segment cannot name it."
        )
