"""Finding a segment's members after its condition has changed: at once, or by a job where the
book is so big that whoever saved it would wait."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.segments import naming, queries
from afterclose.segments.jobs import hand_over
from afterclose.segments.models import Cause, Segment
from afterclose.segments.refreshing import refresh

#: Accounts (or contacts) from which on a job finds the members.
BIG_BOOK = 20_000


def find_members_of(*, actor: Actor, at: datetime, segment: Segment) -> None:
    """Find a segment's members, and those of the segments that name it."""
    ids = [segment.pk]
    ids += [each for level in queries.levels_above(segment.pk) for each in sorted(level)]
    if not is_big(segment):
        for segment_id in ids:
            refresh(actor=actor, at=at, segment_id=segment_id, cause=Cause.DEFINITION)
        return
    Segment.objects.filter(pk__in=ids).update(is_counting=True)
    for segment_id in ids:
        hand_over(actor.business_id, segment_id)


def is_big(segment: Segment) -> bool:
    """Whether there are more subjects than somebody waits for; counts no further than that."""
    rows = queries.MODELS[segment.subject]._default_manager.order_by()
    return rows[BIG_BOOK : BIG_BOOK + 1].count() > 0


def follow_tags(*, actor: Actor, at: datetime, merged: Collection[int], into_id: int) -> list[Any]:
    """Have conditions that name tags which are merged name the one that stays, and find the
    members anew; who that moves, the condition has moved and not the data. Returns what
    ``follow_tags_back`` takes."""
    gone = set(merged) - {into_id}
    notes: list[Any] = []
    for segment in Segment.objects.select_for_update(of=("self",)).order_by("id"):
        condition = naming.with_tags(segment.condition, gone, into_id)
        if condition == segment.condition:
            continue
        notes.append({"segment": segment.pk, "before": segment.condition, "after": condition})
        _rewrite(actor, at, segment, condition)
    return notes


def follow_tags_back(*, actor: Actor, at: datetime, notes: list[Any]) -> None:
    """Have conditions that followed a merge ask for what they did before; one that somebody has
    changed since stays as it is."""
    before = {note["segment"]: note for note in notes if "segment" in note}
    found = Segment.objects.filter(pk__in=before)
    for segment in found.select_for_update(of=("self",)).order_by("id"):
        note = before[segment.pk]
        if segment.condition == note["after"]:
            _rewrite(actor, at, segment, note["before"])


def _rewrite(actor: Actor, at: datetime, segment: Segment, condition: Any) -> None:
    before = segment.text
    segment.condition = condition
    segment.text = queries.text_of(segment)
    segment.revision += 1
    segment.save(update_fields=["condition", "text", "revision"])
    audit.record(
        "segment.changed",
        actor=actor,
        at=at,
        subject=segment,
        changes=audit.difference({"text": before}, {"text": segment.text}),
    )
    find_members_of(actor=actor, at=at, segment=segment)
