"""Which tables point at a row, and where two of their rows could not both point at the same one.

Read from the models of every installed app, so that nobody has to remember a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from afterclose.businesses.tenancy import BusinessField

Model = type[models.Model]


@dataclass(frozen=True)
class Reference:
    """A column of a table that points at a row of another one."""

    model: Model
    field: models.ForeignKey[Any, Any]

    @property
    def table(self) -> str:
        """The table's name."""
        return self.model._meta.db_table

    @property
    def column(self) -> str:
        """The column's name."""
        return self.field.column


@dataclass(frozen=True)
class Unique:
    """What may be there once: the columns beside the reference and the business; perhaps only
    among some rows; perhaps with two empty values counting as the same."""

    columns: tuple[str, ...]
    condition: models.Q | None
    empty_is_same: bool


@cache
def references_to(target: Model) -> tuple[Reference, ...]:
    """Every column of every tenant table that points at a row of ``target``."""
    found = [
        Reference(model, field)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and _is_tenants(model)
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and not isinstance(field, BusinessField)
        and field.related_model is target
    ]
    return tuple(sorted(found, key=lambda each: (each.table, each.column)))


@cache
def model_of(table: str) -> Model:
    """The model of a table."""
    [model] = [
        each
        for each in apps.get_models(include_auto_created=True)
        if each._meta.db_table == table and not each._meta.proxy
    ]
    return model


@cache
def targets_of(table: str) -> tuple[tuple[models.ForeignKey[Any, Any], Model], ...]:
    """The columns of a tenant table that point at rows of others, and the models of those."""
    return tuple(
        (field, field.related_model)
        for field in model_of(table)._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and not isinstance(field, BusinessField)
        and not isinstance(field.related_model, str)
        and _is_tenants(field.related_model)
    )


def _is_tenants(model: Model) -> bool:
    return any(isinstance(field, BusinessField) for field in model._meta.local_fields)


@cache
def uniques_with(reference: Reference) -> tuple[Unique, ...]:
    """Every rule of uniqueness of the table that the reference is a part of."""
    return tuple(_uniques(reference))


def _uniques(reference: Reference) -> Iterator[Unique]:
    model, own = reference.model, reference.field.name
    if reference.field.unique:
        yield Unique((), None, empty_is_same=False)
    groups = [*model._meta.unique_together]
    for names in groups:
        if own in names:
            yield Unique(_columns(model, names, own), None, empty_is_same=False)
    for constraint in model._meta.constraints:
        if not isinstance(constraint, models.UniqueConstraint):
            continue
        plain = [each for each in constraint.expressions if isinstance(each, models.F)]
        names = tuple(constraint.fields) or tuple(each.deconstruct()[1][0] for each in plain)
        if own in names:
            yield Unique(
                _columns(model, names, own),
                constraint.condition,
                empty_is_same=constraint.nulls_distinct is False,
            )


def _columns(model: Model, names: Any, own: str) -> tuple[str, ...]:
    fields = [model._meta.get_field(name) for name in names if name != own]
    return tuple(
        str(field.column)
        for field in fields
        if isinstance(field, models.Field) and not isinstance(field, BusinessField)
    )
