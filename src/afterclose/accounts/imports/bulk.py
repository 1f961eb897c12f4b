"""Many rows in one statement: INSERT, UPDATE and DELETE from one JSON document.

COPY cannot write into tables under row-level security, `bulk_update` builds a CASE per row,
and psycopg writes arrays element by element in Python; `json_to_recordset` takes a chunk as
one parameter, typed by the columns themselves.

Statements (S608) are put together from names of tables and columns alone, read from the models
and quoted; every value is a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Field
from django.db.models.expressions import RawSQL
from psycopg.types.json import Jsonb

from afterclose.businesses.context import required_business_id


def among(values: Collection[str]) -> RawSQL:
    """For ``column__in=among(values)``: thousands of values as one parameter.

    Django would write a placeholder for each, which costs more to format than to look up.
    """
    document = json.dumps(list(values))
    return RawSQL("SELECT value FROM json_array_elements_text(%s::json)", [document])


def among_ids(ids: Collection[int]) -> RawSQL:
    """As `among`, for numbers."""
    document = json.dumps(list(ids))
    return RawSQL("SELECT value::bigint FROM json_array_elements_text(%s::json)", [document])


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Insert rows given by column (attname); what a row leaves out gets the model's default.

    `auto_now` columns get `at`. Raises what the database raises, the transaction then being
    broken: call it inside a savepoint.
    """
    if not rows:
        return
    varied = {name for row in rows for name in row}
    constants: dict[str, Any] = {"business_id": required_business_id()}
    defaults: dict[str, Any] = {}
    for field in _stored_fields(model):
        if field.attname == "business_id":
            continue
        is_moment = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        default = at if is_moment else field.get_default()
        (defaults if field.attname in varied else constants)[field.attname] = default
    if unknown := varied - defaults.keys():
        raise ValueError(f"{model.__name__} has no columns {sorted(unknown)}.")
    columns = ", ".join(_quote(name) for name in [*constants, *defaults])
    values = ", ".join([*("%s" for _ in constants), *(f"u.{_quote(name)}" for name in defaults)])
    _execute(
        f"INSERT INTO {_quote(model._meta.db_table)} ({columns})"  # noqa: S608
        f" SELECT {values} FROM {_records(model, list(defaults))}",
        [
            *(
                Jsonb(value) if isinstance(value, dict | list) else value
                for value in constants.values()
            ),
            _document([{**defaults, **row} for row in rows]),
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
        f"UPDATE {_quote(model._meta.db_table)} AS t SET {', '.join(assignments)}"  # noqa: S608
        f" FROM {_records(model, named)} WHERE t.business_id = %s AND t.id = u.id",
        [
            *(at for _ in touched),
            _document([{name: row[name] for name in named} for row in rows]),
            required_business_id(),
        ],
    )


def delete(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Delete what equals one of the rows in all of the columns that they give."""
    if not rows:
        return
    names = list(rows[0])
    same = " AND ".join(f"t.{_quote(name)} = u.{_quote(name)}" for name in names)
    _execute(
        f"DELETE FROM {_quote(model._meta.db_table)} AS t USING {_records(model, names)}"  # noqa: S608
        f" WHERE t.business_id = %s AND {same}",
        [_document(rows), required_business_id()],
    )


def _stored_fields(model: type[models.Model]) -> list[Field[Any, Any]]:
    return [
        field
        for field in model._meta.local_concrete_fields
        if not field.primary_key and not getattr(field, "generated", False)
    ]


def _records(model: type[models.Model], names: Sequence[str]) -> str:
    fields = {field.attname: field for field in model._meta.local_concrete_fields}
    typed = ", ".join(f"{_quote(name)} {_type(fields[name])}" for name in names)
    return f"json_to_recordset(%s::json) AS u({typed})"


def _document(rows: Sequence[Mapping[str, Any]]) -> str:
    """Dates, instants and decimals as text: PostgreSQL reads them in the column's type."""
    return json.dumps(rows, default=str, separators=(",", ":"))


def _type(field: Field[Any, Any]) -> str:
    target: Field[Any, Any] = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    kind = target.cast_db_type(connection) or "text"
    return {"bigserial": "bigint"}.get(kind, kind)


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)


def _execute(sql: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
