"""The connection: tells PostgreSQL the business as each transaction begins."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from afterclose.businesses import context
from afterclose.businesses.postgres.schema import DatabaseSchemaEditor
from afterclose.kit.postgres import DatabaseProblem, roles

# What says which role on which server; looked at once per process.
_IDENTITY = ("host", "port", "user", "dbname", "service")
_harmless: set[tuple[Any, ...]] = set()


class PowerfulRole(DatabaseProblem):
    """The role of the connection could pass by row-level security, so nothing may use it."""

    def __init__(self, user: str) -> None:
        super().__init__(
            f"Refused to start: the database role “{user}” is a superuser, has BYPASSRLS, or is a "
            "member of such a role, so row-level security would not keep businesses apart. Run "
            "“afterclose migrate” or “afterclose serve” once with this DATABASE_URL, which make "
            "roles for the application, or name a role in DATABASE_URL that is neither."
        )


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL with row-level security fed from ``businesses.context``."""

    SchemaEditorClass = DatabaseSchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        """What to connect with; raises PowerfulRole. Pages, jobs (procrastinate has connections
        of its own) and commands all come by here, however their process was started."""
        params: dict[str, Any] = super().get_connection_params()
        _refuse_power(params)
        return params

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # not in the stubs
        if not autocommit:
            context.apply_at_start(self)


def _refuse_power(params: dict[str, Any]) -> None:
    """Raises PowerfulRole; lets a server that does not answer be, whoever connects is told."""
    identity = tuple(params.get(key) for key in _IDENTITY)
    if identity in _harmless:
        return
    plain = {
        key: value for key, value in params.items() if key not in ("context", "cursor_factory")
    }
    try:
        with psycopg.connect(**plain, autocommit=True) as connection:
            is_powerful = roles.can_bypass(connection)
            user = connection.info.user
    except psycopg.OperationalError:
        return
    if is_powerful:
        raise PowerfulRole(user)
    _harmless.add(identity)
