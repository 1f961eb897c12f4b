"""Segments in the API, by their text form; who is in one: ``/accounts?segment=<id>``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from ninja import Path
from pydantic import Field

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest import etags
from afterclose.businesses.rest.fields import AddressId, In, Out, filled, up_to
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ROOT, ApiRequest, ApiRouter, Created
from afterclose.segments import actions, conditions, queries, text
from afterclose.segments.conditions import ConditionError, Node
from afterclose.segments.lists import SegmentList
from afterclose.segments.models import Segment

router = ApiRouter()
SubjectName = Literal["account", "contact"]
Condition = Annotated[str, filled(5000)]


class SegmentOut(Out):
    """A saved condition and how many meet it."""

    id: int
    name: str
    description: str
    subject: SubjectName
    text: str = Field(description="The condition, as people write it.")
    members: int = Field(description="How many were in it at `refreshed_at`.")
    refreshed_at: datetime | None
    is_counting: bool = Field(
        description="The condition has changed and its members are still being found."
    )
    problem: str = Field(description="Why it cannot be evaluated; empty when it can.")
    is_shared: bool
    created_at: datetime
    updated_at: datetime


PATHS = (
    "id", "name", "description", "subject", "text", "members", "refreshed_at",
    "is_counting", "problem", "is_shared", "created_at", "updated_at",
)  # fmt: skip


class SegmentNew(In):
    """A condition to save; everybody may use it."""

    name: Annotated[str, filled(100)]
    subject: SubjectName = "account"
    text: Condition = Field(description="The condition, as in the text form of the builder.")
    description: Annotated[str, up_to(300)] = ""


class SegmentPatch(In):
    """What to change of a segment; what is left out stays."""

    name: Annotated[str, filled(100)] = "unchanged"
    text: Condition = "unchanged"
    description: Annotated[str, up_to(300)] = ""


class Asked(In):
    """A condition to try."""

    subject: SubjectName = "account"
    text: Condition


class PreviewOut(Out):
    """How many meet a condition now, and the first names."""

    count: int
    names: list[str]


SEGMENT = {
    "id": 3, "name": "Active in the US", "description": "", "subject": "account",
    "text": "stage is Active", "members": 212, "refreshed_at": "2026-03-02T06:00:00Z",
    "is_counting": False, "problem": "", "is_shared": True, "created_at": "2026-01-05T09:00:00Z",
    "updated_at": "2026-01-05T09:00:00Z",
}  # fmt: skip


def _build(row: Mapping[str, Any]) -> SegmentOut:
    return SegmentOut.model_construct(**{name: row[name] for name in PATHS})


list_operation(
    router,
    "/segments",
    SegmentList,
    right=Right.SEGMENTS_VIEW,
    out=SegmentOut,
    paths=PATHS,
    build=_build,
    example=SEGMENT,
    operation_id="list_segments",
)


def _segment(viewer: Actor, segment_id: int) -> SegmentOut:
    row = queries.segments(viewer).filter(pk=segment_id).values(*PATHS).first()
    if row is None:
        raise Http404
    return _build(row)


@contextmanager
def _as_conflict() -> Iterator[None]:
    """What cannot be asked here: a field, tag or segment that is not there, a word too many."""
    try:
        yield
    except ConditionError as problem:
        raise ValidationError({"text": str(problem)}) from problem
    except actions.SegmentInUse as problem:
        raise ValidationError(str(problem)) from problem


def _node(viewer: Actor, subject: str, written: str) -> Node:
    return text.parse(written, queries.catalog_for(viewer, subject))


@router.operation(
    "POST",
    "/segments",
    right=Right.SEGMENTS_EDIT,
    returns=SegmentOut,
    status=201,
    example=SEGMENT,
    takes={"name": "Active in the US", "text": "stage is Active"},
)
def create_segment(request: ApiRequest, body: SegmentNew) -> Created:
    """Save a condition as a segment."""
    viewer = request.viewer
    with _as_conflict():
        made = actions.create_segment(
            actor=viewer,
            at=timezone.now(),
            name=body.name,
            subject=body.subject,
            description=body.description,
            condition=conditions.write(_node(viewer, body.subject, body.text)),
        )
    return Created(_segment(viewer, made.pk), f"{ROOT}/segments/{made.pk}")


@router.operation(
    "GET",
    "/segments/{segment_id}",
    right=Right.SEGMENTS_VIEW,
    returns=SegmentOut,
    example=SEGMENT,
    cached=True,
)
def get_segment(request: ApiRequest, segment_id: Path[AddressId]) -> SegmentOut:
    """Read a segment; its members are `/accounts?segment=` or `/contacts?segment=` its id."""
    return _segment(request.viewer, segment_id)


@router.operation(
    "PATCH",
    "/segments/{segment_id}",
    right=Right.SEGMENTS_EDIT,
    returns=SegmentOut,
    example=SEGMENT,
    takes={"description": "For the spring campaign."},
)
def change_segment(
    request: ApiRequest, segment_id: Path[AddressId], body: SegmentPatch
) -> SegmentOut:
    """Change a segment's name, description or condition."""
    viewer = request.viewer
    etags.lock(request, Segment.objects.filter(pk=segment_id))
    now = _segment(viewer, segment_id)
    etags.require_match(request, now)
    values = body.model_dump(exclude_unset=True)
    with _as_conflict():
        if "text" in values:
            values["condition"] = conditions.write(_node(viewer, now.subject, values.pop("text")))
        actions.change_segment(actor=viewer, at=timezone.now(), segment_id=segment_id, **values)
    return _segment(viewer, segment_id)


@router.operation(
    "DELETE", "/segments/{segment_id}", right=Right.SEGMENTS_EDIT, returns=None, status=204
)
def delete_segment(request: ApiRequest, segment_id: Path[AddressId]) -> None:
    """Delete a segment that nothing else names."""
    with _as_conflict():
        actions.delete_segment(actor=request.viewer, at=timezone.now(), segment_id=segment_id)


@router.operation(
    "POST",
    "/segment-previews",
    right=Right.SEGMENTS_VIEW,
    returns=PreviewOut,
    example={"count": 212, "names": ["Globex"]},
    takes={"text": "stage is Active"},
)
def preview_segment(request: ApiRequest, body: Asked) -> PreviewOut:
    """Try a condition without saving it."""
    with _as_conflict():
        found = queries.preview(
            request.viewer,
            _node(request.viewer, body.subject, body.text),
            body.subject,
            queries.business_day(request.viewer),
        )
    return PreviewOut(count=found.count, names=found.names)
