"""Many rows in one statement: INSERT and UPDATE from arrays.

COPY cannot write into tables under row-level security, and `bulk_update` builds a CASE per
row; `unnest` over one array per column is as fast as COPY into a staging table without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Field
from psycopg.types.json import Jsonb

from afterclose.businesses.context import required_business_id


def insert(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, at: datetime
) -> None:
    """Insert rows given by column (attname); what a row leaves out gets the model's default.

    `auto_now` columns get `at`. Raises what the database raises, the transaction then being
    broken: call it inside a savepoint.
    """
    if not rows:
        return
    varied = {name for row in rows for name in row}
    constants: dict[str, Any] = {"business_id": required_business_id()}
    arrays: dict[str, list[Any]] = {}
    for field in _stored_fields(model):
        if field.attname == "business_id":
            continue
        default = at if getattr(field, "auto_now", False) else field.get_default()
        if getattr(field, "auto_now_add", False):
            default = at
        if field.attname in varied:
            arrays[field.attname] = [row.get(field.attname, default) for row in rows]
        else:
            constants[field.attname] = default
    unknown = varied - arrays.keys()
    if unknown:
        raise ValueError(f"{model.__name__} has no columns {sorted(unknown)}.")
    columns = [*constants, *arrays]
    values = ", ".join([*("%s" for _ in constants), *(f"u.{_quote(name)}" for name in arrays)])
    _execute(
        f"INSERT INTO {_quote(model._meta.db_table)} ({', '.join(map(_quote, columns))})"
        f" SELECT {values} FROM {_unnest(model, list(arrays))}",
        [
            *(_adapt(value) for value in constants.values()),
            *([_adapt(value) for value in array] for array in arrays.values()),
        ],
    )


def update(
    model: type[models.Model],
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    at: datetime,
) -> None:
    """Set `columns` of the rows with the ids in `rows["id"]`; every row gives every column."""
    if not rows or not columns:
        return
    touched = [
        field.attname for field in _stored_fields(model) if getattr(field, "auto_now", False)
    ]
    assignments = [f"{_quote(name)} = u.{_quote(name)}" for name in columns]
    assignments += [f"{_quote(name)} = %s" for name in touched]
    named = ["id", *columns]
    _execute(
        f"UPDATE {_quote(model._meta.db_table)} AS t SET {', '.join(assignments)}"
        f" FROM {_unnest(model, named)} WHERE t.business_id = %s AND t.id = u.id",
        [
            *(at for _ in touched),
            *([_adapt(row[name]) for row in rows] for name in named),
            required_business_id(),
        ],
    )


def _stored_fields(model: type[models.Model]) -> list[Field[Any, Any]]:
    return [
        field
        for field in model._meta.local_concrete_fields
        if not field.primary_key and not getattr(field, "generated", False)
    ]


def _unnest(model: type[models.Model], names: Sequence[str]) -> str:
    fields = {field.attname: field for field in model._meta.local_concrete_fields}
    arrays = ", ".join(f"%s::{_type(fields[name])}[]" for name in names)
    return f"unnest({arrays}) AS u({', '.join(map(_quote, names))})"


def _type(field: Field[Any, Any]) -> str:
    target: Field[Any, Any] = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    kind = target.cast_db_type(connection) or "text"
    return {"bigserial": "bigint"}.get(kind, kind)


def _adapt(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)


def _execute(sql: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
