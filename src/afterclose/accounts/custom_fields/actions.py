"""Writes of definitions and choices: each one verb, for admins, audited (CS-6).

Deleting keeps the values for 30 days, out of sight; restoring brings them back as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.text import slugify

from afterclose.accounts import uses
from afterclose.accounts.custom_fields.models import (
    KEY_LENGTH,
    LABEL_LENGTH,
    CustomChoice,
    CustomField,
    Kind,
    Subject,
)
from afterclose.accounts.custom_fields.queries import KEPT_FOR, VALUES
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

MOST_FIELDS = 100
MOST_CHOICES = 200
PURGE_BATCH = 5_000
# Filters, imports and forms add these to a field's name, so no key may be another's and one.
_ENDINGS = ("_min", "_max", "_from", "_to", "_currency", "_0", "_1")
# In an address it stands for "no value".
_RESERVED = {"none"}


@transaction.atomic
def define_field(
    *,
    actor: Actor,
    at: datetime,
    subject: Subject | str,
    label: str,
    kind: Kind | str,
    help: str = "",  # noqa: A002  # the column's name, and the word that admins see
    is_required: bool = False,
    choices: Iterable[str] = (),
    is_sample: bool = False,
) -> CustomField:
    """Define a field at the end of the list, with choices given by their labels.

    The key follows from the label once and stays. Raises ValidationError for ``label``,
    ``kind``, ``subject`` or ``choices``.
    """
    require(actor, Right.SETTINGS_EDIT)
    if subject not in Subject.values:
        raise ValidationError({"subject": "Fields are about an account or a contact."})
    if kind not in Kind.values:
        raise ValidationError({"kind": "Choose one of the types."})
    known = list(_locked(subject))
    if sum(each.archived_at is None for each in known) >= MOST_FIELDS:
        raise ValidationError(
            f"There are {MOST_FIELDS} fields already. Delete one that nobody uses first."
        )
    labels = [_clean(each, "choices") for each in choices]
    label = _free(_clean(label, "label"), known, "label")
    made = CustomField.objects.create(
        subject=subject,
        key=_key(label, {each.key for each in known}),
        label=label,
        help=help.strip(),
        kind=kind,
        is_required=is_required,
        order=max((each.order for each in known), default=-1) + 1,
        is_sample=is_sample,
        created_at=at,
    )
    if labels and not Kind(kind).has_choices:
        raise ValidationError({"choices": "Only a field with choices has choices."})
    if Kind(kind).has_choices and not labels:
        raise ValidationError({"choices": "List at least one choice."})
    _add(made, labels)
    audit.record(
        "custom_field.defined",
        actor=actor,
        at=at,
        subject=made,
        changes={"subject": str(subject), "key": made.key, "type": str(kind), "choices": labels},
    )
    return made


@transaction.atomic
def change_field(
    *,
    actor: Actor,
    at: datetime,
    field_id: int,
    label: str | None = None,
    help: str | None = None,  # noqa: A002  # as above
    is_required: bool | None = None,
) -> CustomField:
    """Rename a field, or change its help or whether it is required; its values stay.

    The type stays too: define another field for another type. Raises ValidationError.
    """
    require(actor, Right.SETTINGS_EDIT)
    row = _field(field_id)
    before = {name: getattr(row, name) for name in ("label", "help", "is_required")}
    if label is not None:
        others = [each for each in _locked(row.subject) if each.id != row.id]
        row.label = _free(_clean(label, "label"), others, "label")
    if help is not None:
        row.help = help.strip()[:300]
    if is_required is not None:
        row.is_required = is_required
    changes = audit.difference(before, {name: getattr(row, name) for name in before})
    if changes:
        row.save(update_fields=list(before))
        audit.record("custom_field.changed", actor=actor, at=at, subject=row, changes=changes)
    return row


@transaction.atomic
def order_fields(
    *, actor: Actor, at: datetime, subject: Subject | str, field_ids: Sequence[int]
) -> None:
    """Put the fields of a subject in this order; those not named follow as they were."""
    require(actor, Right.SETTINGS_EDIT)
    rows = list(_locked(subject))
    changed = _reordered(rows, field_ids)
    if changed:
        CustomField.objects.bulk_update(changed, ["order"])
        audit.record(
            "custom_field.reordered",
            actor=actor,
            at=at,
            subject_type=CustomField._meta.label_lower,
            label=Subject(subject).label,
            changes={"order": [row.key for row in sorted(rows, key=lambda each: each.order)]},
        )


@transaction.atomic
def delete_field(*, actor: Actor, at: datetime, field_id: int) -> CustomField:
    """Take a field and its values out of sight; ``restore_field`` undoes it for 30 days."""
    require(actor, Right.SETTINGS_EDIT)
    row = _field(field_id)
    if row.archived_at is None:
        row.archived_at = at
        row.save(update_fields=["archived_at"])
        audit.record("custom_field.deleted", actor=actor, at=at, subject=row)
    return row


@transaction.atomic
def restore_field(*, actor: Actor, at: datetime, field_id: int) -> CustomField:
    """Bring a deleted field back with its values, at its place in the order.

    Raises ValidationError when another field has taken its name meanwhile.
    """
    require(actor, Right.SETTINGS_EDIT)
    row = _field(field_id)
    if row.archived_at is not None:
        others = [each for each in _locked(row.subject) if each.id != row.id]
        _free(row.label, others, "label")
        _in_time(row.archived_at, at)
        row.archived_at = None
        row.save(update_fields=["archived_at"])
        audit.record("custom_field.restored", actor=actor, at=at, subject=row)
    return row


@transaction.atomic
def add_choice(*, actor: Actor, at: datetime, field_id: int, label: str) -> CustomChoice:
    """Add a choice at the end. Raises ValidationError for ``label``."""
    require(actor, Right.SETTINGS_EDIT)
    row = _field(field_id)
    if not Kind(row.kind).has_choices:
        raise ValidationError({"label": "Only a field with choices has choices."})
    [made] = _add(row, [_clean(label, "label")])
    audit.record(
        "custom_field.choice_added", actor=actor, at=at, subject=row, changes={"choice": made.label}
    )
    return made


@transaction.atomic
def rename_choice(*, actor: Actor, at: datetime, choice_id: int, label: str) -> CustomChoice:
    """Call a choice something else, everywhere and also in the past. Raises ValidationError."""
    require(actor, Right.SETTINGS_EDIT)
    choice = _choice(choice_id)
    before = choice.label
    others = [each for each in choice.field.choices.all() if each.id != choice.id]
    choice.label = _free(_clean(label, "label"), others, "label")
    if choice.label != before:
        choice.save(update_fields=["label"])
        audit.record(
            "custom_field.choice_renamed",
            actor=actor,
            at=at,
            subject=choice.field,
            changes={"choice": [before, choice.label]},
        )
    return choice


@transaction.atomic
def order_choices(*, actor: Actor, at: datetime, field_id: int, choice_ids: Sequence[int]) -> None:
    """Put the choices of a field in this order; lists sort by it, so values follow."""
    require(actor, Right.SETTINGS_EDIT)
    row = _field(field_id)
    rows = list(row.choices.all())
    changed = _reordered(rows, choice_ids)
    if not changed:
        return
    CustomChoice.objects.bulk_update(changed, ["order"])
    if row.kind == Kind.CHOICE:
        place = CustomChoice.objects.filter(id=OuterRef("choice_id")).values("order")
        VALUES[Subject(row.subject)].objects.filter(
            field_id=row.id, choice_id__in=[each.id for each in changed]
        ).update(place=Subquery(place))
    audit.record(
        "custom_field.choices_reordered",
        actor=actor,
        at=at,
        subject=row,
        changes={"order": [each.key for each in sorted(rows, key=lambda each: each.order)]},
    )


@transaction.atomic
def delete_choice(*, actor: Actor, at: datetime, choice_id: int) -> CustomChoice:
    """Take a choice out of sight wherever it was chosen; it can be restored for 30 days.

    Raises ValidationError for the last one, InUse where a segment asks for it.
    """
    require(actor, Right.SETTINGS_EDIT)
    choice = _choice(choice_id)
    if choice.archived_at is not None:
        return choice
    uses.require_unused(actor, [choice])
    if not choice.field.choices.filter(archived_at__isnull=True).exclude(id=choice.id).exists():
        raise ValidationError("A field needs a choice. Delete the field instead.")
    choice.archived_at = at
    choice.save(update_fields=["archived_at"])
    _tell_choice("custom_field.choice_deleted", actor, at, choice)
    return choice


@transaction.atomic
def restore_choice(*, actor: Actor, at: datetime, choice_id: int) -> CustomChoice:
    """Bring a deleted choice back wherever nothing else was chosen since. Raises
    ValidationError when another choice has its name."""
    require(actor, Right.SETTINGS_EDIT)
    choice = _choice(choice_id)
    if choice.archived_at is not None:
        others = [each for each in choice.field.choices.all() if each.id != choice.id]
        _free(choice.label, others, "label")
        _in_time(choice.archived_at, at)
        choice.archived_at = None
        choice.save(update_fields=["archived_at"])
        _tell_choice("custom_field.choice_restored", actor, at, choice)
    return choice


def purge(*, actor: Actor, at: datetime) -> int:
    """Delete for good what was deleted over 30 days ago, in batches that commit on their own.

    Returns how many values went. Begun again, it goes on where it stopped.
    """
    require(actor, Right.SETTINGS_EDIT)
    gone = 0
    with transaction.atomic():
        old = {"archived_at__lt": at - KEPT_FOR}
        fields = list(CustomField.objects.filter(**old).values_list("id", "subject"))
        choices = list(
            CustomChoice.objects.filter(**old).values_list("id", "field_id", "field__subject")
        )
    for field_id, subject in fields:
        gone += _purge_values(subject, field_id=field_id)
        with transaction.atomic():
            row = CustomField.objects.select_for_update().filter(id=field_id, **old).first()
            if row is not None:
                audit.record("custom_field.purged", actor=actor, at=at, subject=row)
                row.delete()
    for choice_id, field_id, subject in choices:
        gone += _purge_values(subject, field_id=field_id, choice_id=choice_id)
        with transaction.atomic():
            CustomChoice.objects.filter(id=choice_id, **old).delete()
    return gone


def _purge_values(subject: str, **which: int) -> int:
    gone = 0
    while True:
        with transaction.atomic():
            rows = VALUES[Subject(subject)].objects.filter(**which)
            ids = list(rows.values_list("id", flat=True)[:PURGE_BATCH])
            rows.filter(id__in=ids).delete()
        gone += len(ids)
        if len(ids) < PURGE_BATCH:
            return gone


def _locked(subject: Subject | str) -> QuerySet[CustomField]:
    return CustomField.objects.select_for_update().filter(subject=subject).order_by("order", "id")


def _field(field_id: int) -> CustomField:
    return CustomField.objects.select_for_update().get(id=field_id)


def _choice(choice_id: int) -> CustomChoice:
    choice = CustomChoice.objects.select_for_update(of=("self",)).get(id=choice_id)
    _field(choice.field_id)  # choices of one field change one after another
    return choice


def _add(field: CustomField, labels: Sequence[str]) -> list[CustomChoice]:
    known = list(field.choices.all())
    if len(known) + len(labels) > MOST_CHOICES:
        raise ValidationError({"choices": f"A field has at most {MOST_CHOICES} choices."})
    last = CustomChoice.objects.filter(field=field).aggregate(last=Max("order"))["last"]
    made: list[CustomChoice] = []
    for label in labels:
        _free(label, [*known, *made], "choices")
        made.append(
            CustomChoice(
                field=field,
                key=_key(label, {each.key for each in [*known, *made]}, stem="choice"),
                label=label,
                order=(-1 if last is None else last) + 1 + len(made),
            )
        )
    return CustomChoice.objects.bulk_create(made)


def _tell_choice(verb: str, actor: Actor, at: datetime, choice: CustomChoice) -> None:
    audit.record(verb, actor=actor, at=at, subject=choice.field, changes={"choice": choice.label})


def _in_time(archived_at: datetime, at: datetime) -> None:
    if archived_at < at - KEPT_FOR:
        raise ValidationError("This was deleted over 30 days ago, and its values are gone.")


def _reordered(rows: list[Any], wanted: Sequence[int]) -> list[Any]:
    """The rows whose order changes when the wanted ids come first."""
    place = {each: index for index, each in enumerate(dict.fromkeys(wanted))}
    inside = sorted(rows, key=lambda row: (place.get(row.id, len(place)), row.order, row.id))
    changed = [row for order, row in enumerate(inside) if row.order != order]
    for order, row in enumerate(inside):
        row.order = order
    return changed


def _clean(label: str, name: str) -> str:
    label = " ".join(label.split())
    if not 1 <= len(label) <= LABEL_LENGTH or "\x00" in label:
        raise ValidationError({name: f"Enter a name of 1 to {LABEL_LENGTH} characters."})
    return label


def _free(label: str, others: Iterable[Any], name: str) -> str:
    """The label, unless one that is not deleted has it. Raises ValidationError."""
    taken = {each.label.casefold() for each in others if each.archived_at is None}
    if label.casefold() in taken:
        raise ValidationError({name: f"“{label}” is in the list already. Use another name."})
    return label


def _key(label: str, taken: set[str], *, stem: str = "field") -> str:
    first = slugify(label).replace("-", "_")[: KEY_LENGTH - 5].strip("_") or stem
    if first[0].isdigit():
        first = f"{stem}_{first}"[: KEY_LENGTH - 5]
    for number in range(1, len(taken) + 100):
        key = first if number == 1 else f"{first}_{number}"
        near = {key, *(f"{key}{ending}" for ending in _ENDINGS)}
        near |= {key.removesuffix(ending) for ending in _ENDINGS}
        if not near & (taken | _RESERVED):
            return key
    raise ValidationError({"label": "Use another name."})
