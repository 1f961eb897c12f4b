"""Reads of custom fields: what is defined, the values of many subjects, what lists join."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet
from django.http import Http404

from afterclose.accounts.custom_fields.models import (
    AccountValue,
    ContactValue,
    CustomChoice,
    CustomField,
    Kind,
    Subject,
)
from afterclose.accounts.custom_fields.rules import COLUMNS, Choice, Definition, value_of
from afterclose.accounts.imports import bulk
from afterclose.accounts.models import Account, Contact
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

VALUES: dict[Subject, type[AccountValue] | type[ContactValue]] = {
    Subject.ACCOUNT: AccountValue,
    Subject.CONTACT: ContactValue,
}
SUBJECTS: dict[Subject, type[Account] | type[Contact]] = {
    Subject.ACCOUNT: Account,
    Subject.CONTACT: Contact,
}
#: How long what was deleted can be restored.
KEPT_FOR = timedelta(days=30)
RESTORABLE = "An admin can restore deleted fields for 30 days."


def fields(viewer: Actor, subject: Subject | str) -> tuple[Definition, ...]:
    """The fields of a subject that are not deleted, in the admin's order; two queries."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return current(subject)


def current(subject: Subject | str) -> tuple[Definition, ...]:
    """As ``fields``, for code that works for the business in context and not for a viewer."""
    return _definitions(list(CustomField.objects.filter(subject=subject, archived_at__isnull=True)))


def deleted(viewer: Actor, subject: Subject | str) -> dict[str, str]:
    """Labels of the deleted fields of a subject by key; the longest key first."""
    require(viewer, Right.ACCOUNTS_VIEW)
    rows = CustomField.objects.filter(subject=subject, archived_at__isnull=False)
    found = dict(rows.values_list("key", "label"))
    return dict(sorted(found.items(), key=lambda each: -len(each[0])))


def defined(viewer: Actor, subject: Subject | str) -> QuerySet[CustomField]:
    """The rows behind the fields of a subject, deleted ones included, for the settings page."""
    require(viewer, Right.SETTINGS_EDIT)
    return CustomField.objects.filter(subject=subject).prefetch_related("choices")


def values(
    viewer: Actor,
    subject: Subject | str,
    ids: Collection[int],
    known: Sequence[Definition] | None = None,
) -> dict[int, dict[str, Any]]:
    """The values of many subjects in one query: id to key to value (see ``rules``).

    Every id has every key, with None where there is no value. ``known``: the fields wanted,
    all unless told.
    """
    require(viewer, Right.ACCOUNTS_VIEW)
    wanted = fields(viewer, subject) if known is None else known
    return stored_values(Subject(subject), ids, wanted)


def stored_values(
    subject: Subject, ids: Collection[int], wanted: Sequence[Definition]
) -> dict[int, dict[str, Any]]:
    """As ``values``, without a viewer."""
    held = stored(subject, ids, wanted)
    return {
        each: {one.key: value_of(one, held.get((each, one.id), ())) for one in wanted}
        for each in ids
    }


def stored(
    subject: Subject, ids: Collection[int], wanted: Sequence[Definition]
) -> dict[tuple[int, int], list[Any]]:
    """The value rows of many subjects by (subject, field), those of deleted choices included."""
    if not ids or not wanted:
        return {}
    rows = (
        VALUES[subject]
        .objects.filter(subject_id__in=_ids(ids), field_id__in=[each.id for each in wanted])
        .only("id", "subject_id", "field_id", "slot", *COLUMNS)
    )
    found: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        found.setdefault((row.subject_id, row.field_id), []).append(row)
    return found


def held(field: Definition) -> Q:
    """The rows of a value table that are values of this field: not of a deleted choice."""
    mine = Q(field_id=field.id)
    if field.has_deleted_choices:
        mine &= Q(choice_id__in=[choice.id for choice in field.choices])
    return mine


def having(field: Definition, condition: Q | None = None) -> Exists:
    """For ``filter`` on accounts or contacts: has a value of this field (that fits a condition
    on the typed columns). One semi-join, from an index of (business, field, column, subject)."""
    rows = VALUES[field.subject].objects.filter(held(field), subject_id=OuterRef("pk"))
    return Exists(rows if condition is None else rows.filter(condition))


def joined[Rows: QuerySet[Any]](rows: Rows, wanted: Iterable[Definition]) -> Rows:
    """Accounts or contacts with their values within reach of ORM paths.

    A field with one value is joined as ``definition.relation`` (``custom_12__number``), one
    with many choices is the array ``definition.relation`` of the choices' ids. What a query
    does not use costs nothing.
    """
    reach: dict[str, Any] = {}
    for each in wanted:
        if each.kind is Kind.CHOICES:
            chosen = VALUES[each.subject].objects.filter(held(each), subject_id=OuterRef("pk"))
            reach[each.relation] = ArraySubquery(
                chosen.order_by("choice_id").values_list("choice_id")
            )
        else:
            reach[each.relation] = FilteredRelation("custom_values", condition=_through(each))
    return rows.annotate(**reach) if reach else rows


def count_values(viewer: Actor, field_id: int, choice_id: int | None = None) -> int:
    """How many accounts or contacts have a value of a field, or one of its choices."""
    require(viewer, Right.SETTINGS_EDIT)
    row = CustomField.objects.filter(id=field_id).first()
    if row is None:
        raise Http404("There is no such field.")
    rows = VALUES[Subject(row.subject)].objects.filter(field_id=field_id)
    if choice_id is not None:
        rows = rows.filter(choice_id=choice_id)
    if row.kind == Kind.CHOICES and choice_id is None:
        return rows.values("subject_id").distinct().count()
    return rows.count()


def restorable_until(archived_at: datetime) -> datetime:
    """When what was deleted then is purged."""
    return archived_at + KEPT_FOR


def _through(field: Definition) -> Q:
    condition = Q(custom_values__field_id=field.id)
    if field.has_deleted_choices:
        condition &= Q(custom_values__choice_id__in=[choice.id for choice in field.choices])
    return condition


def _ids(ids: Collection[int]) -> Any:
    # Thousands of numbers as one parameter.
    return list(ids) if len(ids) <= 100 else bulk.among_ids(ids)


def _definitions(rows: Sequence[CustomField]) -> tuple[Definition, ...]:
    choosing = [row.id for row in rows if Kind(row.kind).has_choices]
    choices: dict[int, list[Choice]] = {}
    deleted: set[int] = set()
    for each in CustomChoice.objects.filter(field_id__in=choosing) if choosing else ():
        if each.archived_at is None:
            mine = choices.setdefault(each.field_id, [])
            mine.append(Choice(each.id, each.key, each.label, each.order))
        else:
            deleted.add(each.field_id)
    return tuple(
        Definition(
            id=row.id,
            subject=Subject(row.subject),
            key=row.key,
            label=row.label,
            kind=Kind(row.kind),
            help=row.help,
            is_required=row.is_required,
            choices=tuple(choices.get(row.id, ())),
            has_deleted_choices=row.id in deleted,
        )
        for row in rows
    )
