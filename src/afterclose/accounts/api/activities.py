"""The timeline of an account in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils import timezone
from ninja import Path, Query
from pydantic import Field

from afterclose.accounts import actions, queries
from afterclose.accounts.models import Contact, Event
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import (
    BIGGEST,
    LEFT_OUT,
    AddressId,
    Id,
    In,
    Instant,
    Named,
    Out,
    Page,
    filled,
    up_to,
)
from afterclose.businesses.rest.router import ApiRequest, ApiRouter
from afterclose.kit.paging import BadCursor, decode_cursor, encode_cursor
from afterclose.kit.problems import Problem

router = ApiRouter()

CONTACT = Contact._meta.label_lower
ActivityKind = Literal["email", "call", "meeting", "note"]


class ActivityOut(Out):
    """One fact on an account's timeline."""

    id: int
    account_id: int
    contact_id: int | None = Field(
        description="The contact that it was done with, if one is noted."
    )
    kind: str = Field(
        description="email, call, meeting or note; else noun.verb, such as stage.changed."
    )
    title: str
    body: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    mentions: list[Named]


class ActivityNew(In):
    """Something a person did or wants to remember."""

    kind: ActivityKind
    title: Annotated[str, filled(300)]
    body: Annotated[str, up_to(50_000)] = ""
    occurred_at: Instant | None = Field(None, description="Empty: now. Not in the future.")
    contact_id: Id | None = Field(
        None, description="A contact of the account; it then is on their page too."
    )
    mention_ids: list[Id] = Field([], max_length=50, description="Members to tell, from /members.")


class ActivityQuery(In):
    """Which facts."""

    kind: Literal["email", "call", "meeting", "note", "system"] = Field(
        LEFT_OUT, description="Only of this kind; system is what the product noted by itself."
    )
    limit: int = Field(20, ge=1, le=100)
    cursor: Annotated[str, filled(1000)] = Field(
        LEFT_OUT, description="`next_cursor` of the page before."
    )


ACTIVITY = {
    "id": 501, "account_id": 17, "contact_id": 311, "kind": "call", "title": "Quarterly review",
    "body": "They want SSO before renewal.", "actor": "API key: Zapier",
    "occurred_at": "2026-03-02T14:00:00Z", "recorded_at": "2026-03-02T14:31:00Z", "mentions": [],
}  # fmt: skip


def _activity(event: Event) -> ActivityOut:
    return ActivityOut.model_construct(
        id=event.id,
        account_id=event.account_id,
        contact_id=event.subject_id if event.subject_type == CONTACT else None,
        kind=event.kind.removeprefix("activity."),
        title=event.title,
        body=event.body,
        actor=event.actor_name,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        mentions=[
            Named.model_construct(id=each.member_id, name=str(each.member))
            for each in event.mentions.all()
        ],
    )


@router.operation(
    "GET",
    "/accounts/{account_id}/activities",
    right=Right.ACCOUNTS_VIEW,
    returns=Page[ActivityOut],
    example={"items": [ACTIVITY], "next_cursor": None},
)
def list_activities(
    request: ApiRequest, account_id: Path[AddressId], query: Query[ActivityQuery]
) -> Page[ActivityOut]:
    """Read an account's timeline, newest first."""
    queries.account(request.viewer, account_id)
    before = _place(query.cursor) if query.cursor else None
    events, more = queries.timeline(
        request.viewer, account_id, kind=query.kind or "", before=before, limit=query.limit
    )
    cursor = encode_cursor([events[-1].occurred_at, events[-1].id]) if more else None
    return Page[ActivityOut].model_construct(
        items=[_activity(event) for event in events], next_cursor=cursor
    )


def _place(cursor: str) -> tuple[datetime, int]:
    try:
        at, key = decode_cursor(cursor, length=2)
    except BadCursor:
        at, key = None, None
    if not isinstance(at, datetime) or not isinstance(key, int) or abs(key) > BIGGEST:
        raise Problem(404, "There is no such page. Start again without the cursor.")
    return at, key


@router.operation(
    "POST",
    "/accounts/{account_id}/activities",
    right=Right.ACCOUNTS_EDIT,
    returns=ActivityOut,
    status=201,
    example=ACTIVITY,
    takes={
        "kind": "call",
        "contact_id": 311,
        "title": "Quarterly review",
        "body": "They want SSO before renewal.",
    },
)
def log_activity(
    request: ApiRequest, account_id: Path[AddressId], body: ActivityNew
) -> ActivityOut:
    """Put a call, meeting, e-mail or note on the timeline.

    Members named with @ in the body are told, as are those in `mention_ids`.
    """
    queries.account(request.viewer, account_id)
    event = actions.log_activity(
        actor=request.viewer,
        at=timezone.now(),
        account_id=account_id,
        kind=f"activity.{body.kind}",
        title=body.title,
        body=body.body,
        occurred_at=body.occurred_at,
        mention=body.mention_ids,
        contact_id=body.contact_id,
    )
    return _activity(event)
