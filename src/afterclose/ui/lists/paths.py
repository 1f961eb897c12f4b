"""What an ORM path such as `health__score` leads to: its field, and whether it can be empty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet


@dataclass(frozen=True, slots=True)
class Path:
    """`field` is None for an annotation. `nullable`: a row may have no value, by a null column
    or a missing relation. `many`: the path passes a to-many relation."""

    field: models.Field[Any, Any] | None
    nullable: bool
    many: bool


@cache
def _resolve(model: Any, path: str) -> Path:
    field: models.Field[Any, Any] | None = None
    nullable = many = False
    current: type[models.Model] | None = model
    for part in path.split("__"):
        if current is None:
            return Path(None, nullable=True, many=many)
        try:
            step = current._meta.pk if part == "pk" else current._meta.get_field(part)
        except FieldDoesNotExist:
            return Path(None, nullable=True, many=many)
        if step is None:
            return Path(None, nullable=True, many=many)
        if isinstance(step, models.Field):
            field = step
            nullable = nullable or bool(step.null)
        else:
            # A reverse relation: the other row may be missing.
            field = None
            nullable = True
        many = many or bool(step.one_to_many or step.many_to_many)
        current = step.related_model if isinstance(step.related_model, type) else None
    return Path(field, nullable=nullable, many=many)


def resolve(model: type[models.Model], path: str) -> Path:
    """Follow `path` from `model`; a name that no field has is taken for an annotation."""
    return _resolve(model, path)


def resolve_in(rows: QuerySet[Any], path: str) -> Path:
    """As `resolve`, also through a FilteredRelation that `rows` joins: at most one row of it fits,
    and there may be none."""
    first, _, rest = path.partition("__")
    relations: dict[str, FilteredRelation] = getattr(rows.query, "_filtered_relations", {})
    relation = relations.get(first)
    if relation is None:
        return resolve(rows.model, path)
    through = resolve(rows.model, f"{relation.relation_name}__{rest}")
    return Path(through.field, nullable=True, many=False)


def restrict(rows: QuerySet[Any], path: str, condition: Q) -> QuerySet[Any]:
    """Rows for which `condition` (on `path`) holds; over a to-many path by EXISTS, so that a row
    comes once and sums stay right."""
    if not resolve_in(rows, path).many:
        return rows.filter(condition)
    matching = rows.model._default_manager.filter(condition, pk=OuterRef("pk"))
    return rows.filter(Exists(matching))
