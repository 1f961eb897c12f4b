"""The audit log in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from afterclose.businesses.lists import AuditList
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import Out
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ApiRouter

router = ApiRouter()


class AuditEntryOut(Out):
    """Who changed what, when, from what to what."""

    id: int
    at: datetime
    actor: str
    verb: str
    subject_type: str
    subject_id: int | None
    subject_label: str
    changes: dict[str, Any] = Field(description="Field to [from, to], or facts about the act.")


PLAIN = ("id", "at", "verb", "subject_type", "subject_id", "subject_label", "changes")


def _build(row: Mapping[str, Any]) -> AuditEntryOut:
    return AuditEntryOut.model_construct(
        **{name: row[name] for name in PLAIN}, actor=row["actor_name"]
    )


list_operation(
    router,
    "/audit-entries",
    AuditList,
    right=Right.AUDIT_VIEW,
    out=AuditEntryOut,
    paths=(*PLAIN, "actor_name"),
    build=_build,
    operation_id="list_audit_entries",
    # Its values are the verbs that the log of a business has, which one document for all cannot
    # name; one that the log does not have answers 422, as it is named as wrong on the screen.
    leave_out=("verb",),
    example={
        "id": 901, "at": "2026-03-02T09:00:00Z", "actor": "API key: Zapier",
        "verb": "account.changed", "subject_type": "accounts.account", "subject_id": 17,
        "subject_label": "Globex", "changes": {"plan": ["Pro", "Enterprise"]},
    },
)  # fmt: skip
