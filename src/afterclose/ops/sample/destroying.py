"""Deleting rows and all that hangs on them, set-wise, as the models' foreign keys say.

Django's own cascade loads every row into memory; this one is a statement per table. It follows
each foreign key into the tables of whatever app, so an app that is added later is covered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from psycopg import sql


class Step(NamedTuple):
    """One table's part: rows to delete, or (with ``column``) a reference to empty."""

    model: type[models.Model]
    where: sql.Composable
    column: str = ""

    @property
    def statement(self) -> sql.Composed:
        """The statement that does it."""
        table = sql.Identifier(self.model._meta.db_table)
        if self.column:
            return sql.SQL("UPDATE {} SET {} = NULL WHERE {}").format(
                table, sql.Identifier(self.column), self.where
            )
        return sql.SQL("DELETE FROM {} WHERE {}").format(table, self.where)


def steps(model: type[models.Model], where: sql.Composable) -> Iterator[Step]:
    """What must be done, in order, so that the rows of ``model`` that ``where`` names can go.

    Rows that cannot be without theirs go too; references that may be empty are emptied.
    """
    inner = sql.SQL("SELECT id FROM {} WHERE {}").format(
        sql.Identifier(model._meta.db_table), where
    )
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ForeignObjectRel) or relation.many_to_many:
            continue
        field: Any = relation.field
        child = field.model
        if child._meta.proxy or not child._meta.managed:  # a view, not a table
            continue
        hanging = sql.SQL("{} IN ({})").format(sql.Identifier(field.column), inner)
        if relation.on_delete is not models.CASCADE and field.null:
            yield Step(child, hanging, field.column)
        else:
            yield from steps(child, hanging)
    yield Step(model, where)


def sample_models() -> list[type[models.Model]]:
    """Every model whose rows can be marked as sample data."""
    return [
        model
        for model in apps.get_models()
        if any(field.name == "is_sample" for field in model._meta.local_fields)
    ]
