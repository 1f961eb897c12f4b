"""Merging accounts, or contacts, in the API: the comparison, the merge, its undo (CS-11)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.utils import timezone
from ninja import Path, Query
from pydantic import Field

from afterclose.accounts.api import extras
from afterclose.accounts.merging import actions, queries
from afterclose.accounts.merging.fields import Compared, Side
from afterclose.accounts.merging.kinds import ACCOUNTS, CONTACTS, Kind, kind_of
from afterclose.accounts.merging.models import Merge
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import (
    BIGGEST,
    LEFT_OUT,
    AddressId,
    Id,
    In,
    Named,
    Out,
    Page,
    filled,
    up_to,
)
from afterclose.businesses.rest.router import ROOT, ApiRequest, ApiRouter, Created
from afterclose.kit.paging import BadCursor, decode_cursor, encode_cursor
from afterclose.kit.problems import Problem

router = ApiRouter()


class FactOut(Out):
    """One fact of both."""

    name: str = Field(description="A field such as name, or custom.<key>.")
    label: str
    winner: Any
    loser: Any
    suggested: Side = Field(description="Whose value stays unless you say otherwise.")


class FollowsOut(Out):
    """Rows that follow the winner."""

    label: str
    rows: int
    meeting: int = Field(description="How many of them become one with a row there already.")


class MergePreview(Out):
    """What a merge would do."""

    winner_id: int
    loser_id: int
    facts: list[FactOut]
    follows: list[FollowsOut]
    problem: str = Field(description="Why the two cannot be merged; empty where they can.")


class MergeNew(In):
    """Which one goes, and what stays of it."""

    loser_id: Id
    keep: dict[Annotated[str, up_to(70)], Side] = Field(
        {},
        max_length=200,
        description="Whose value stays, by the names of the preview; what is left out is as"
        " suggested there.",
        # Otherwise a name that does not fit the pattern may have any value by the document.
        json_schema_extra={"additionalProperties": False},
    )


class MergeOut(Out):
    """That two became one."""

    id: int
    kind: Literal["account", "contact"]
    winner_id: int
    winner_name: str
    loser_id: int
    loser_name: str
    rows: int = Field(description="How many rows followed.")
    at: datetime
    by: Named | None = Field(description="The member who did it; null for a program.")
    undoable_until: datetime
    undone_at: datetime | None
    undone_by: Named | None


class MergeQuery(In):
    """Which merges."""

    kind: Literal["account", "contact"] = Field(LEFT_OUT, description="Only of these.")
    state: Literal["undoable", "undone"] = Field(
        LEFT_OUT, description="Only those that can still be undone, or that were."
    )
    limit: int = Field(50, ge=1, le=100)
    cursor: Annotated[str, filled(200)] = Field(
        LEFT_OUT, description="`next_cursor` of the page before."
    )


MERGE = {
    "id": 5, "kind": "account", "winner_id": 17, "winner_name": "Globex", "loser_id": 21,
    "loser_name": "Globex Inc", "rows": 48, "at": "2026-03-02T14:12:07Z",
    "by": {"id": 3, "name": "Dana Reyes"}, "undoable_until": "2026-04-01T14:12:07Z",
    "undone_at": None, "undone_by": None,
}  # fmt: skip
PREVIEW = {
    "winner_id": 17,
    "loser_id": 21,
    "facts": [
        {"name": "name", "label": "Name", "winner": "Globex", "loser": "Globex Inc",
         "suggested": "winner"},
        {"name": "custom.contract_tier", "label": "Contract tier", "winner": None,
         "loser": "gold", "suggested": "loser"},
    ],
    "follows": [{"label": "Contacts", "rows": 4, "meeting": 1}],
    "problem": "",
}  # fmt: skip
TAKES = {"loser_id": 21, "keep": {"name": "winner"}}


@router.operation(
    "GET",
    "/accounts/{account_id}/merge/{loser_id}",
    right=Right.ACCOUNTS_EDIT,
    returns=MergePreview,
    example=PREVIEW,
)
def preview_account_merge(
    request: ApiRequest, account_id: Path[AddressId], loser_id: Path[AddressId]
) -> MergePreview:
    """Compare two accounts before they are merged."""
    return _preview(request.viewer, ACCOUNTS, account_id, loser_id)


@router.operation(
    "POST",
    "/accounts/{account_id}/merge",
    right=Right.ACCOUNTS_EDIT,
    returns=MergeOut,
    status=201,
    example=MERGE,
    takes=TAKES,
)
def merge_account(request: ApiRequest, account_id: Path[AddressId], body: MergeNew) -> Created:
    """Merge another account into this one.

    This one takes over everything that belongs to the other, which goes; its external id finds
    this one from then on. It can be undone for 30 days.
    """
    return _merge(request.viewer, ACCOUNTS, account_id, body)


@router.operation(
    "GET",
    "/contacts/{contact_id}/merge/{other_contact_id}",
    right=Right.ACCOUNTS_EDIT,
    returns=MergePreview,
    example=PREVIEW,
)
def preview_contact_merge(
    request: ApiRequest, contact_id: Path[AddressId], other_contact_id: Path[AddressId]
) -> MergePreview:
    """Compare two contacts before they are merged.

    They may be at two accounts: account_id is one of the facts.
    """
    return _preview(request.viewer, CONTACTS, contact_id, other_contact_id)


@router.operation(
    "POST",
    "/contacts/{contact_id}/merge",
    right=Right.ACCOUNTS_EDIT,
    returns=MergeOut,
    status=201,
    example=MERGE | {"kind": "contact", "winner_name": "Ada Lind", "loser_name": "A. Lind"},
    takes=TAKES,
)
def merge_contact(request: ApiRequest, contact_id: Path[AddressId], body: MergeNew) -> Created:
    """Merge another contact into this one.

    This one takes over everything that was noted about the other, who goes. It can be undone for
    30 days.
    """
    return _merge(request.viewer, CONTACTS, contact_id, body)


@router.operation(
    "GET",
    "/merges",
    right=Right.ACCOUNTS_VIEW,
    returns=Page[MergeOut],
    example={"items": [MERGE], "next_cursor": None},
)
def list_merges(request: ApiRequest, query: Query[MergeQuery]) -> Page[MergeOut]:
    """List merges of accounts and of contacts, the newest first."""
    found, more = queries.latest(
        request.viewer,
        timezone.now(),
        kind=query.kind or "",
        state=query.state or "",
        before=_before(query.cursor),
        limit=query.limit,
    )
    cursor = encode_cursor([found[-1].pk]) if more else None
    return Page[MergeOut](items=[_merge_out(each) for each in found], next_cursor=cursor)


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        [key] = decode_cursor(cursor, length=1)
    except BadCursor:
        key = None
    if not isinstance(key, int) or isinstance(key, bool) or abs(key) > BIGGEST:
        raise Problem(404, "There is no such page. Start again without the cursor.")
    return key


@router.operation(
    "GET",
    "/merges/{merge_id}",
    right=Right.ACCOUNTS_VIEW,
    returns=MergeOut,
    example=MERGE,
)
def get_merge(request: ApiRequest, merge_id: Path[AddressId]) -> MergeOut:
    """Read a merge."""
    return _merge_out(queries.merge(request.viewer, merge_id))


@router.operation(
    "POST",
    "/merges/{merge_id}/undo",
    right=Right.ACCOUNTS_EDIT,
    returns=MergeOut,
    example=MERGE
    | {"undone_at": "2026-03-03T08:00:00Z", "undone_by": {"id": 4, "name": "Lee Ono"}},
)
def undo_merge(request: ApiRequest, merge_id: Path[AddressId]) -> MergeOut:
    """Take two accounts, or contacts, apart again.

    Both are as they were; what came since stays with the winner. Merges on top of one another
    are undone in reverse order.
    """
    queries.merge(request.viewer, merge_id)
    actions.undo_merge(actor=request.viewer, at=timezone.now(), merge_id=merge_id)
    return _merge_out(queries.merge(request.viewer, merge_id))


def _preview(viewer: Actor, kind: Kind, winner_id: int, loser_id: int) -> MergePreview:
    shown = queries.preview(viewer, kind, winner_id, loser_id)
    return MergePreview(
        winner_id=winner_id,
        loser_id=loser_id,
        facts=[_fact_out(fact) for fact in shown.facts],
        follows=[
            FollowsOut(label=each.label, rows=each.rows, meeting=each.meeting)
            for each in shown.follows
        ],
        problem=shown.problem,
    )


def _merge(viewer: Actor, kind: Kind, winner_id: int, body: MergeNew) -> Created:
    kind.read(viewer, winner_id)
    if not kind.model._default_manager.filter(pk=body.loser_id).exists():
        raise ValidationError({"loser_id": f"There is no {kind.noun} with this id."})
    shown = queries.preview(viewer, kind, winner_id, body.loser_id)
    names = {_name(fact): fact.name for fact in shown.facts}
    if unknown := {name: "There is no such fact." for name in body.keep if name not in names}:
        raise ValidationError({f"keep.{name}": said for name, said in unknown.items()})
    made = kind.merge(
        actor=viewer,
        at=timezone.now(),
        winner_id=winner_id,
        loser_id=body.loser_id,
        sides={names[name]: side for name, side in body.keep.items()},
    )
    return Created(_merge_out(queries.merge(viewer, made.pk)), f"{ROOT}/merges/{made.pk}")


def _name(fact: Compared) -> str:
    return fact.name if fact.definition is None else f"custom.{fact.definition.key}"


def _fact_out(fact: Compared) -> FactOut:
    winner, loser = fact.winner, fact.loser
    if fact.definition is not None:
        winner, loser = (extras.to_json(fact.definition, value) for value in (winner, loser))
    return FactOut(
        name=_name(fact), label=fact.label, winner=winner, loser=loser, suggested=fact.suggested
    )


def _merge_out(merge: Merge) -> MergeOut:
    return MergeOut(
        id=merge.pk,
        kind=kind_of(merge).noun,
        winner_id=merge.stays.pk,
        winner_name=merge.stays.name,
        loser_id=merge.loser_id,
        loser_name=merge.loser_name,
        rows=merge.rows,
        at=merge.at,
        by=_member(merge.by),
        undoable_until=merge.at + actions.UNDOABLE_FOR,
        undone_at=merge.undone_at,
        undone_by=_member(merge.undone_by),
    )


def _member(one: Membership | None) -> Named | None:
    return None if one is None else Named(id=one.pk, name=str(one))
