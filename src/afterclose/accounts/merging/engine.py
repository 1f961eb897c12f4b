# Statements are put together from names of tables and columns, read from the models and quoted, and
# from SQL that apps register as they start (`rules.Rule.combine`). Every value is a parameter.
# ruff: noqa: S608
"""Moving everything from some rows to others, with a journal; and the journal run backwards.

Every statement takes all rows of a table at once. Images of rows are PostgreSQL's own
(``to_jsonb``), which read back exactly what was there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import CASCADE

from afterclose.accounts.merging.models import Merge, MergeStep, StepKind
from afterclose.accounts.merging.references import (
    Model,
    Reference,
    Unique,
    model_of,
    references_to,
    targets_of,
    uniques_with,
)
from afterclose.accounts.merging.rules import Derived, Rule, namings_of, rule_of
from afterclose.businesses.context import required_business_id

Pairs = Sequence[tuple[int, int]]
"""(the row that goes, the row that stays)"""


class Engine:
    """One merge at work; ``moved`` counts the rows that followed."""

    def __init__(self, merge: Merge) -> None:
        self.merge = merge
        self.business_id = required_business_id()
        self.number = 0
        self.moved = 0

    def absorb(self, model: Model, pairs: Pairs) -> None:
        """Have every row that points at a row that goes point at the one that stays."""
        for reference in references_to(model):
            rule = rule_of(reference.model)
            if isinstance(rule, Derived):
                self._set_aside(reference, pairs)
                continue
            if collisions := conflicts(reference, pairs):
                self._combine(reference.model, collisions, rule or Rule())
            self.move(reference.model, reference.column, pairs)
        for naming in namings_of(model):
            naming.follow(self, pairs)

    def remove(self, model: Model, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Delete rows that nothing points at any more; returns their images."""
        images = [
            json.loads(row[0])
            for row in _rows(
                f"DELETE FROM {_name(model)} t WHERE business_id = %s AND id = ANY(%s)"
                " RETURNING to_jsonb(t)::text",
                [self.business_id, list(ids)],
            )
        ]
        self._note(StepKind.REMOVED, model, before=images)
        return images

    def change(self, model: Model, ids: Sequence[int], values: dict[str, Any]) -> None:
        """Set columns of some rows to the same values."""
        sets = ", ".join(f"{_quote(name)} = %s" for name in values)
        self.update(model, ids, sets, list(values.values()))

    def update(self, model: Model, ids: Sequence[int], sets: str, given: list[Any]) -> None:
        """Set columns of some rows by SQL; its values are parameters in ``given``."""
        if not ids:
            return
        before = self._images(model, ids)
        _rows(
            f"UPDATE {_name(model)} SET {sets}"
            " WHERE business_id = %s AND id = ANY(%s) RETURNING id",
            [*given, self.business_id, list(ids)],
        )
        self._note(StepKind.CHANGED, model, before=before, after=self._images(model, ids))

    def _combine(self, model: Model, pairs: Pairs, rule: Rule) -> None:
        self.absorb(model, pairs)
        images = self.remove(model, [loser for loser, _ in pairs])
        if rule.combine:
            self._take_over(model, pairs, rule, images)
        if rule.afterwards is not None:
            rule.afterwards(self, pairs, images)

    def _take_over(
        self, model: Model, pairs: Pairs, rule: Rule, images: list[dict[str, Any]]
    ) -> None:
        ids = [winner for _, winner in pairs]
        before = self._images(model, ids)
        sets = ", ".join(f"{_quote(name)} = {sql}" for name, sql in rule.combine.items())
        _rows(
            f"UPDATE {_name(model)} w SET {sets}"
            "  FROM unnest(%s::bigint[], %s::bigint[]) AS p (loser, winner)"
            f" JOIN jsonb_populate_recordset(NULL::{_name(model)}, %s::jsonb) l ON l.id = p.loser"
            " WHERE w.business_id = %s AND w.id = p.winner RETURNING w.id",
            [[loser for loser, _ in pairs], ids, json.dumps(images), self.business_id],
        )
        self._note(StepKind.CHANGED, model, before=before, after=self._images(model, ids))

    def move(
        self, model: Model, column: str, pairs: Pairs, only: str = "true", given: Sequence[Any] = ()
    ) -> None:
        """Have rows whose ``column`` holds the id of what goes hold that of what stays; of those
        rows (``t``) that meet ``only``, an SQL condition with its parameters in ``given``."""
        moved: dict[tuple[int, int], list[int]] = {}
        for row_id, loser, winner in _rows(
            f"UPDATE {_name(model)} t SET {_quote(column)} = p.winner"
            "  FROM unnest(%s::bigint[], %s::bigint[]) AS p (loser, winner)"
            f" WHERE t.business_id = %s AND t.{_quote(column)} = p.loser AND {only}"
            " RETURNING t.id, p.loser, p.winner",
            [
                [loser for loser, _ in pairs],
                [winner for _, winner in pairs],
                self.business_id,
                *given,
            ],
        ):
            moved.setdefault((loser, winner), []).append(row_id)
        for (loser, winner), ids in moved.items():
            self.moved += len(ids)
            self._note(
                StepKind.MOVED,
                model,
                column=column,
                from_id=loser,
                to_id=winner,
                ids=sorted(ids),
                before=[image | {column: loser} for image in self._images(model, ids)]
                if _is_rewritten(model)
                else [],
            )

    def _set_aside(self, reference: Reference, pairs: Pairs) -> None:
        ids = [key for pair in pairs for key in pair]
        column = _quote(reference.column)
        before = [
            json.loads(row[0])
            for row in _rows(
                f"SELECT to_jsonb(t)::text FROM {_name(reference.model)} t"
                f" WHERE business_id = %s AND {column} = ANY(%s) ORDER BY id",
                [self.business_id, ids],
            )
        ]
        self._note(
            StepKind.DERIVED, reference.model, column=reference.column, ids=ids, before=before
        )
        _rows(
            f"DELETE FROM {_name(reference.model)}"
            f" WHERE business_id = %s AND {column} = ANY(%s) RETURNING id",
            [self.business_id, [loser for loser, _ in pairs]],
        )

    def _images(self, model: Model, ids: Sequence[int]) -> list[dict[str, Any]]:
        return [
            json.loads(row[0])
            for row in _rows(
                f"SELECT to_jsonb(t)::text FROM {_name(model)} t"
                " WHERE business_id = %s AND id = ANY(%s) ORDER BY id",
                [self.business_id, list(ids)],
            )
        ]

    def _note(self, kind: StepKind, model: Model, **values: Any) -> None:
        self.number += 1
        MergeStep.objects.create(
            merge=self.merge,
            number=self.number,
            kind=kind,
            table=model._meta.db_table,
            **values,
        )


def conflicts(reference: Reference, pairs: Pairs) -> list[tuple[int, int]]:
    """Rows (of the one that goes, of the one that stays) that cannot both point at the latter."""
    found: dict[int, int] = {}
    for unique in uniques_with(reference):
        for loser, winner in _rows(*_colliding(reference, unique, pairs)):
            found.setdefault(loser, winner)
    return sorted(found.items())


def _colliding(reference: Reference, unique: Unique, pairs: Pairs) -> tuple[str, list[Any]]:
    column = _quote(reference.column)
    same = "IS NOT DISTINCT FROM" if unique.empty_is_same else "="
    others = "".join(f" AND w.{_quote(c)} {same} l.{_quote(c)}" for c in unique.columns)
    given: list[Any] = [
        [loser for loser, _ in pairs],
        [winner for _, winner in pairs],
        required_business_id(),
        required_business_id(),
    ]
    only = ""
    if unique.condition is not None:
        both = [key for pair in pairs for key in pair]
        rows = reference.model._default_manager.filter(
            unique.condition, **{f"{reference.field.attname}__in": both}
        )
        ids = list(rows.values_list("pk", flat=True))
        only = " AND l.id = ANY(%s) AND w.id = ANY(%s)"
        given += [ids, ids]
    return (
        "SELECT DISTINCT ON (l.id) l.id, w.id"
        "  FROM unnest(%s::bigint[], %s::bigint[]) AS p (loser, winner)"
        f"  JOIN {_name(reference.model)} l ON l.business_id = %s AND l.{column} = p.loser"
        f"  JOIN {_name(reference.model)} w ON w.business_id = %s AND w.{column} = p.winner"
        f" WHERE true{others}{only} ORDER BY l.id, w.id",
        given,
    )


def reverse(merge: Merge) -> None:
    """Run a merge's journal backwards. What was changed since stays as it is now: a column is
    put back only where it still holds what the merge wrote. Raises IntegrityError, at once and
    not as the transaction ends, where something newer stands in the way."""
    for step in merge.steps.order_by("-number").iterator(chunk_size=20):
        _UNDO[StepKind(step.kind)](step)
    connection.check_constraints()


def _move_back(step: MergeStep) -> None:
    _rows(
        f"UPDATE {_quote(step.table)} SET {_quote(step.column)} = %s"
        f" WHERE business_id = %s AND id = ANY(%s) AND {_quote(step.column)} = %s RETURNING id",
        [step.from_id, required_business_id(), step.ids, step.to_id],
    )
    if step.before:
        _put_back(step)


def _put_back(step: MergeStep) -> None:
    images = _that_still_belong(step)
    if not images:
        return
    names = ", ".join(_quote(name) for name in _stored(step.table, images[0]))
    unless = " ON CONFLICT DO NOTHING" if _is_rewritten(model_of(step.table)) else ""
    _rows(
        f"INSERT INTO {_quote(step.table)} ({names}) SELECT {names}"
        f"  FROM jsonb_populate_recordset(NULL::{_quote(step.table)}, %s::jsonb){unless}"
        " RETURNING id",
        [json.dumps(images)],
    )


def _that_still_belong(step: MergeStep) -> list[dict[str, Any]]:
    """The rows to put back: what belongs to a row that was deleted since (a tag, a segment) went
    with it, and what merely named one names nobody."""
    images: list[dict[str, Any]] = step.before
    for field, target in targets_of(step.table):
        named = {image[field.column] for image in images} - {None}
        if not named:
            continue
        rows: Any = target._default_manager
        gone = named - set(rows.filter(pk__in=named).values_list("pk", flat=True))
        if field.remote_field.on_delete is CASCADE:
            images = [image for image in images if image[field.column] not in gone]
        elif gone:
            for image in images:
                image[field.column] = None if image[field.column] in gone else image[field.column]
    return images


def _change_back(step: MergeStep) -> None:
    if not step.before:
        return
    pairs = list(zip(step.before, step.after, strict=True))
    changed = [
        name
        for name in _stored(step.table, step.before[0])
        if any(before[name] != after[name] for before, after in pairs)
    ]
    if not changed:
        return
    table = _quote(step.table)
    sets = ", ".join(
        f"{n} = CASE WHEN t.{n} IS NOT DISTINCT FROM a.{n} THEN b.{n} ELSE t.{n} END"
        for n in map(_quote, changed)
    )
    _rows(
        f"UPDATE {table} t SET {sets}"
        f"  FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) b"
        f"  JOIN jsonb_populate_recordset(NULL::{table}, %s::jsonb) a ON a.id = b.id"
        " WHERE t.business_id = %s AND t.id = b.id RETURNING t.id",
        [json.dumps(step.before), json.dumps(step.after), required_business_id()],
    )


def _set_back(step: MergeStep) -> None:
    _rows(
        f"DELETE FROM {_quote(step.table)}"
        f" WHERE business_id = %s AND {_quote(step.column)} = ANY(%s) RETURNING id",
        [required_business_id(), step.ids],
    )
    _put_back(step)


_UNDO = {
    StepKind.MOVED: _move_back,
    StepKind.REMOVED: _put_back,
    StepKind.CHANGED: _change_back,
    StepKind.DERIVED: _set_back,
}


def _is_rewritten(model: Model) -> bool:
    rule = rule_of(model)
    return isinstance(rule, Rule) and rule.rewritten


def _stored(table: str, image: dict[str, Any]) -> list[str]:
    """The columns of an image that can be written: the database computes the others."""
    generated = {
        row[0]
        for row in _rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attgenerated <> ''",
            [table],
        )
    }
    return [name for name in image if name not in generated]


def _name(model: Model) -> str:
    return _quote(model._meta.db_table)


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)


def _rows(statement: str, given: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return iter(cursor.fetchall())
