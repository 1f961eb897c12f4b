"""Reads of segments: viewer in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from afterclose.accounts.models import Account, Contact
from afterclose.accounts.queries import prefix
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.businesses.settings import settings_of
from afterclose.kit import clock
from afterclose.segments import conditions, text
from afterclose.segments.compiling import NESTING, Inner, Setting, compile_condition
from afterclose.segments.conditions import ConditionError, Node
from afterclose.segments.fields import Catalog, Choice, catalog
from afterclose.segments.models import (
    MEMBERSHIPS,
    AccountMembership,
    DayCount,
    Segment,
    Subject,
)
from afterclose.segments.sql import Compiled
from afterclose.ui.lists import Option
from afterclose.ui.palette import Hit

MODELS: dict[str, type[Account] | type[Contact]] = {
    Subject.ACCOUNT: Account,
    Subject.CONTACT: Contact,
}


def segments(viewer: Actor) -> QuerySet[Segment]:
    """The segments that the viewer may use: shared ones, and their own."""
    require(viewer, Right.SEGMENTS_VIEW)
    if viewer.is_system:
        return Segment.objects.all()
    return Segment.objects.filter(Q(is_shared=True) | Q(owner_id=viewer.membership_id))


def segment(viewer: Actor, segment_id: int) -> Segment:
    """One of them; raises Http404."""
    found = segments(viewer).select_related("owner__person").filter(pk=segment_id).first()
    if found is None:
        raise Http404("There is no such segment.")
    return found


def may_change(viewer: Actor, found: Segment) -> bool:
    """Whether the viewer may change or delete it: its owner, or an admin where it is shared."""
    if not viewer.may(Right.SEGMENTS_EDIT):
        return False
    if viewer.is_system or found.owner_id == viewer.membership_id:
        return True
    return found.is_shared and (found.owner_id is None or viewer.may(Right.SETTINGS_EDIT))


def catalog_for(viewer: Actor, subject: str) -> Catalog:
    """What the viewer can ask about: what their role shows, and segments that they may use."""
    known = catalog(subject).for_viewer(viewer)

    @cache
    def usable(subject: str) -> list[Choice]:
        rows = segments(viewer).filter(subject=subject).order_by("name_key")
        return [Choice(key, name, name) for key, name in rows.values_list("id", "name")]

    fields = {
        key: replace(each, choices=partial(usable, each.subject)) if each.is_segment else each
        for key, each in known.fields.items()
    }
    return Catalog(fields, known.relations)


# -- who is in a segment


def resolve(segment_id: int) -> Inner | None:
    """Another segment's subject and condition, for one that names it; None if it is gone."""
    found = Segment.objects.filter(pk=segment_id).values_list("subject", "condition").first()
    if found is None:
        return None
    subject, condition = found
    return Inner(subject, conditions.read(condition, catalog(subject), strict=False))


def business_day(viewer: Actor) -> date:
    """The business's day, by which members are found; the viewer's own may be another one."""
    return clock.today_in(viewer.settings.time_zone)


def compiled(
    node: Node, subject: str, *, business_id: int, today: date, only: Sequence[int] | None = None
) -> Compiled:
    """The ids of the subjects that meet a condition today, as one SQL query.

    ``only`` asks about these subjects alone. Raises ConditionError.
    """
    known: dict[int, Inner | None] = {}

    def remembered(segment_id: int) -> Inner | None:
        if segment_id not in known:
            known[segment_id] = resolve(segment_id)
        return known[segment_id]

    zone = settings_of(business_id).time_zone
    limited = None if only is None else tuple(only)
    return compile_condition(node, subject, Setting(business_id, today, zone, remembered, limited))


def node_of(found: Segment) -> Node:
    """A segment's condition as a tree; raises ConditionError where a field is gone."""
    return conditions.read(found.condition, catalog(found.subject), strict=False)


def members_q(found: Segment, today: date) -> QuerySet[Any]:
    """The ids of the accounts (or contacts) that meet the segment's condition now, as a
    subquery: ``Account.objects.filter(id__in=members_q(segment, today))``.

    It asks the data, not the memberships of the last refresh. Raises ConditionError for a
    segment that names a field which is gone.
    """
    query = compiled(node_of(found), found.subject, business_id=found.business_id, today=today)
    rows = MODELS[found.subject]._default_manager.all()
    return rows.filter(id__in=query.as_expression()).values("id")


def contains(found: Segment, subject_id: int, today: date) -> bool:
    """Whether an account (or contact) meets the segment's condition now; raises
    ConditionError."""
    query = compiled(
        node_of(found),
        found.subject,
        business_id=found.business_id,
        today=today,
        only=[subject_id],
    )
    rows = MODELS[found.subject]._default_manager
    return rows.filter(id=subject_id, id__in=query.as_expression()).exists()


@dataclass(frozen=True, slots=True)
class Preview:
    """How many meet a condition that is not saved, and the first names."""

    count: int
    names: list[str]


def preview(viewer: Actor, node: Node, subject: str, today: date, *, names: int = 5) -> Preview:
    """Ask the data about a condition; raises ConditionError."""
    require(viewer, Right.SEGMENTS_VIEW)
    query = compiled(node, subject, business_id=viewer.business_id, today=today)
    rows = MODELS[subject]._default_manager.filter(id__in=query.as_expression())
    first = rows.order_by("name_key", "id").values_list("name", flat=True)[:names]
    return Preview(rows.count(), list(first))


# -- what happened


@dataclass(frozen=True, slots=True)
class Movement:
    """How many entered and left since a moment, by cause."""

    entered: int
    entered_by_definition: int
    left: int
    left_by_definition: int

    @property
    def entered_words(self) -> str:
        """How many of them because the condition was edited; empty for none."""
        return _by_definition(self.entered_by_definition)

    @property
    def left_words(self) -> str:
        """How many of them because the condition was edited; empty for none."""
        return _by_definition(self.left_by_definition)


def _by_definition(count: int) -> str:
    return f"{count:,} by editing the condition" if count else ""


def movement(found: Segment, since: datetime) -> Movement:
    """Entered and left since; somebody who did both counts in both."""
    rows = found.memberships
    came = rows.filter(entered_at__gte=since)
    went = rows.filter(left_at__gte=since)
    return Movement(
        came.count(),
        came.filter(cause="definition").count(),
        went.count(),
        went.filter(left_cause="definition").count(),
    )


def history(found: Segment, since: date) -> list[tuple[date, int]]:
    """How many were in it at the end of each day that it was refreshed on."""
    rows = DayCount.objects.filter(segment=found, on__gte=since).order_by("on")
    return list(rows.values_list("on", "members"))


def segments_using(found: Segment) -> QuerySet[Segment]:
    """The segments whose condition names it."""
    return Segment.objects.filter(uses__used=found).order_by("name_key")


# -- nesting


def check_nesting(node: Node, known: Catalog, segment_id: int | None) -> set[int]:
    """The ids of the segments that a condition names.

    Raises ConditionError when one of them, however deep, is the segment itself, or when the
    segments above and below it are more than three levels.
    """
    named = conditions.segments_in(node, known)
    level, below = named, 0
    while level and below <= NESTING:
        if segment_id in level:
            raise ConditionError("A segment cannot name itself, nor one that names it.")
        below += 1
        rows = Segment.objects.filter(used_by__user_id__in=level)
        level = set(rows.values_list("id", flat=True))
    if named and below + len(levels_above(segment_id)) > NESTING:
        raise ConditionError(f"Segments can be nested {NESTING} deep; this would be deeper.")
    return named


def levels_above(segment_id: int | None) -> list[set[int]]:
    """The ids of the segments that name it, of those that name these, and so on."""
    found: list[set[int]] = []
    level = set() if segment_id is None else {segment_id}
    while level and len(found) <= NESTING:
        rows = Segment.objects.filter(uses__used_id__in=level)
        level = set(rows.values_list("id", flat=True))
        if level:
            found.append(level)
    return found


# -- for other pages


def text_of(found: Segment) -> str:
    """The condition in words as things are called now; what was saved if a field is gone."""
    known = catalog(found.subject)
    try:
        return text.print_text(conditions.read(found.condition, known, strict=False), known)
    except ConditionError:
        return found.text


def segment_options(viewer: Actor, typed: str, limit: int) -> list[Option]:
    """The account segments that the viewer may filter by, whose name begins so."""
    rows = segments(viewer).filter(subject=Subject.ACCOUNT).order_by("name_key")
    key = typed.strip().lower()
    if key:
        rows = rows.filter(prefix("name_key", key))
    return [Option(str(key), name) for key, name in rows.values_list("id", "name")[:limit]]


def segment_labels(viewer: Actor, ids: Sequence[str]) -> dict[str, str]:
    """Names of segments by id."""
    rows = segments(viewer).filter(id__in=ids)
    return {str(key): name for key, name in rows.values_list("id", "name")}


def in_segments(ids: Sequence[str], viewer: Actor) -> Q:
    """The accounts that were in any of the segments at its last refresh, for a filter."""
    usable = segments(viewer).filter(id__in=[int(each) for each in ids])
    members = AccountMembership.objects.filter(
        segment__in=usable, account=OuterRef("pk"), left_at__isnull=True
    )
    return Q(Exists(members))


def memberships_of(viewer: Actor, subject: str, subject_id: int) -> list[Any]:
    """The viewer's segments that an account or contact was in at their last refresh, by name,
    each as its membership with ``segment``."""
    rows = MEMBERSHIPS[subject]._default_manager.filter(
        segment__in=segments(viewer), left_at__isnull=True, **{f"{subject}_id": subject_id}
    )
    return list(rows.select_related("segment").order_by("segment__name_key"))


def find_segments(viewer: Actor, typed: str, limit: int) -> list[Hit]:
    """Segments for the search box, by start of their name."""
    key = typed.strip().lower()
    if not key or not viewer.may(Right.SEGMENTS_VIEW):
        return []
    rows = segments(viewer).filter(prefix("name_key", key))
    found = rows.order_by("name_key").values_list("id", "name", "members")[:limit]
    return [
        Hit(name, f"/segments/{key}/", f"{members:,} members", "filter", "Segments")
        for key, name, members in found
    ]
