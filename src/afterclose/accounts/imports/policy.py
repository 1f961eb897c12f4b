"""What a file may do to rows that are there already, and how its changes are shown (CS-7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import models

from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer
from afterclose.accounts.imports.models import Outcome
from afterclose.kit.money import Money


class Policy(models.TextChoices):
    """What happens to a row that is found again."""

    OVERWRITE = "overwrite", "Take the file's values"
    FILL = "fill", "Only fill what is empty"
    SKIP = "skip", "Leave it as it is"


def offered(importer: Importer) -> list[Policy]:
    """The policies that a kind of file can have."""
    return [each for each in Policy if each != Policy.FILL or importer.may_fill]


def hold_back(importer: Importer, records: Sequence[Record], policy: str) -> None:
    """After the plan: take away the changes that the policy does not allow."""
    if policy == Policy.OVERWRITE:
        return
    for record in records:
        if record.stored is None or record.outcome != Outcome.UPDATED:
            continue
        if policy == Policy.SKIP:
            record.changes = {}
        else:
            _only_fill(importer, record, record.stored)
        if not record.changes:
            record.outcome = Outcome.UNCHANGED


def _only_fill(importer: Importer, record: Record, stored: Mapping[str, Any]) -> None:
    held = {name for name in record.changes if stored.get(name) not in (None, "", [])}
    for group in importer.together:
        if held & group:
            held |= group
    if stored.get("parent_id"):
        held.add("parent")
    record.changes = {name: value for name, value in record.changes.items() if name not in held}


def side_by_side(
    importer: Importer, record: Record, fields: Mapping[str, Field], context: Context
) -> list[list[str]]:
    """What an update changes: [column, current value, the file's value] for each field."""
    if record.outcome != Outcome.UPDATED:
        return []
    stored = record.stored or {}
    found = []
    for name, value in record.changes.items():
        target = fields.get(name) or fields.get(name.removesuffix("_id"))
        currency = record.data.get("currency") or context.currency
        is_money = target is not None and target.type == FieldType.MONEY
        before = "" if name == "tags" else _text(stored.get(name), currency if is_money else "")
        found.append([name, before, _text(value, currency if is_money else "")])
    return found


def _text(value: Any, currency: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if currency and isinstance(value, int):
        return str(Money(value, currency))
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)[:500]
