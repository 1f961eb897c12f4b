"""How a tenant table is made, so that nobody has to remember it.

Any model with a ``BusinessField`` gets, from its ordinary migration:

* primary key (business_id, id), though the model keeps its ordinary ``id``;
* foreign keys to other tenant tables as (business_id, x_id) -> (business_id, id), so that
  a row cannot point into another business;
* unique one-to-ones and foreign-key indexes led by business_id;
* row-level security, enabled and forced.

This is also the shape that Citus asks for, with business_id as distribution column.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.backends.postgresql import schema
from django.db.models import Field, ForeignKey, Model
from django.db.utils import NotSupportedError

POLICY = "tenant"
_CONTEXT = "NULLIF(current_setting('app.{name}', true), '')::bigint"
BUSINESS_IN_CONTEXT = _CONTEXT.format(name="business_id")
PERSON_IN_CONTEXT = _CONTEXT.format(name="person_id")


def business_field(model: type[Model]) -> Any:
    """The model's BusinessField, or None for a table that businesses share."""
    from afterclose.businesses.tenancy import BusinessField

    return next((f for f in model._meta.local_fields if isinstance(f, BusinessField)), None)


def _points_within_business(model: type[Model], field: Field[Any, Any]) -> bool:
    return (
        isinstance(field, ForeignKey)
        and business_field(model) not in (None, field)
        and business_field(field.remote_field.model) is not None
    )


class BusinessAddedLater(NotSupportedError):
    """`makemigrations` parts a model from its foreign keys where models point at each other."""

    def __init__(self, model: type[Model], field: Field[Any, Any]) -> None:
        name = model._meta.object_name
        super().__init__(
            f"The table of {name} would get its business after it is made, and so neither "
            "row-level security nor keys within the business. In the migration, delete "
            f"AddField({name!r}, {field.name!r}) and put ({field.name!r}, "
            f"afterclose.businesses.tenancy.BusinessField()) into the fields of "
            f"CreateModel({name!r}). It only needs the migrations of businesses among the "
            "dependencies."
        )


# The stubs know only a part of the schema editor; these are Django's own methods.
_Base: Any = schema.DatabaseSchemaEditor


class DatabaseSchemaEditor(_Base):  # type: ignore[misc]
    """Makes tenant tables in the shape described above."""

    # Inline foreign keys of ADD COLUMN cannot be composite; the base class then defers them.
    sql_create_column_inline_fk = None

    def create_model(self, model: type[Model]) -> None:
        super().create_model(model)
        tenant = business_field(model)
        if tenant is None:
            return
        table = self.quote_name(model._meta.db_table)
        key = self.quote_name(self._create_index_name(model._meta.db_table, ["id"], "_pk"))
        self.execute(f"ALTER TABLE {table} ADD CONSTRAINT {key} PRIMARY KEY (business_id, id)")
        for field in model._meta.local_fields:
            self._add_unique_within_business(model, field)
        self._separate_tenants(table, tenant)

    def add_field(self, model: type[Model], field: Field[Any, Any]) -> None:
        from afterclose.businesses.tenancy import BusinessField

        if isinstance(field, BusinessField):
            raise BusinessAddedLater(model, field)
        super().add_field(model, field)
        if business_field(model) is not None:
            self._add_unique_within_business(model, field)

    def _separate_tenants(self, table: str, tenant: Any) -> None:
        self.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        self.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        self.execute(
            f"CREATE POLICY {POLICY} ON {table} USING (business_id = {BUSINESS_IN_CONTEXT})"
        )
        if tenant.also_visible_to:
            self.execute(
                f"CREATE POLICY {POLICY}_own ON {table} FOR SELECT"
                f" USING ({self.quote_name(tenant.also_visible_to)} = {PERSON_IN_CONTEXT})"
            )

    def _add_unique_within_business(self, model: type[Model], field: Field[Any, Any]) -> None:
        if not field.unique or field.primary_key:
            return
        table = model._meta.db_table
        name = self.quote_name(self._create_index_name(table, [field.column], "_within_business"))
        self.execute(
            f"ALTER TABLE {self.quote_name(table)} ADD CONSTRAINT {name}"
            f" UNIQUE (business_id, {self.quote_name(field.column)})"
        )

    def _iter_column_sql(
        self,
        column_db_type: str,
        params: list[Any],
        model: type[Model],
        field: Field[Any, Any],
        field_db_params: dict[str, Any],
        include_default: bool,
    ) -> Iterator[str]:
        parts: Iterator[str] = super()._iter_column_sql(
            column_db_type, params, model, field, field_db_params, include_default
        )
        tenant = business_field(model) is not None
        return (part for part in parts if not (tenant and part in ("PRIMARY KEY", "UNIQUE")))

    def _create_fk_sql(self, model: type[Model], field: Any, suffix: str) -> Statement:
        statement: Statement = super()._create_fk_sql(model, field, suffix)
        if _points_within_business(model, field):
            statement.parts["column"] = self._with_business(model, field.column)
            statement.parts["to_column"] = self._with_business(
                field.target_field.model, field.target_field.column
            )
        return statement

    def _create_index_sql(self, model: type[Model], **kwargs: Any) -> Statement:
        statement: Statement = super()._create_index_sql(model, **kwargs)
        fields: list[Any] = list(kwargs.get("fields") or ())
        # Only the automatic index of a foreign key; a Meta index names its own columns.
        if (
            not kwargs.get("name")
            and len(fields) == 1
            and _points_within_business(model, fields[0])
        ):
            statement.parts["columns"] = self._with_business(model, fields[0].column)
            statement.parts["table"] = Table(model._meta.db_table, self.quote_name)
        return statement

    def _with_business(self, model: type[Model], column: str) -> Columns:
        return Columns(model._meta.db_table, ["business_id", column], self.quote_name)
