"""The connection: tells PostgreSQL the business as each transaction begins."""

from __future__ import annotations

from django.db.backends.postgresql import base

from afterclose.businesses import context
from afterclose.businesses.postgres.schema import DatabaseSchemaEditor


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL with row-level security fed from ``businesses.context``."""

    SchemaEditorClass = DatabaseSchemaEditor

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # not in the stubs
        if not autocommit:
            context.apply_at_start(self)
