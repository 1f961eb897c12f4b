"""Writes of values: set-wise, for one subject from a form or thousands from a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.custom_fields.queries import SUBJECTS, VALUES, fields, stored
from afterclose.accounts.custom_fields.rules import (
    Definition,
    check_all,
    columns_of,
    value_of,
    words,
)
from afterclose.accounts.imports import bulk
from afterclose.accounts.models import Account, Contact
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

Values = Mapping[str, Any]
#: How many subjects one call changes with an audit entry each.
MOST_AT_ONCE = 1_000


@transaction.atomic
def set_values(
    *,
    actor: Actor,
    at: datetime,
    subject: Subject | str,
    values: Mapping[int, Values],
    complete: bool = False,
) -> int:
    """Set values of up to 1,000 accounts or contacts: id to key to value, None to empty one.

    ``complete`` says that what is not given is meant to be empty, so required fields must be
    there. Nothing is written where nothing differs; the rest has an audit entry each. Returns
    how many changed. Raises ValidationError by field name (``cf_…``).
    """
    require(actor, Right.ACCOUNTS_EDIT)
    if len(values) > MOST_AT_ONCE:
        raise ValueError(f"At most {MOST_AT_ONCE} subjects at once; this is {len(values)}.")
    known = fields(actor, subject)
    checked: dict[int, Values] = {}
    wrong: dict[str, str] = {}
    for each, given in values.items():
        checked[each], faults = check_all(known, given, complete=complete)
        wrong |= faults
    if wrong:
        raise ValidationError(dict(wrong))
    subjects: QuerySet[Account] | QuerySet[Contact] = SUBJECTS[Subject(subject)].objects.all()
    found = {
        row.pk: row
        for row in subjects.select_for_update(of=("self",))
        .filter(pk__in=list(values))
        .order_by("pk")
    }
    changes = write(
        subject=Subject(subject),
        known=known,
        values={each: given for each, given in checked.items() if each in found},
        at=at,
    )
    audit.record_many(
        f"{Subject(subject)}.changed",
        actor=actor,
        at=at,
        changes=[
            (
                found[each],
                {one.label: [words(one, old), words(one, new)] for one, old, new in differing},
            )
            for each, differing in changes.items()
        ],
    )
    subjects.filter(pk__in=list(changes)).update(updated_at=at)
    return len(changes)


Change = tuple[Definition, Any, Any]


def write(
    *,
    subject: Subject,
    known: tuple[Definition, ...],
    values: Mapping[int, Values],
    at: datetime,
) -> dict[int, list[Change]]:
    """Write checked values by id and key, whatever differs; three statements for all of them.

    The caller holds the right, a transaction and the subjects' locks, and audits. Returns what
    changed by id. Values of deleted choices stay unless another one takes their place.
    """
    by_key = {each.key: each for each in known}
    named = {key for given in values.values() for key in given}
    held = stored(subject, values.keys(), [by_key[key] for key in named])
    changes: dict[int, list[Change]] = {}
    gone: list[int] = []
    fresh: list[dict[str, Any]] = []
    for each, given in values.items():
        for key, value in given.items():
            one = by_key[key]
            rows = held.get((each, one.id), [])
            before = value_of(one, rows)
            if before == value:
                continue
            changes.setdefault(each, []).append((one, before, value))
            wanted = {row["slot"]: row for row in columns_of(one, value)}
            live = {choice.id for choice in one.choices}
            for row in rows:
                keeps = row.slot in wanted and row.slot != 0
                hidden = one.kind.has_choices and row.choice_id not in live
                if keeps:
                    del wanted[row.slot]
                elif not hidden or (row.slot == 0 and wanted):
                    gone.append(row.id)
            fresh += [{**row, "subject_id": each} for row in wanted.values()]
    if gone:
        VALUES[subject].objects.filter(id__in=bulk.among_ids(gone)).delete()
    bulk.insert(VALUES[subject], fresh, at=at)
    return changes
