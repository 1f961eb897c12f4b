"""Accounts that a row names without an id of its own: one made by hand has none, and a file
without a column of ids goes by names alone.

The name finds an account where just one has it (of a blank id: one without an id); among several
the one that is as the row says, else the one with its domain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from afterclose.accounts.imports import bulk
from afterclose.accounts.imports.fields import Record
from afterclose.accounts.models import Account

Stored = dict[str, Any]


def goes_by_name(record: Record) -> bool:
    """Whether the row has no id, or its name in place of one."""
    key = record.get("external_id")
    return not key or key == record.get("name")


def find(
    records: Sequence[Record], columns: Collection[str], place: Callable[[Record], str]
) -> dict[str, Stored]:
    """Stored rows by place, marked with `by_name`. Rejects a row that could be several accounts,
    or that has no id and finds none: a new account needs one."""
    called = [record for record in records if goes_by_name(record)]
    if not called:
        return {}
    rows = Account.objects.filter(name_key__in=bulk.among({_key(each) for each in called}))
    known: dict[str, list[Stored]] = {}
    for row in rows.order_by("id").values(
        *{"id", "external_id", "name_key", "domain"}.union(columns)
    ):
        known.setdefault(row["name_key"], []).append(row)
    found: dict[str, Stored] = {}
    taken: set[int] = set()
    for record in called:
        has_id = bool(record.get("external_id"))
        mine = [row for row in known.get(_key(record), ()) if has_id or row["external_id"] is None]
        row = _only(mine, record, columns, taken)
        if row is not None:
            taken.add(row["id"])
            found[place(record)] = {**row, "by_name": True}
        elif mine:
            record.reject(
                f"{len(mine)} accounts are called “{record.get('name')}”; give the id.",
                "external_id",
            )
        elif not has_id:
            record.reject("Id is missing.", "external_id")
    return found


def reject_repeated(records: Sequence[Record]) -> None:
    """After the plan of a chunk: a row that by its name is an account of another row is kept
    out, because nobody knows which of them counts."""
    found = [record for record in records if record.is_good and record.stored]
    lines = {
        record.stored["id"]: record.line
        for record in reversed(found)
        if record.stored and not record.stored.get("by_name")
    }
    for record in found:
        if record.stored and record.stored.get("by_name"):
            first = lines.setdefault(record.stored["id"], record.line)
            if first != record.line:
                record.reject(f"Name: line {first} is about the same account.", "name")


def _key(record: Record) -> str:
    return str(record.get("name") or "").lower()


def _only(
    rows: Sequence[Stored], record: Record, columns: Collection[str], taken: Collection[int]
) -> Stored | None:
    if len(rows) < 2:
        return rows[0] if rows else None
    said = {name: value for name, value in record.data.items() if name in columns}
    same = [row for row in rows if all(row[name] == value for name, value in said.items())]
    free = [row for row in same if row["id"] not in taken]
    if free:  # of those that are as the row says, the one of which it says most
        return min(free, key=_filled)
    domain = record.data.get("domain")
    with_domain = [row for row in rows if domain and row["domain"] == domain]
    return with_domain[0] if len(with_domain) == 1 else None


def _filled(row: Mapping[str, Any]) -> int:
    return sum(value not in (None, "") for value in row.values())
