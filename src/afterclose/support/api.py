"""Tickets in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import Named, Out
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ApiRouter
from afterclose.support.lists import TicketList

router = ApiRouter()


class TicketOut(Out):
    """A support ticket; satisfaction is from 1 to 5."""

    id: int
    external_id: str | None
    account: Named | None
    requester_email: str
    subject: str
    priority: Literal["low", "normal", "high", "urgent"]
    opened_at: datetime
    solved_at: datetime | None
    first_response_minutes: int | None
    reopened_count: int
    satisfaction: float | None
    was_escalated: bool


PLAIN = (
    "id", "external_id", "requester_email", "subject", "priority", "opened_at", "solved_at",
    "first_response_minutes", "reopened_count", "was_escalated",
)  # fmt: skip


def _build(row: Mapping[str, Any]) -> TicketOut:
    account = None
    if row["account_id"]:
        account = Named.model_construct(id=row["account_id"], name=row["account__name"])
    satisfaction = row["satisfaction"]
    return TicketOut.model_construct(
        **{name: row[name] for name in PLAIN},
        account=account,
        satisfaction=None if satisfaction is None else float(satisfaction),
    )


list_operation(
    router,
    "/tickets",
    TicketList,
    right=Right.ACCOUNTS_VIEW,
    out=TicketOut,
    paths=(*PLAIN, "account_id", "account__name", "satisfaction"),
    build=_build,
    operation_id="list_tickets",
    example={
        "id": 9, "external_id": "4711", "account": {"id": 17, "name": "Globex"},
        "requester_email": "ada@globex.example", "subject": "Export fails", "priority": "high",
        "opened_at": "2026-03-02T09:00:00Z", "solved_at": None, "first_response_minutes": 14,
        "reopened_count": 0, "satisfaction": None, "was_escalated": False,
    },
)  # fmt: skip
