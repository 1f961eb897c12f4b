"""What a receiver gets: version 1 of the body, from a fact as it was recorded.

Only what the fact itself holds: no look-ups of contacts or money, no secrets. A change that
could break a receiver makes a new version; a new field does not.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from afterclose.accounts.models import Event

VERSION = 1
#: Keys of a fact's details that never leave, should anybody record one.
_SECRET = ("password", "secret", "token", "api_key", "private_key")


def of_event(event: Event) -> dict[str, Any]:
    """The body for a fact; the caller has its account loaded with it."""
    account = event.account
    return _body(
        kind=event.kind,
        at=event.occurred_at,
        data={
            "id": event.id,
            "title": event.title,
            "body": event.body,
            "account": None
            if account is None
            else {"id": account.id, "external_id": account.external_id, "name": account.name},
            "actor": {"name": event.actor_name, "member_id": event.by_id},
            "subject": {"type": event.subject_type, "id": event.subject_id}
            if event.subject_type
            else None,
            "details": without_secrets(event.payload),
            "recorded_at": instant(event.recorded_at),
        },
    )


def of_test(*, at: datetime) -> dict[str, Any]:
    """The body of a test, which is about nothing."""
    return _body(
        kind="webhook.test",
        at=at,
        data={
            "id": None,
            "title": "This is a test of your webhook",
            "body": "",
            "account": None,
            "actor": {"name": "Afterclose", "member_id": None},
            "subject": None,
            "details": {},
            "recorded_at": instant(at),
        },
    )


def encoded(body: dict[str, Any]) -> bytes:
    """The bytes that are signed and sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def instant(at: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def without_secrets(value: Any) -> Any:
    """The same JSON without keys that sound like a secret."""
    if isinstance(value, dict):
        return {
            key: without_secrets(each)
            for key, each in value.items()
            if not any(word in str(key).lower() for word in _SECRET)
        }
    return [without_secrets(each) for each in value] if isinstance(value, list) else value


def _body(*, kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "timestamp": instant(at), "data": {"version": VERSION, **data}}
