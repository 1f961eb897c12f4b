"""The audit log: who changed what, when, from what to what (OP-7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry

LABEL_LENGTH = 200


def record(
    verb: str,
    *,
    actor: Actor,
    at: datetime,
    subject: models.Model | None = None,
    subject_type: str = "",
    label: str = "",
    changes: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry, in the transaction of the change itself.

    ``verb`` is ``noun.verb`` (``member.role_changed``); ``changes`` maps a field to
    ``[from, to]``, or a fact to its value. ``subject`` gives type, id and label; what has no
    row of its own (an export, a set of settings) names its ``subject_type`` and ``label``.
    """
    return AuditEntry.objects.create(
        at=at,
        person=actor.person,
        actor_name=actor.name[:150],
        verb=verb,
        subject_type=subject._meta.label_lower if subject is not None else subject_type,
        subject_id=subject.pk if subject is not None else None,
        subject_label=(label or (str(subject) if subject is not None else ""))[:LABEL_LENGTH],
        changes={key: plain(value) for key, value in (changes or {}).items()},
    )


def record_many(
    verb: str,
    *,
    actor: Actor,
    at: datetime,
    changes: Iterable[tuple[models.Model, Mapping[str, Any]]],
) -> None:
    """Write an entry per subject in a few statements, for what is done to many rows at once."""
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                at=at,
                person=actor.person,
                actor_name=actor.name[:150],
                verb=verb,
                subject_type=subject._meta.label_lower,
                subject_id=subject.pk,
                subject_label=str(subject)[:LABEL_LENGTH],
                changes={key: plain(value) for key, value in what.items()},
            )
            for subject, what in changes
        ),
        batch_size=1000,
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs, as field to [from, to]; fields that only one side has count as None."""
    keys = [*before, *(key for key in after if key not in before)]
    return {
        key: [plain(before.get(key)), plain(after.get(key))]
        for key in keys
        if before.get(key) != after.get(key)
    }


def plain(value: Any) -> Any:
    """A value as JSON can hold it; decimals and dates as text, so that nothing is rounded."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, models.Model):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
