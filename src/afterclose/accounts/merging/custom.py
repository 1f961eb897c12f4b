"""Custom fields of two accounts, or contacts, side by side, and which values the merged one has
(CS-6). Values of deleted fields and choices are not shown; the engine moves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from afterclose.accounts.custom_fields.models import Kind, Subject
from afterclose.accounts.custom_fields.queries import VALUES, current, held, stored
from afterclose.accounts.custom_fields.rules import columns_of, value_of, words
from afterclose.accounts.merging.engine import Engine
from afterclose.accounts.merging.fields import Compared, Side
from afterclose.accounts.models import Account, Contact


def compare_custom(winner: Account | Contact, loser: Account | Contact) -> list[Compared]:
    """Every custom field, called ``cf_…``; the winner's value is suggested unless it has none."""
    known = current(_subject(winner))
    rows = stored(_subject(winner), [winner.pk, loser.pk], known)
    found: list[Compared] = []
    for each in known:
        ours = value_of(each, rows.get((winner.pk, each.id), ()))
        theirs = value_of(each, rows.get((loser.pk, each.id), ()))
        side: Side = "loser" if ours is None else "winner"
        found.append(Compared(each.name, each.label, ours, theirs, side, (winner, loser), each))
    return found


def settle_custom(
    engine: Engine,
    winner: Account | Contact,
    loser: Account | Contact,
    sides: Mapping[str, Side],
) -> dict[str, Any]:
    """Have the winner's and the loser's rows hold what was chosen, before the engine brings them
    together: it keeps the winner's where both have one, and moves the others. Returns, for the
    audit log, the values that are new to the winner. Raises ValidationError where a required
    field would become empty."""
    values = VALUES[_subject(winner)].objects
    told: dict[str, Any] = {}
    for fact in compare_custom(winner, loser):
        field, side = fact.definition, sides.get(fact.name, fact.suggested)
        if field is None or not fact.differs:
            continue
        stays = fact.winner if side == "winner" else fact.loser
        if stays is None and field.is_required:
            raise ValidationError(f"{field.label} is required. Choose the value that is there.")
        if side == "winner":
            _drop(engine, values.filter(held(field), subject_id=loser.pk))
            continue
        told[fact.name] = words(field, stays)
        rows = columns_of(field, stays)
        if field.kind is Kind.CHOICES or not rows:
            kept = [row["choice_id"] for row in rows]
            ours = values.filter(held(field), subject_id=winner.pk)
            _drop(engine, ours.exclude(choice_id__in=kept))
        else:
            # Changed in place, so that an undo leaves what somebody writes there later.
            ours = values.filter(field_id=field.id, subject_id=winner.pk)
            engine.change(values.model, list(ours.values_list("pk", flat=True)), rows[0])
    return told


def _drop(engine: Engine, rows: QuerySet[Any]) -> None:
    if ids := list(rows.values_list("pk", flat=True)):
        engine.remove(rows.model, ids)


def _subject(row: Account | Contact) -> Subject:
    return Subject.CONTACT if isinstance(row, Contact) else Subject.ACCOUNT
