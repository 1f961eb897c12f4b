"""Custom fields as targets of imports (CS-6, CS-7): what a cell may be, and set-wise writing.

An empty cell leaves what is stored. A required field must have a value where a row is created.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from afterclose.accounts.custom_fields import queries, writing
from afterclose.accounts.custom_fields.models import TEXT_LENGTH, Kind, Subject
from afterclose.accounts.custom_fields.rules import Definition, WrongValueError, check
from afterclose.accounts.imports import bulk
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer
from afterclose.accounts.imports.models import Outcome
from afterclose.kit.money import NotAnAmount
from afterclose.kit.tabular import normalise_header

_TYPES = {
    Kind.TEXT: FieldType.TEXT,
    Kind.NUMBER: FieldType.NUMBER,
    Kind.MONEY: FieldType.MONEY,
    Kind.DATE: FieldType.DATE,
    Kind.BOOLEAN: FieldType.FLAG,
    Kind.CHOICE: FieldType.CHOICE,
    Kind.CHOICES: FieldType.TEXT,
    Kind.URL: FieldType.URL,
}


def targets(subject: Subject) -> tuple[Field, ...]:
    """The fields of the business in context as an importer's targets."""
    found: list[Field] = []
    for one in queries.current(subject):
        help_text = f"{one.help} Required for new rows." if one.is_required else one.help
        if one.kind is Kind.CHOICES:
            help_text = f"{help_text} Several are separated by semicolons or commas."
        found.append(
            Field(
                one.name,
                one.label,
                _TYPES[one.kind],
                aliases=(one.key,),
                help=help_text.strip(),
                choices=_words(one) if one.kind is Kind.CHOICE else {},
                labels={choice.key: choice.label for choice in one.choices},
                max_length=TEXT_LENGTH,
            )
        )
        if one.kind is Kind.MONEY:
            label = f"{one.label} currency"
            aliases = (f"{one.key}_currency",)
            found.append(Field(_currency_name(one), label, FieldType.CURRENCY, aliases=aliases))
    return tuple(found)


def plan(records: Sequence[Record], subject: Subject, context: Context) -> None:
    """After the importer's own plan: which values a row would change makes it an update."""
    known = queries.current(subject)
    if not known:
        return
    planned = [record for record in records if record.is_good]
    checked = {record.line: _checked(record, known, context) for record in planned}
    planned = [record for record in planned if record.is_good]
    ids = [record.stored["id"] for record in planned if record.stored and checked[record.line]]
    named = {key for values in checked.values() for key in values}
    held = queries.stored_values(subject, ids, [one for one in known if one.key in named])
    for record in planned:
        before = held.get(record.stored["id"], {}) if record.stored else {}
        for key, value in checked[record.line].items():
            if record.stored is not None:
                record.stored[f"cf_{key}"] = before.get(key)  # to be shown beside the file's
            if before.get(key) != value:
                record.changes[f"cf_{key}"] = value
                if record.outcome == Outcome.UNCHANGED:
                    record.outcome = Outcome.UPDATED


def write(
    importer: Importer, records: Sequence[Record], subject: Subject, context: Context
) -> None:
    """After the importer's own write: the planned values, on rows found by their key."""
    said = {
        record.line: {
            name.removeprefix("cf_"): value
            for name, value in record.changes.items()
            if name.startswith("cf_")
        }
        for record in records
        if record.is_written
    }
    mine = [record for record in records if said.get(record.line)]
    if not mine:
        return
    created = [record for record in mine if record.stored is None]
    fresh = importer.find(created, set()) if created else {}
    values: dict[int, Mapping[str, Any]] = {
        row["id"]: said[record.line]
        for record in mine
        if (row := record.stored or fresh.get(importer.place(record)))
    }
    writing.write(subject=subject, known=queries.current(subject), values=values, at=context.at)
    queries.SUBJECTS[subject].objects.filter(id__in=bulk.among_ids(values)).update(
        updated_at=context.at
    )


def _checked(record: Record, known: Sequence[Definition], context: Context) -> dict[str, Any]:
    """What the row says by key, checked; faults reject it and name the field."""
    values: dict[str, Any] = {}
    for one in known:
        said = record.get(one.name)
        if said is None:
            if one.is_required and record.outcome == Outcome.CREATED:
                record.reject(f"{one.label} is required.", one.name)
            continue
        try:
            values[one.key] = check(one, _value(one, said, record, context))
        except WrongValueError as problem:
            record.reject(f"{one.label}: {problem}", one.name)
    return values


def _value(one: Definition, said: Any, record: Record, context: Context) -> Any:
    if one.kind is Kind.MONEY:
        headed = context.column_currencies.get(one.name)
        currency = record.get(_currency_name(one)) or headed or context.currency
        try:
            return context.money(record, one.name, currency)
        except NotAnAmount as problem:
            raise WrongValueError(str(problem)) from None
    if one.kind is Kind.CHOICES:
        return _several(one, said)
    return said


def _several(one: Definition, said: str) -> list[str]:
    """Choices named in one cell, by label or key. Raises WrongValueError."""
    words = _words(one)
    if normalise_header(said) in words:  # one label may hold a comma itself
        return [words[normalise_header(said)]]
    parts = [part for each in re.split("[;,]", said) if (part := each.strip())]
    chosen = []
    while parts:
        # A label may hold commas and semicolons itself: as many parts as make one.
        sizes = range(len(parts), 0, -1)
        joined = ((size, normalise_header(" ".join(parts[:size]))) for size in sizes)
        size, word = next(((size, word) for size, word in joined if word in words), (0, ""))
        if not size:
            offered = ", ".join(choice.label for choice in one.choices[:10])
            raise WrongValueError(f"“{parts[0][:60]}” is not one of {offered}.")
        chosen.append(words[word])
        del parts[:size]
    return chosen


def _words(one: Definition) -> dict[str, str]:
    keys = {normalise_header(choice.key): choice.key for choice in one.choices}
    return keys | {normalise_header(choice.label): choice.key for choice in one.choices}


def _currency_name(one: Definition) -> str:
    return f"{one.name}_currency"
